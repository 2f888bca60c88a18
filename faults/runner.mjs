import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import * as http from "node:http";
import { fileURLToPath } from "node:url";
import { KEY } from "./rows/safety.mjs";
import { wires } from "./wire.mjs";

const child = fileURLToPath(new URL("child.mjs", import.meta.url));
/** Loading a client is not what is measured. */
const LOAD_LIMIT_MS = 30_000;
const TEXT_SHOWN = 1000;

/** Plays a row with a client: `{ row, client, pass, seen, observation }`. */
export async function play(row, client, limitMs) {
  const facts = { requests: [] };
  const elsewhere = await listen(row.elsewhere, facts, []);
  const server = await listen(row.serve, facts, facts.requests);
  facts.elsewhere = elsewhere.url;
  try {
    const observation = await observe(row, client, server.url, facts, limitMs);
    const judged = verdict(row, { ...observation, server: facts });
    const text = shortened(observation.text);
    return { row: row.name, client: client.id, ...judged, observation: { ...observation, text } };
  } finally {
    await Promise.all([elsewhere.close(), server.close()]);
  }
}

/** A text as it can be shown. */
function shortened(text) {
  return text.length <= TEXT_SHOWN ? text : `${text.slice(0, TEXT_SHOWN)}… (${text.length} characters)`;
}

function verdict(row, observation) {
  const { hasKey, unhandled = [] } = observation;
  if (hasKey) return { pass: false, seen: "the key is in what it says" };
  if (unhandled.length > 0) return { pass: false, seen: "unhandled rejection" };
  if (["hangs", "crashes"].includes(observation.outcome)) return { pass: false, seen: ended(row, observation) };
  const { pass, seen } = row.verdict(observation);
  return { pass, seen };
}

/** How it hung or crashed. */
function ended({ isAboutMemory, whenHung }, { outcome, peakMB }) {
  if (outcome === "hangs" && whenHung !== undefined) return whenHung;
  return isAboutMemory && peakMB !== undefined ? `${outcome}, peak ${peakMB} MB` : outcome;
}

/** The most memory that a process has had, where the system tells. */
function peakOf(pid) {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return kilobytes === undefined ? undefined : Math.round(Number(kilobytes) / 1024);
  } catch {
    return undefined;
  }
}

/** Runs the child. One that hangs or crashes is a result like any other. */
async function observe(row, client, baseURL, facts, limitMs) {
  const { drive, options = {}, lingerMs = 0 } = row;
  const { api, module } = client;
  const { model, origin, base } = wires[api];
  const job = { module, api, model, origin, baseURL: baseURL + base, key: KEY, drive, options, lingerMs };
  const process_ = fork(child, [JSON.stringify(job)], {
    silent: true,
    env: { ...environment(), ...row.environment?.(facts) },
    execArgv: ["--expose-gc"],
  });
  let output = "";
  for (const stream of [process_.stdout, process_.stderr]) stream.on("data", (bytes) => (output += bytes));
  let result = null;
  const accepted = [];
  const closed = once(process_, "close");
  const cutOff = () => {
    result ??= { outcome: "hangs", peakMB: peakOf(process_.pid) };
    process_.kill("SIGKILL");
  };
  let timer = setTimeout(cutOff, LOAD_LIMIT_MS);
  process_.on("message", (message) => {
    if (message.ready) {
      clearTimeout(timer);
      timer = setTimeout(cutOff, limitMs + lingerMs);
    } else if (message.held || message.stops) {
      if (message.held) accepted.push(facts.accepted);
      else facts.sentBefore = facts.sent;
      process_.send({ goOn: true });
    } else {
      result ??= message.observation;
    }
  });
  await closed;
  clearTimeout(timer);
  result ??= { outcome: "crashes" };
  const hasKey = result.error?.hasKey === true || output.includes(KEY);
  return { text: "", error: null, tools: [], toolsRan: 0, usage: null, ...result, accepted, hasKey, output };
}

/** Of the environment only what a process needs: no key, no address, no proxy. */
function environment() {
  const { PATH, HOME, SystemRoot, TEMP, TMPDIR } = process.env;
  return { PATH, HOME, SystemRoot, TEMP, TMPDIR, LANGSMITH_TRACING: "false" };
}

/** A server on loopback. */
async function listen(handler, facts, requests) {
  const sockets = new Set();
  const server = http.createServer(async (request, response) => {
    request.resume();
    await once(request, "end");
    requests.push({ at: performance.now(), path: request.url });
    response.on("error", () => {});
    if (handler === undefined) response.writeHead(404).end();
    else await handler(request, response, requests.length, facts);
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).once("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
