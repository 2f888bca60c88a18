// npm run resume-faults: what becomes of kept replies when producers, readers and logs fail. Rows are faults, columns are clients.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { clients, peersFolder } from "../resume-faults/clients.mjs";
import { withTable } from "../resume-faults/page.mjs";
import { rows } from "../resume-faults/rows.mjs";
import { play } from "../resume-faults/runner.mjs";
import { cell, table } from "../resume-faults/table.mjs";
import { fetchRuntime } from "../runtimes/fetch.mjs";
import { runtimes } from "../runtimes/runtimes.mjs";
import { choose, installPeers, isOurs, judge, playAll } from "./fault-table.mjs";
import { redisVersion } from "./redis.mjs";
import { build, install, root } from "./setup.mjs";

const HELP = `Usage: npm run resume-faults -- [options]

  --rows a,b      only these rows: ${rows.map(({ name }) => name).join(", ")}
  --clients a,b   only these columns: ${clients.map(({ id }) => id).join(", ")} (default: those of millrace)
  --peers         all clients; installs the other ones if needed
  --write         also write the table into docs/resume.md (with --peers and all rows)
  --json          print every result instead of the table
  --help

It ends with 1 if millrace fails a row. It takes Linux, and some three minutes, or eight with --peers.`;

/** How many plays go on at a time. */
const LANES = 2;
const PAGE = join(root, "docs/resume.md");

async function main() {
  const options = readOptions();
  if (options === null) return;
  install();
  build();
  if (!options.clients.every(isOurs)) installPeers(peersFolder, "some 100 MB", ["--engine-strict=false"]);
  const node = nodeFor(options.clients);
  const results = await playAll(options, LANES, (job) => playOne(node.program, job));
  if (options.json) console.log(JSON.stringify(results, null, 2));
  else console.log(table(options.rows, options.clients, results));
  if (options.write) {
    const about = { ...options, results, node: node.version, redis: redisVersion() };
    writeFileSync(PAGE, withTable(readFileSync(PAGE, "utf8"), about));
  }
  judge(results);
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

/** The Node that plays: 24, which SQLite and the other clients take. A log in memory takes any. */
function nodeFor(chosen) {
  const own = { program: process.execPath, version: process.version };
  if (process.version.startsWith("v24.") || chosen.every(({ id }) => id === "millrace-memory")) return own;
  const { program } = fetchRuntime(runtimes.find(({ name }) => name === "Node 24"));
  return { program, version: spawnSync(program, ["--version"], { encoding: "utf8" }).stdout.trim() };
}

async function playOne(program, { row, client }) {
  const start = performance.now();
  const result = await play(program, row, client);
  const took = ((performance.now() - start) / 1_000).toFixed(1);
  process.stderr.write(`${result.row} x ${result.client} (${took} s): ${cell(result)}\n`);
  return result;
}

await main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
// What a library has left open must not keep the script.
process.exit();
