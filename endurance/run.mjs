/** Runs that take long: `npm run endurance -- --help`. */
import { parseArgs } from "node:util";
import { flood } from "./flood.mjs";
import { fuzz } from "./fuzz.mjs";
import { hostile } from "./hostile.mjs";
import { leaks } from "./leaks.mjs";
import { readers } from "./readers.mjs";
import { resume } from "./resume.mjs";
import { soak } from "./soak.mjs";

const HELP = `Usage: npm run endurance -- [runs] [options]

Runs, all of them if none is named:
  leaks    streams that were read, left, aborted, failed and cut leave nothing: --count N of each (10000)
  flood    pings, comments and padding take no memory: --size N megabytes in all (1024)
  fuzz     recordings with random bytes come to an outcome: --mutations N (1000000), --seed N (1)
  hostile  replies with anything replaced, doubled or cut surprise no reader: --cases N (100000), --seed N (1)
  resume   kept runs with dying producers and failing logs read the same everywhere:
           --runs N (10000), --seed N (1), --log memory, sqlite (Node 22.13 or later) or redis (memory)
  readers  paced replies that are kept, each with three readers elsewhere, are whole everywhere: --seconds N (300),
           --streams N at a time (500), --log (redis)
  soak     paced streams with random faults come to what was planned: --seconds N (300), --streams N at a time (500)

Takes the package as built: npm run build. The fuzz takes the recorded streams (MILLRACE_STREAMS).
`;

const runs = { leaks, flood, fuzz, hostile, resume, readers, soak };
const number = { type: "string" };
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: number,
    size: number,
    mutations: number,
    cases: number,
    runs: number,
    log: { type: "string" },
    seed: number,
    seconds: number,
    streams: number,
    help: { type: "boolean", short: "h" },
  },
});
const unknown = positionals.find((name) => !(name in runs));
if (values.help || unknown !== undefined) {
  process.stdout.write(unknown === undefined ? HELP : `There is no run "${unknown}".\n\n${HELP}`);
  process.exit(unknown === undefined ? 0 : 2);
}
const { help: _, ...given } = values;
const options = Object.fromEntries(
  Object.entries(given).map(([name, value]) => [name, name === "log" ? value : Number(value)]),
);
for (const name of positionals.length > 0 ? positionals : Object.keys(runs)) {
  const begun = performance.now();
  try {
    await runs[name](options, (line) => console.log(`${name}: ${line}`));
    console.log(`${name}: ok (${((performance.now() - begun) / 1000).toFixed(1)} s)`);
  } catch (error) {
    console.log(`${name}: FAILED: ${error.message}`);
    process.exitCode = 1;
  }
}
