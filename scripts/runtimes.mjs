// npm run runtimes: the smoke suite on every runtime that the package is for.
import { execFile } from "node:child_process";
import { cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { build as bundle } from "esbuild";
import { chat } from "../runtimes/chat.mjs";
import { fetchRuntime } from "../runtimes/fetch.mjs";
import { entry, runtimes, worker, workerConfig } from "../runtimes/runtimes.mjs";
import { startServer } from "../runtimes/server.mjs";
import { build, install, root } from "./setup.mjs";

const HELP = `Usage: npm run runtimes -- [options]

  --only a,b      only these: ${runtimes.map(({ name }) => name).join(", ")}
  --contract      also run the contract tests on every version of Node: about a minute each
  --help

It ends with 1 if a check fails, or if a runtime could not be fetched. Linux on x64, some 900 MB in node_modules/.cache.`;

const RUN_LIMIT_MS = 60_000;
const CONTRACT_LIMIT_MS = 600_000;
const run = promisify(execFile);

async function main() {
  const options = readOptions();
  if (options === null) return;
  install();
  build();
  const columns = [];
  for (const runtime of options.runtimes) {
    process.stderr.write(`${runtime.name} …\n`);
    columns.push({ name: runtime.name, ...(await play(runtime, options.contract)) });
  }
  console.log(table(columns));
  const problems = columns.flatMap(({ name, results }) =>
    Object.entries(results)
      .filter(([, problem]) => problem !== null)
      .map(([what, problem]) => `${name}, ${what}:\n${problem.trim().replaceAll(/^/gm, "  ")}`),
  );
  if (problems.length > 0) console.log(`\n${problems.join("\n\n")}`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      contract: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return null;
  }
  const names = values.only?.split(",") ?? runtimes.map(({ name }) => name);
  const unknown = names.find((wanted) => !runtimes.some(({ name }) => name === wanted));
  if (unknown !== undefined) throw new Error(`--only ${unknown}: there is no such runtime. See --help.`);
  return { ...values, runtimes: runtimes.filter(({ name }) => names.includes(name)) };
}

/** A runtime's version, and what became of each check: `null`, or what went wrong. */
async function play(runtime, hasContract) {
  const fetched = tryToFetch(runtime);
  if (typeof fetched === "string") return { version: "-", results: { "can be fetched": fetched } };
  const { folder, program } = fetched;
  const { stdout } = await run(program, runtime.version);
  const [version = "?"] = /\d[\d.-]*\d/.exec(stdout) ?? [];
  const results = { ...(await smoke(runtime, folder, program)), ...(await chats(runtime, folder, program)) };
  if (hasContract && runtime.name.startsWith("Node")) results["the contract tests"] = await contract(program);
  return { version, results };
}

function tryToFetch(runtime) {
  try {
    return fetchRuntime(runtime);
  } catch (error) {
    return error.message;
  }
}

/** Checks down, runtimes across. */
function table(columns) {
  const checks = [...new Set(columns.flatMap(({ results }) => Object.keys(results)))];
  const cell = (problem) => (problem === undefined ? "-" : problem === null ? "ok" : "FAILED");
  const lines = [
    ["", ...columns.map(({ name }) => name)],
    ["", ...columns.map(({ version }) => version)],
    ...checks.map((check) => [check, ...columns.map(({ results }) => cell(results[check]))]),
  ];
  const width = (place) => Math.max(...lines.map((cells) => cells[place].length)) + 2;
  return lines
    .map((cells) =>
      cells
        .map((text, place) => text.padEnd(width(place)))
        .join("")
        .trimEnd(),
    )
    .join("\n");
}

/** The suite, from a folder that has the package as its users get it. */
async function smoke(runtime, folder, program) {
  const server = await startServer();
  try {
    await write(runtime, folder, server.url);
    const ended = run(program, runtime.arguments, { cwd: folder, timeout: RUN_LIMIT_MS }).then(
      ({ stderr }) => ({ isGood: true, words: stderr }),
      ({ message, stdout, stderr }) => ({ isGood: false, words: [message, stdout, stderr].join("\n") }),
    );
    const [results, { isGood, words }] = await Promise.all([
      Promise.race([server.results, ended.then(() => ({}))]),
      ended,
    ]);
    if (Object.keys(results).length === 0) return { "reports its results": words };
    return { ...results, "ends by itself": isGood ? null : words };
  } finally {
    server.close();
  }
}

/** The chat server of the documentation, in the same folder. */
async function chats(runtime, folder, program) {
  const provider = await startServer();
  try {
    return await chat(runtime, folder, program, provider.url);
  } catch (error) {
    return { "a chat": String(error?.stack ?? error) };
  } finally {
    provider.close();
  }
}

async function write(runtime, folder, url) {
  const installed = join(folder, "node_modules/millrace");
  rmSync(installed, { recursive: true, force: true });
  for (const name of ["package.json", "dist"]) cpSync(join(root, name), join(installed, name), { recursive: true });
  cpSync(join(root, "runtimes/smoke.mjs"), join(folder, "smoke.mjs"));
  writeFileSync(join(folder, "main.mjs"), entry(url, runtime.file));
  for (const end of ["", "-wal", "-shm"]) rmSync(join(folder, `${runtime.file}${end}`), { force: true });
  if (!runtime.isBundled) return;
  writeFileSync(join(folder, "config.capnp"), workerConfig);
  writeFileSync(join(folder, "worker.mjs"), worker(url));
  await bundle({
    entryPoints: [join(folder, "worker.mjs")],
    outfile: join(folder, "worker.bundle.mjs"),
    bundle: true,
    format: "esm",
    conditions: ["workerd"],
    logLevel: "error",
  });
}

async function contract(program) {
  const args = [join(root, "node_modules/vitest/vitest.mjs"), "run", "test/contract"];
  return run(program, args, { cwd: root, timeout: CONTRACT_LIMIT_MS, maxBuffer: 2 ** 26 }).then(
    () => null,
    ({ message, stdout, stderr }) => [message, stdout, stderr].join("\n"),
  );
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
