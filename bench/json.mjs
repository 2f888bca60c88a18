// node bench/json.mjs: what it costs to have a value of a JSON text after every fragment of it.
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { existsSync, readFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { readers, shapes } from "./json-child.mjs";

const HELP = `Usage: node bench/json.mjs [options]

  --rounds N      rounds of each measurement (default 7)
  --only a,b      only these shapes: ${Object.keys(shapes).join(", ")}
  --readers a,b   beside parse only these: ${Object.keys(readers).join(", ")}
  --help`;

const SIZES = [10_000, 100_000, 1_000_000];
const GROWTH_BAR = 12;
const RATIO_BAR = 10;
const CHILD_LIMIT_MS = 120_000;

const run = promisify(execFile);
const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));

async function main() {
  const options = readOptions();
  if (options === null) return;
  console.log(about(options).join("\n"));
  for (const shape of options.shapes) console.log(`\n${table(shape, await measure(shape, options)).join("\n")}`);
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "7" },
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
    `CPU (user and system, all threads) in ms, medians of ${rounds} rounds; growth and ratios are medians of those of each`,
    "round. Each figure comes from a process of its own, which has read nothing before. Warm: from one that has read the",
    "same kind of text, and reads all sizes in turn, 2 MB of each, five times a round. A value is read after every fragment",
    "of 12 characters. The fragments were cut before.",
    `Bars: ten times the text costs at most ${GROWTH_BAR} times as much, and a warm value at most ${RATIO_BAR} times JSON.parse.`,
    ...missing.map((name) => `${readers[name].title}: skipped, ${readers[name].package} is not installed.`),
  ];
}

/** The samples of each reader: what each size took, and JSON.parse of the largest, if it was measured beside. */
async function measure(shape, { rounds, readers: chosen }) {
  const samples = Object.fromEntries(chosen.map((name) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    console.error(`${shape}: round ${round} of ${rounds}`);
    for (const name of chosen) samples[name].push(...(await sample(name, shape)));
  }
  return samples;
}

async function sample(reader, shape) {
  if (readers[reader].isWarm) return child({ reader, shape, sizes: SIZES });
  const costs = [];
  for (const size of SIZES.filter((size) => size <= (readers[reader].limit ?? size))) {
    const [first] = await child({ reader, shape, sizes: [size] });
    costs.push(...first.costs);
  }
  return [{ costs }];
}

async function child(task) {
  const args = ["--expose-gc", path("json-child.mjs"), JSON.stringify(task)];
  const { stdout } = await run(process.execPath, args, { cwd: path(".."), timeout: CHILD_LIMIT_MS });
  return JSON.parse(stdout);
}

function table(shape, samples) {
  const { hasBars = true } = shapes[shape];
  const parseCost = (round) => samples.parse[round].costs.at(-1);
  const head = ["", ...SIZES.map((size) => `${size / 1000} KB`), "growth", "", "/ parse", ""];
  const rows = Object.entries(samples).map(([name, ofReader]) => {
    const { isOurs, hasRatioBar } = readers[name];
    const growth = SIZES.slice(1).map((_, i) => medianOf(ofReader, ({ costs }) => costs[i + 1] / costs[i]));
    const ratio = medianOf(ofReader, ({ costs, once }, round) => costs[SIZES.length - 1] / (once ?? parseCost(round)));
    return [
      readers[name].title,
      ...SIZES.map((_, i) => shown(medianOf(ofReader, ({ costs }) => costs[i]))),
      growth.map(shown).join(" "),
      isOurs && hasBars ? verdict(Math.max(...growth), GROWTH_BAR) : "",
      shown(ratio),
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

/** The median of what `figure` says of each sample; NaN where it was not measured. */
function medianOf(samples, figure) {
  return samples.map(figure).toSorted((a, b) => a - b)[samples.length >> 1];
}

function shown(figure) {
  return Number.isFinite(figure) ? figure.toFixed(1) : "-";
}

function verdict(value, bar) {
  return value <= bar ? "ok" : "OVER";
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
