// node bench/json.mjs: what it costs to have a value of a JSON text after every fragment of it.
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { existsSync, readFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { readers, shapes } from "./json-child.mjs";

const HELP = `Usage: node bench/json.mjs [options]

  --rounds N      rounds of each measurement (default 5)
  --only a,b      only these shapes: ${Object.keys(shapes).join(", ")}
  --readers a,b   beside parse only these: ${Object.keys(readers).join(", ")}
  --help`;

const SIZES = [10_000, 100_000, 1_000_000];
const GROWTH_BAR = 12;
const RATIO_BAR = 10;
const CHILD_LIMIT_MS = 120_000;

const run = promisify(execFile);
const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

async function main() {
  const options = readOptions();
  if (options === null) return;
  console.log(about(options).join("\n"));
  for (const shape of options.shapes) console.log(`\n${table(shape, await measure(shape, options)).join("\n")}`);
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "5" },
      only: { type: "string", default: Object.keys(shapes).join() },
      readers: { type: "string", default: Object.keys(readers).join() },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return null;
  }
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds ${values.rounds}: a whole number above 0.`);
  const wanted = new Set(["parse", "parseWarm", ...values.readers.split(",")]);
  const unknown = [
    ...[...wanted].filter((name) => !(name in readers)),
    ...values.only.split(",").filter((name) => !(name in shapes)),
  ];
  if (unknown.length > 0) throw new Error(`${unknown.join(", ")}: not known. See --help.`);
  const chosen = Object.keys(readers).filter((name) => wanted.has(name));
  const installed = chosen.filter((name) => versionOf(readers[name].package) !== null);
  return {
    rounds,
    shapes: values.only.split(","),
    readers: installed,
    missing: chosen.filter((name) => !installed.includes(name)),
  };
}

/** The version of an installed package; "" where none is needed, null where it is not there. */
function versionOf(name) {
  if (name === undefined) return "";
  if (name === "millrace") return JSON.parse(readFileSync(path("../package.json"), "utf8")).version;
  const roots = createRequire(import.meta.url).resolve.paths(name) ?? [];
  const file = roots.map((root) => `${root}/${name}/package.json`).find((found) => existsSync(found));
  return file === undefined ? null : JSON.parse(readFileSync(file, "utf8")).version;
}

function about({ rounds, missing, readers: chosen }) {
  const [{ model }] = cpus();
  const packages = [...new Set(chosen.map((name) => readers[name].package))].filter((name) => name !== undefined);
  return [
    `${new Date().toISOString()}, Node ${process.version}, ${process.platform}, ${cpus().length} x ${model}, load ${loadavg()[0]}`,
    packages.map((name) => `${name} ${versionOf(name)}`).join(", "),
    `CPU (user and system, all threads) in ms, medians of ${rounds} rounds. Each figure comes from a process of its own,`,
    "which has read nothing before; warm: which has read the same kind of text, 2 MB of it and 5 times at least.",
    "A value is read after every fragment of 12 characters. The fragments were cut before.",
    `Bars: ten times the text costs at most ${GROWTH_BAR} times as much, and a warm value at most ${RATIO_BAR} times JSON.parse.`,
    ...missing.map((name) => `${readers[name].title}: skipped, ${readers[name].package} is not installed.`),
  ];
}

/** Reader -> size -> CPU of each round; the readers take turns. */
async function measure(shape, { rounds, readers: chosen }) {
  const samples = Object.fromEntries(chosen.map((name) => [name, {}]));
  for (let round = 1; round <= rounds; round++) {
    console.error(`${shape}: round ${round} of ${rounds}`);
    for (const size of SIZES) {
      for (const name of chosen) {
        if (size > (readers[name].limit ?? Infinity)) continue;
        (samples[name][size] ??= []).push(await child({ reader: name, shape, size }));
      }
    }
  }
  return samples;
}

async function child(task) {
  const args = ["--expose-gc", path("json-child.mjs"), JSON.stringify(task)];
  const { stdout } = await run(process.execPath, args, { cwd: path(".."), timeout: CHILD_LIMIT_MS });
  return Number(stdout);
}

function table(shape, samples) {
  const last = SIZES.at(-1);
  const { hasBars = true } = shapes[shape];
  const head = ["", ...SIZES.map((size) => `${size / 1000} KB`), "growth", "", "/ parse", ""];
  const rows = Object.entries(samples).map(([name, bySize]) => {
    const { isOurs, hasRatioBar, isWarm } = readers[name];
    const costs = SIZES.map((size) => (bySize[size] === undefined ? null : median(bySize[size])));
    const growth = costs.slice(1).map((cost, i) => (cost === null ? null : cost / costs[i]));
    const once = median(samples[isWarm ? "parseWarm" : "parse"][last]);
    const ratio = costs.at(-1) === null ? null : costs.at(-1) / once;
    return [
      readers[name].title,
      ...costs.map((cost) => cost?.toFixed(1) ?? "-"),
      growth.map((times) => times?.toFixed(1) ?? "-").join(" "),
      isOurs && hasBars ? verdict(Math.max(...growth), GROWTH_BAR) : "",
      ratio?.toFixed(1) ?? "-",
      hasRatioBar && hasBars ? verdict(ratio, RATIO_BAR) : "",
    ];
  });
  const widths = [34, 8, 8, 8, 12, 5, 8, 5];
  const line = (cells) =>
    cells.map((cell, i) => (i === 0 || i === 5 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])));
  return [
    `${shape}: ${shapes[shape].title}`,
    ...[head, ...rows].map((cells) => `  ${line(cells).join(" ")}`.trimEnd()),
  ];
}

function verdict(value, bar) {
  return value <= bar ? "ok" : "OVER";
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
