// The jobs of each API in the order of the report: what runs, which clients do it, and the rows that come of it.
// `ratioBar` is the most that millrace may cost against the bare loop, `bar` the most its own figure may be, `partialsBars`
// the most that reading the arguments at every fragment may cost against the client that each names. A bar is a number, or
// one for each major version of Node that has one: `fetch` and `node:http` differ from one to the next.

const ALL = ["bare", "sdk", "millrace"];
const CPU_PER_EVENT = { label: "CPU per event", unit: "us", metric: "cpuUsPerEvent" };
const FIRST_CHUNK = { label: "call to first chunk", unit: "ms wall", metric: "firstMs" };
const CPU_PER_STREAM = { label: "CPU per stream", unit: "us", metric: "cpuUsPerStream" };
const PACED = { job: "paced", path: "/paced-100", options: { streams: 200, atOnce: 50 } };
const TINY = { job: "tiny", path: "/text-5", options: { warmup: 20, streams: 300 } };
const MEMORY = { job: "memory", options: { short: 100_000, long: 400_000 }, flags: ["--expose-gc"], maxRounds: 3 };
const PEAK = { label: "most memory the process had (RSS)", unit: "MB", metric: "rssGrowthMB", isDifference: true };

/** The jobs of Anthropic's API, for which most was measured first. */
const anthropic = [
  {
    name: "burst-10k",
    title: "10,000 text deltas as fast as they come, cold process",
    job: "drain",
    path: "/text-10000",
    clients: ALL,
    rows: [{ ...CPU_PER_EVENT, ratioBar: { 20: 0.5 } }],
  },
  {
    name: "burst-100k",
    title: "100,000 text deltas as fast as they come, cold process",
    job: "drain",
    path: "/text-100000",
    clients: ALL,
    rows: [{ ...CPU_PER_EVENT, ratioBar: { 20: 0.6, 24: 0.6 } }],
  },
  {
    ...PACED,
    name: "paced",
    title: "200 streams, 50 at a time, an event every 5 ms, each written alone",
    clients: ALL,
    rows: [{ ...CPU_PER_EVENT, ratioBar: { 20: 0.65, 24: 0.65 } }],
  },
  {
    ...PACED,
    name: "paced-tls",
    title: "the same over TLS",
    isSecure: true,
    clients: ALL,
    rows: [{ ...CPU_PER_EVENT, ratioBar: { 20: 0.7 } }],
  },
  {
    ...TINY,
    name: "tiny",
    title: "300 streams of 5 text deltas, one after another, connection open",
    clients: ALL,
    rows: tinyRows(),
  },
  {
    ...TINY,
    name: "tiny-tls",
    title: "the same over TLS",
    isSecure: true,
    clients: ALL,
    rows: tinyRows(),
  },
  {
    name: "first",
    title: "the first call of a process, 5 text deltas",
    job: "drain",
    path: "/text-5",
    clients: ALL,
    rows: [
      { label: "CPU of the call", unit: "ms", metric: "cpuMs", ratioBar: { 20: 0.3 } },
      { label: "CPU, package's import counted", unit: "ms", metric: "withImportCpuMs", ratioBar: { 20: 0.5 } },
    ],
  },
  {
    name: "frame",
    title: "one frame of so many MB, sent in pieces of 1 KB",
    job: "frame",
    path: "/frame",
    clients: ["bare", "millrace"],
    options: { megabytes: [1, 2, 4, 8], repeats: 5 },
    // It is quadratic, as splitting by hand is.
    clientOptions: { bare: { megabytes: [1, 2, 4], repeats: 1 } },
    rows: [
      ...[1, 2, 4, 8].map((size) => ({ label: `CPU at ${size} MB`, unit: "ms", metric: `cpuMs${size}` })),
      { label: "4 MB against 2 MB", unit: "x", metric: "growth", isDifference: true, bar: 2.2 },
    ],
  },
  ...toolJobs(),
  {
    name: "import",
    title: "start of a process (bare: of an empty one), and import of the package",
    job: "start",
    path: "/",
    clients: ALL,
    rows: [
      { label: "start and import", unit: "ms wall", metric: "startedMs" },
      { label: "import", unit: "ms wall", metric: "importMs", clients: ["sdk", "millrace"], bar: { 20: 17 } },
    ],
  },
  {
    ...MEMORY,
    name: "memory-empty",
    title: "what 300,000 more events add, that add nothing to the message",
    path: "/empty",
    clients: ALL,
    rows: [{ label: "live heap", unit: "MB", metric: "liveGrowthMB", isDifference: true, bar: 1 }, PEAK],
  },
  {
    ...MEMORY,
    name: "memory-text",
    title: "what 300,000 more text deltas add: 3.9 M characters, 7.4 MB as UTF-16 (bare keeps none)",
    path: "/text",
    clients: ALL,
    rows: [{ label: "live heap", unit: "MB", metric: "liveGrowthMB", isDifference: true, bar: 8.4 }, PEAK],
  },
];

/** The jobs of the other APIs: what differs from one to the next are the frames and their decoder. */
const others = [
  job("burst-10k", { rows: [{ ...CPU_PER_EVENT, ratioBar: 0.6 }] }),
  job("paced", { rows: [{ ...CPU_PER_EVENT, ratioBar: 0.65 }] }),
  job("tiny", { rows: [{ ...FIRST_CHUNK, ratioBar: 0.65 }, CPU_PER_STREAM] }),
];

/** One of Anthropic's jobs, with rows of its own. */
function job(name, own) {
  return { ...anthropic.find((one) => one.name === name), ...own };
}

const jobs = { anthropic, chat: others, responses: others };

/** The APIs, as they are called in `api/`. */
export const names = Object.keys(jobs);

/** All jobs, each with its API. */
export const plan = names.flatMap((api) => jobs[api].map((one) => ({ api, ...one })));

/** What the SDK finishes in seconds. */
function isForSdk(shape, size) {
  return (size === "10k" && shape !== "string") || (size === "100k" && shape === "records");
}

/** A tool's input in fragments of 12 characters: `partials` reads the arguments so far at every one. */
function toolJobs() {
  const sizes = { "10k": 10_000, "100k": 100_000, "1m": 1_000_000 };
  const shapes = {
    records: "records of 400 bytes",
    small: "records of 100 bytes",
    flat: "a flat array",
    string: "a string",
  };
  return Object.entries(shapes).flatMap(([shape, what]) =>
    Object.entries(sizes).map(([size, bytes]) => ({
      name: `tool-${shape}-${size}`,
      title: `a tool's input of ${size.toUpperCase()}B, ${what}: parsed once (bare), given once (millrace), read at every fragment`,
      job: "tool",
      // 200,000 numbers at the most.
      path: `/${shape}-${shape === "flat" ? bytes * 1.4 : bytes}`,
      // The SDK parses all there is at each fragment: 100 kB of numbers take it a minute, 1 MB hours.
      clients: ["bare", "millrace", "partials", ...(isForSdk(shape, size) ? ["sdk"] : [])],
      maxRounds: size === "100k" ? 3 : undefined,
      roundsFactor: size === "1m" ? 3 : 1,
      rows: [
        {
          label: "CPU",
          unit: "ms",
          metric: "cpuMs",
          partialsBars: size === "1m" ? { bare: { 20: 1.3 }, millrace: { 20: 2 } } : {},
        },
      ],
    })),
  );
}

function tinyRows() {
  return [{ ...FIRST_CHUNK, ratioBar: { 20: 0.62, 24: 0.68 } }, CPU_PER_STREAM];
}
