// npm run browser: what pages in Chromium show of replies. Rows are scenarios, columns are clients.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { clients } from "../browser/clients.mjs";
import { inTime } from "../browser/in-time.mjs";
import { cell, table } from "../browser/table.mjs";
import { startRedis } from "./redis.mjs";
import { build, install, root } from "./setup.mjs";

const HELP = `Usage: npm run browser -- [options]

  --only a,b      only these scenarios and clients; a scenario: text, kill, …; a client:
                  ${clients.map(({ id }) => id).join(", ")};
                  or example: the pages of examples/chat, which come last
  --pictures dir  where screenshots of examples/chat are written
  --show          with a window
  --install       only installs what it needs
  --json          print every result instead of the table
  --help

It ends with 1 if something fails. It takes Linux with Debian's packages, and some two minutes.`;

/** How many plays go on at a time. */
const LANES = 2;
/** The longest that a play may take, and then the closing of what it opened. */
const PLAY_MS = 60_000;
const CLOSE_MS = 10_000;
const CHROMIUM = "/usr/bin/chromium";
const source = join(root, "browser");
const cache = join(root, "node_modules/.cache/millrace-browser");

async function main() {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      pictures: { type: "string" },
      show: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      install: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(HELP);
  install();
  build();
  installChromium();
  installPackages();
  if (values.install) return;
  // These use what was built.
  const { scenarios } = await import("../browser/scenarios/index.mjs");
  const isExampleAlone = values.only === "example";
  const rows = isExampleAlone ? [] : chosen(values.only, scenarios, "name", clients, "id");
  const columns = isExampleAlone ? [] : chosen(values.only, clients, "id", scenarios, "name");
  const withExample = values.only === undefined || isExampleAlone;
  const results = await playAll(rows, columns, values, withExample);
  console.log(values.json ? JSON.stringify(results, null, 2) : table(rows, columns, results));
  if (results.some(({ problems }) => problems.length > 0)) process.exitCode = 1;
}

/** Those of a list that `--only` names; all, if it only names of the other list. */
function chosen(only, list, key, others, otherKey) {
  const names = only?.split(",") ?? [];
  const unknown = names.find(
    (name) => !list.some((entry) => entry[key] === name) && !others.some((entry) => entry[otherKey] === name),
  );
  if (unknown !== undefined) throw new Error(`--only ${unknown}: there is no such scenario or client. See --help.`);
  const named = list.filter((entry) => names.includes(entry[key]));
  return named.length > 0 ? named : list;
}

function installChromium() {
  if (existsSync(CHROMIUM)) return;
  process.stderr.write("millrace: installing Chromium from Debian (once, some 30 seconds) …\n");
  const apt = (...args) => spawnSync("apt-get", args, { stdio: ["ignore", "ignore", 2] }).status === 0;
  const packages = ["install", "-y", "-q", "--no-install-recommends", "chromium"];
  // The machine may not have heard of any packages yet, or of older ones.
  if (!apt(...packages) && !(apt("update", "-q") && apt(...packages))) throw new Error("Chromium cannot be installed.");
}

/** Installs what the pages are made of, unless that was done since it last changed. */
function installPackages() {
  const lock = "package-lock.json";
  const isSame = (name) =>
    existsSync(join(cache, name)) &&
    readFileSync(join(cache, name), "utf8") === readFileSync(join(source, name), "utf8");
  if (existsSync(join(cache, "node_modules", `.${lock}`)) && isSame(lock) && isSame("package.json")) return;
  process.stderr.write("millrace: installing the AI SDK, React and playwright-core (once, some 20 seconds) …\n");
  mkdirSync(cache, { recursive: true });
  for (const name of ["package.json", lock]) cpSync(join(source, name), join(cache, name));
  const args = ["ci", "--ignore-scripts", "--loglevel=error", "--no-audit", "--no-fund", "--engine-strict=false"];
  const { status } = spawnSync("npm", args, { cwd: cache, stdio: ["ignore", 2, 2] });
  if (status !== 0) throw new Error("The packages of the pages cannot be installed.");
}

/** Plays every scenario with every client, some at a time, in one browser. */
async function playAll(rows, columns, { show, pictures = null }, withExample) {
  const { bundlePages } = await import("../browser/pages.mjs");
  const { startProvider } = await import("../browser/provider.mjs");
  const { startServer } = await import("../browser/server.mjs");
  const { chromium } = createRequire(join(cache, "package.json"))("playwright-core");
  const { playExample } = await import("../browser/example.mjs");
  const folder = join(cache, "pages");
  const closers = [];
  const opened = async (starting, close) => {
    const started = await starting;
    closers.unshift(() => close(started));
    return started;
  };
  try {
    const redis = await opened(startRedis(), (started) => started.stop());
    const provider = await opened(startProvider(), (started) => started.close());
    const launching = chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"], headless: !show });
    const browser = await opened(launching, (started) => started.close());
    await bundlePages(cache, folder);
    const settings = { providerURL: provider.url, redisURL: redis.url, pages: folder };
    const server = await opened(startServer(settings), (started) => started.close());
    const report = (line) => process.stderr.write(`${line}\n`);
    const [played, example] = await Promise.all([
      inLanes({ browser, provider, server, settings }, rows, columns),
      withExample ? playExample({ browser, redisURL: redis.url, pictures }, report) : [],
    ]);
    return [...played, ...example];
  } finally {
    for (const close of closers) await inTime(close(), CLOSE_MS).catch(() => {});
  }
}

async function inLanes(stage, rows, columns) {
  const results = [];
  const jobs = rows.flatMap((row) => columns.map((client) => ({ row, client })));
  const lane = async () => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
      const start = performance.now();
      const result = await play(stage, job.row, job.client);
      results.push(result);
      const took = ((performance.now() - start) / 1_000).toFixed(1);
      process.stderr.write(`${result.scenario} x ${result.client} (${took} s): ${cell(result)}\n`);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return results;
}

async function play(stage, scenario, client) {
  const { Scene } = await import("../browser/scene.mjs");
  const { Findings } = await import("../browser/scenarios/expect.mjs");
  const about = { scenario: scenario.name, client: client.id };
  const isPlayed = scenario.takes?.(client) !== false && client.plays?.includes(scenario.name) !== false;
  if (!isPlayed) return { ...about, skipped: true, problems: [], notes: [] };
  const scene = new Scene(stage, client);
  const findings = new Findings();
  // A play that hangs is a result like any other.
  try {
    await inTime(scenario.play(scene, findings), PLAY_MS);
  } catch (error) {
    findings.problems.push(error.message);
  }
  // Chromium sometimes never answers that a page is closed. No visitor would see that.
  await inTime(scene.close(), CLOSE_MS).catch(() => findings.note("the browser does not close its pages"));
  return { ...about, problems: findings.problems, notes: findings.notes };
}

await main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
// A browser that did not close would keep the process.
process.exit();
