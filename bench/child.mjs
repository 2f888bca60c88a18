// Does one job once with one client, in a process of its own, and prints what it cost as JSON.
// Nothing is loaded here that a client could need: loading it is part of what some jobs measure.
const startupMs = performance.now();

const { jobs } = await import("./job.mjs");

const { api, job, client, baseURL, ...options } = JSON.parse(process.argv[2]);
const { packages, ...about } = await import(`./api/${api}/client.mjs`);
const importing = cpuAndTime();
await packages[client]();
const imported = importing();
const { open } = await import(`./api/${api}/${client}${job === "tool" ? "-tool" : ""}.mjs`);
const { metrics, results } = await jobs[job](open, baseURL, { ...options, ...about });
const check = await fingerprint(results);
console.log(JSON.stringify({ metrics: { ...metrics, ...startMetrics(metrics) }, check }));

function cpuAndTime() {
  const cpu = process.cpuUsage();
  const time = performance.now();
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    return { cpuMs: (user + system) / 1000, wallMs: performance.now() - time };
  };
}

function startMetrics({ cpuMs }) {
  return {
    importMs: imported.wallMs,
    startedMs: startupMs + imported.wallMs,
    withImportCpuMs: imported.cpuMs + cpuMs,
  };
}

/** Of all streams' results together: what must be equal among the clients. */
async function fingerprint(results) {
  const { createHash } = await import("node:crypto");
  const hash = createHash("sha256");
  let [length, events] = [0, 0];
  for (const result of results) {
    hash.update(result.text);
    length += result.text.length;
    events += result.events;
    if (result.message !== undefined) compareMessage(result);
  }
  return { streams: results.length, events, length, text: hash.digest("hex") };
}

/** A client that builds a message must have built the one whose text it has handed out. */
function compareMessage({ text, message, stream }) {
  const { text: whole, isComplete } = about.summary(message);
  const isSame = stream.content === undefined || stream.content === whole;
  if (!isComplete || !isSame || (text !== "" && whole !== text))
    throw new Error("The message is not what was streamed.");
}
