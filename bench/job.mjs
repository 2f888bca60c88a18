// What is measured. Each job gets a client's `open`, and gives its metrics and the results to compare.

const PROMPT = "Recommend a fantasy book";

/** A client's `open`, the base URL of the scenario, the job's options and what is known of the API -> metrics and results. */
export const jobs = { drain, paced, tiny, frame, memory, start, tool };

/** One stream, read to its end. */
async function drain(open, baseURL) {
  const cost = cpu();
  const result = await open(baseURL)({ prompt: PROMPT, keepText: true });
  const cpuMs = cost();
  return { metrics: { cpuMs, cpuUsPerEvent: (cpuMs * 1000) / result.events }, results: [result] };
}

/** Many streams, so many at a time. */
async function paced(open, baseURL, { streams, atOnce }) {
  const cost = cpu();
  const read = open(baseURL);
  const results = [];
  let left = streams;
  const reader = async () => {
    while (left-- > 0) results.push(await read({ prompt: PROMPT, keepText: true }));
  };
  await Promise.all(Array.from({ length: atOnce }, reader));
  const cpuMs = cost();
  const events = results.reduce((sum, result) => sum + result.events, 0);
  return { metrics: { cpuMs, cpuUsPerEvent: (cpuMs * 1000) / events }, results };
}

/** Short streams one after another, on a connection that is open. */
async function tiny(open, baseURL, { warmup, streams }) {
  const read = open(baseURL);
  for (let count = 0; count < warmup; count++) await read({ prompt: PROMPT, keepText: true });
  const results = [];
  const firstMs = [];
  const cost = cpu();
  for (let count = 0; count < streams; count++) {
    const start = performance.now();
    const result = await read({ prompt: PROMPT, keepText: true });
    firstMs.push(result.firstAt - start);
    results.push(result);
  }
  const cpuMs = cost();
  return { metrics: { cpuMs, cpuUsPerStream: (cpuMs * 1000) / streams, firstMs: median(firstMs) }, results };
}

/** Messages with one frame of 1, 2, 4 … MB; the sizes take turns, and the first turn warms up. */
async function frame(open, baseURL, { megabytes, repeats, pageOf }) {
  const samples = new Map(megabytes.map((size) => [size, []]));
  let events = 0;
  for (let turn = 0; turn <= repeats; turn++) {
    for (const [size, costs] of samples) {
      const cost = cpu();
      const result = await open(`${baseURL}-${size}`)({ prompt: PROMPT, keepText: true });
      if (turn > 0) costs.push(cost());
      if (result.message !== undefined) checkPage(pageOf(result.message), size);
      ({ events } = result);
    }
  }
  const metrics = Object.fromEntries([...samples].map(([size, costs]) => [`cpuMs${size}`, median(costs)]));
  return { metrics: { ...metrics, growth: metrics.cpuMs4 / metrics.cpuMs2 }, results: [{ text: "", events }] };
}

/** A client that builds a message must have the whole frame in it. */
function checkPage(page, megabytes) {
  if (page.length < 0.9 * megabytes * 2 ** 20) throw new Error("The frame is not in the message.");
}

/** A tool's input, read to its end. */
async function tool(open, baseURL) {
  const cost = cpu();
  const { args, events } = await open(baseURL)({ prompt: PROMPT });
  const cpuMs = cost();
  return { metrics: { cpuMs }, results: [{ text: JSON.stringify(args), events }] };
}

/** What four times the length adds to what is alive, and to the most the process ever had. */
async function memory(open, baseURL, { short, long }) {
  const read = (count) => open(`${baseURL}-${count}`)({ prompt: PROMPT, keepText: false });
  await read(short);
  const rssBefore = process.resourceUsage().maxRSS;
  await read(long);
  const rssGrowthMB = (process.resourceUsage().maxRSS - rssBefore) / 1024;
  const [shortPeak] = await livePeak(() => read(short));
  const [longPeak, result] = await livePeak(() => read(long));
  return { metrics: { rssGrowthMB, liveGrowthMB: (longPeak - shortPeak) / 2 ** 20 }, results: [result] };
}

/** The most heap that was alive at any sample, the finished stream included. Needs `node --expose-gc`. */
async function livePeak(read) {
  let peak = 0;
  const sample = () => {
    globalThis.gc();
    peak = Math.max(peak, process.memoryUsage().heapUsed);
  };
  const timer = setInterval(sample, 100);
  const result = await read();
  clearInterval(timer);
  sample();
  return [peak, result];
}

/** Nothing at all: what is left is the start of the process and the import. */
function start() {
  return { metrics: { cpuMs: 0 }, results: [] };
}

/** Starts to count: user and system CPU of all threads of this process, in ms. */
function cpu() {
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
}

function median(numbers) {
  const sorted = numbers.toSorted((one, other) => one - other);
  return sorted[sorted.length >> 1];
}
