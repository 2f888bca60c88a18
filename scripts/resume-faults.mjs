// npm run resume-faults: what becomes of kept replies when producers, readers and logs fail. Rows are faults, columns are clients.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { clients, isOurs, peersFolder } from "../resume-faults/clients.mjs";
import { withTable } from "../resume-faults/page.mjs";
import { rows } from "../resume-faults/rows.mjs";
import { play } from "../resume-faults/runner.mjs";
import { cell, table } from "../resume-faults/table.mjs";
import { fetchRuntime } from "../runtimes/fetch.mjs";
import { runtimes } from "../runtimes/runtimes.mjs";
import { redisVersion } from "./redis.mjs";
import { build, install, root } from "./setup.mjs";

const HELP = `Usage: npm run resume-faults -- [options]

  --rows a,b      only these rows: ${rows.map(({ name }) => name).join(", ")}
  --clients a,b   only these columns: ${clients.map(({ id }) => id).join(", ")} (default: those of millrace)
  --peers         all clients; installs the other ones if needed
  --write         also write the table into docs/resume.md (with --peers and all rows)
  --json          print every result instead of the table
  --help

It ends with 1 if millrace fails a row. It takes Linux, and some two minutes, or five with --peers.`;

/** How many plays go on at a time. */
const LANES = 2;
const PAGE = join(root, "docs/resume.md");

async function main() {
  const options = readOptions();
  if (options === null) return;
  install();
  build();
  if (!options.clients.every(isOurs)) installPeers();
  const node = nodeFor(options.clients);
  const results = await playAll(node.program, options);
  if (options.json) console.log(JSON.stringify(results, null, 2));
  else console.log(table(options.rows, options.clients, results));
  if (options.write) {
    const about = { ...options, results, node: node.version, redis: redisVersion() };
    writeFileSync(PAGE, withTable(readFileSync(PAGE, "utf8"), about));
  }
  if (results.some(({ client, pass, skipped }) => isOurs({ id: client }) && !pass && !skipped)) process.exitCode = 1;
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      rows: { type: "string" },
      clients: { type: "string" },
      peers: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return null;
  }
  if (values.write && (!values.peers || values.rows !== undefined || values.clients !== undefined)) {
    throw new Error("--write takes all rows and clients: npm run resume-faults -- --peers --write");
  }
  const columns = values.clients !== undefined || values.peers ? clients : clients.filter(isOurs);
  const chosen = choose("clients", values.clients, columns, "id");
  return { ...values, rows: choose("rows", values.rows, rows, "name"), clients: chosen };
}

/** Those of a list whose names were given, or all. */
function choose(option, given, list, key) {
  if (given === undefined) return list;
  const names = given.split(",");
  const unknown = names.find((name) => !list.some((entry) => entry[key] === name));
  if (unknown !== undefined) throw new Error(`--${option} ${unknown}: there is no such one. See --help.`);
  return list.filter((entry) => names.includes(entry[key]));
}

/** The Node that plays: 24, which SQLite and the other clients take. A log in memory takes any. */
function nodeFor(chosen) {
  const own = { program: process.execPath, version: process.version };
  if (process.version.startsWith("v24.") || chosen.every(({ id }) => id === "millrace-memory")) return own;
  const { program } = fetchRuntime(runtimes.find(({ name }) => name === "Node 24"));
  return { program, version: spawnSync(program, ["--version"], { encoding: "utf8" }).stdout.trim() };
}

/** Installs what is compared, unless that was done since it last changed. */
function installPeers() {
  const installed = join(peersFolder, "node_modules/.package-lock.json");
  const locked = statSync(join(peersFolder, "package-lock.json")).mtimeMs;
  if (existsSync(installed) && statSync(installed).mtimeMs >= locked) return;
  process.stderr.write("millrace: installing the other clients (once) …\n");
  const args = ["ci", "--ignore-scripts", "--loglevel=error", "--no-audit", "--no-fund", "--engine-strict=false"];
  const { status } = spawnSync("npm", args, { cwd: peersFolder, stdio: ["ignore", 2, 2] });
  if (status !== 0) throw new Error("The other clients could not be installed.");
}

/** Plays every row with every client, some at a time. */
async function playAll(program, options) {
  const results = [];
  const jobs = options.rows.flatMap((row) => options.clients.map((client) => ({ row, client })));
  const lane = async () => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
      const start = performance.now();
      const result = await play(program, job.row, job.client);
      results.push(result);
      const took = ((performance.now() - start) / 1_000).toFixed(1);
      process.stderr.write(`${result.row} x ${result.client} (${took} s): ${cell(result)}\n`);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return results;
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
