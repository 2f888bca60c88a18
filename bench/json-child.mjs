// What `json.mjs` measures. Run with a task, it does it, and prints the samples: the CPU that each size took, in ms.
import { fileURLToPath } from "node:url";

const FRAGMENT = 12;
/** How often a warm reader reads all sizes in turn, and how much text of each size it reads then. */
const TURNS = 5;
const VOLUME = 2e6;

/** Documents of about so many characters. */
export const shapes = {
  records400: { title: "array of records of 400 bytes", text: (size) => list(size, largeRecord) },
  records100: { title: "array of records of 100 bytes", text: (size) => list(size, smallRecord) },
  numbers: { title: "flat array of numbers", text: (size) => list(size, number) },
  text: { title: "one long string, without escapes", text: (size) => JSON.stringify({ text: filled(size, PROSE) }) },
  // Beyond the bars, and the worst there is: hash tables outgrow the caches, in JSON.parse too; each escape is a token.
  keys: {
    title: "one object of many keys",
    hasBars: false,
    text: (size) => `{${joined(size, (i) => `"book ${i}":${number(i)}`)}}`,
  },
  code: {
    title: "one long string, an escape every 14 characters",
    hasBars: false,
    text: (size) => JSON.stringify({ text: filled(size, CODE) }),
  },
};

const PROSE = "The mill stands where the stream leaves the wood, and its wheel has not turned for years. ";
const CODE = 'export function greet(name: string): string {\n  return "Hello, " + name + "!";\n}\n';

const ours = { package: "millrace", isOurs: true };

/** How a text is read in fragments: each gives the final value. */
export const readers = {
  parse: { title: "JSON.parse, once", read: parse },
  parseWarm: { title: "JSON.parse, once, warm", isWarm: true, read: parse },
  live: { title: "millrace, value", ...ours, read: live },
  liveWarm: { title: "millrace, value, warm", ...ours, hasRatioBar: true, isWarm: true, read: live },
  snapshot: { title: "millrace, snapshot()", ...ours, read: snapshot },
  snapshotWarm: { title: "millrace, snapshot(), warm", ...ours, isWarm: true, read: snapshot },
  jsonriver: { title: "jsonriver", package: "jsonriver", read: jsonriver },
  streamparser: { title: "@streamparser/json", package: "@streamparser/json", read: streamparser },
  // These read the whole text again at each fragment: at 100 KB it takes them 10 s and more.
  partialJson: { title: "partial-json", package: "partial-json", limit: 10_000, read: partialJson },
  sdk: { title: "@anthropic-ai/sdk, its parser", package: "@anthropic-ai/sdk", limit: 10_000, read: sdk },
  ai: { title: "ai, parsePartialJson", package: "ai", limit: 10_000, read: ai },
};

function parse() {
  return (_, text) => JSON.parse(text);
}

function live() {
  return millrace((json) => json.value);
}

function snapshot() {
  return millrace((json) => json.snapshot());
}

async function millrace(look) {
  const { incrementalJson } = await import("millrace/json");
  return (fragments) => {
    const json = incrementalJson();
    for (const fragment of fragments) {
      json.push(fragment);
      look(json);
    }
    return json.end();
  };
}

async function jsonriver() {
  const { parse } = await import("jsonriver");
  return async (fragments) => {
    let value;
    for await (value of parse(stream(fragments)));
    return value;
  };
}

async function* stream(fragments) {
  yield* fragments;
}

async function streamparser() {
  const { JSONParser } = await import("@streamparser/json");
  return (fragments) => {
    let value;
    const parser = new JSONParser({ emitPartialTokens: true, emitPartialValues: true });
    parser.onValue = (found) => {
      value = found.stack[1]?.value ?? found.parent ?? found.value;
    };
    for (const fragment of fragments) parser.write(fragment);
    return value;
  };
}

async function partialJson() {
  const { parse } = await import("partial-json");
  return again((text) => parse(text));
}

async function sdk() {
  // Not exported by the package.
  const file = "../node_modules/@anthropic-ai/sdk/_vendor/partial-json-parser/parser.mjs";
  const { partialParse } = await import(new URL(file, import.meta.url).href);
  return again((text) => partialParse(text));
}

async function ai() {
  const { parsePartialJson } = await import("ai");
  return again(async (text) => (await parsePartialJson(text)).value);
}

function again(parse) {
  return async (fragments) => {
    let [text, value] = ["", undefined];
    for (const fragment of fragments) {
      text += fragment;
      value = await parse(text);
    }
    return value;
  };
}

function list(size, element) {
  return `[${joined(size, (i) => JSON.stringify(element(i)))}]`;
}

function joined(size, text) {
  const texts = [];
  for (let length = 0; length < size; length += texts.at(-1).length + 1) texts.push(text(texts.length));
  return texts.join(",");
}

function number(i) {
  return (i * 7919) % 1_000_003;
}

function smallRecord(i) {
  return { id: i, name: `Person number ${i}`, active: i % 2 === 0, score: i * 1.25, city: "Springfield", zip: "12345" };
}

function largeRecord(i) {
  return {
    ...smallRecord(i),
    email: `person${i}@example.com`,
    tags: ["reader", "writer", "miller"],
    address: { street: `${i} Mill Lane`, country: "GB", geo: [51.5 + i / 1000, -0.12] },
    bio: 'She calls herself "the miller",\nand writes about rivers, weirs and everything that turns in them.',
    notes: null,
  };
}

function filled(size, text) {
  return text.repeat(Math.ceil(size / text.length));
}

async function measure({ reader, shape, sizes }) {
  const read = await readers[reader].read();
  const texts = sizes.map((size) => shapes[shape].text(size));
  const tasks = texts.map((text) => ({ text, fragments: fragmentsOf(text), times: Math.ceil(VOLUME / text.length) }));
  // What was there before is not counted: the fragments, and what warming up left. A collection of all after warming up
  // would make V8 drop the code that it has compiled.
  globalThis.gc();
  const { isWarm } = readers[reader];
  if (isWarm) for (let turn = 1; turn <= TURNS; turn++) await inTurn(read, tasks);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const samples = [];
  if (isWarm) for (let turn = 1; turn <= TURNS; turn++) samples.push(await inTurn(read, tasks));
  else samples.push({ costs: [await cost(read, { ...tasks[0], times: 1 })] });
  for (const { fragments, text } of tasks) {
    if (JSON.stringify(await read(fragments, text)) !== text) throw new Error(`${reader} has read another value.`);
  }
  return samples;
}

function fragmentsOf(text) {
  const fragments = [];
  for (let at = 0; at < text.length; at += FRAGMENT) fragments.push(text.slice(at, at + FRAGMENT));
  return fragments;
}

/** Each size, and JSON.parse of the last one, as close together as can be: the machine's speed changes all the time. */
async function inTurn(read, tasks) {
  const costs = [];
  for (const task of tasks) costs.push(await cost(read, task));
  return { costs, once: await cost(parse(), tasks.at(-1)) };
}

async function cost(read, { fragments, text, times }) {
  const before = process.cpuUsage();
  for (let i = 0; i < times; i++) await read(fragments, text);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / times;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(JSON.stringify(await measure(JSON.parse(process.argv[2]))));
}
