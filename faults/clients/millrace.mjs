import { once } from "node:events";
import * as http from "node:http";
import * as https from "node:https";
import * as net from "node:net";
import { inspect } from "node:util";
import { tool } from "../../dist/index.js";
import { call, client } from "../../dist/anthropic.js";
import { MODEL } from "../wire.mjs";
import { deletion } from "../deletion.mjs";

export async function run(job, observation) {
  const { baseURL, key, take, signal, tools, idleMs, firstMs, connectMs, recover, fallback, as } = job;
  const remove = tool({
    ...deletion,
    call: () => {
      observation.toolsRan++;
      return "Done.";
    },
  });
  const ask = call(
    MODEL,
    {
      stream: true,
      client: as === "object" ? { apiKey: key, baseURL } : client({ apiKey: key, baseURL, ...(await network(as)) }),
      signal,
      retry: { delay: 10 },
      ...(idleMs && { timeout: { idle: idleMs } }),
      ...(firstMs && { timeout: { firstContent: firstMs } }),
      ...(connectMs && { timeout: { connect: connectMs } }),
      ...(recover && { onInterrupt: recover }),
      ...(fallback && { fallback: circle() }),
      ...(tools && { tools: [remove] }),
    },
    () => "Hello",
  );
  const stream = ask();
  try {
    for await (const [chunk, called] of stream) {
      if (called !== null) {
        observation.tools.push({ name: called.name, args: called.args });
        await called.call();
      }
      if (await take(chunk.content, chunk.recovery?.type === "restart")) break;
    }
  } finally {
    const { source, input_tokens: input, output_tokens: output } = stream.usage;
    observation.usage = { source, input, output };
    observation.attempts = stream.attempts.length;
    observation.notes.push(...problems(stream));
  }
}

/** What a program looks at after a stream, whatever became of it: nothing of that may throw. */
function problems(stream) {
  const looks = {
    content: () => stream.content,
    tools: () => stream.tools,
    messageParam: () => stream.messageParam,
    history: () => stream.history(),
    cost: () => stream.cost,
    finishReasons: () => stream.finishReasons,
    inspect: () => inspect(stream),
    JSON: () => stream.outcome === "complete" && JSON.stringify(stream.constructCallResponse()),
  };
  return Object.entries(looks).flatMap(([name, look]) => {
    try {
      look();
      return [];
    } catch (error) {
      return [`${name} throws ${error?.name}`];
    }
  });
}

/** Models that are asked one after another, and then those again, without an end. */
function circle() {
  const models = ["claude-haiku-4-5", MODEL];
  models.push(models);
  return models;
}

/** An agent for a proxy that takes connections, and never answers what it is asked. */
async function network(as) {
  if (as !== "behind-silent-proxy") return {};
  const proxy = net.createServer((socket) => void socket.on("error", () => {}).resume()).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const { port } = proxy.address();
  class ProxyAgent extends https.Agent {
    createConnection({ host, port: target }, connected) {
      const request = http.request({ host: "127.0.0.1", port, method: "CONNECT", path: `${host}:${target}` });
      request.once("connect", (response, socket) => connected(null, socket)).once("error", connected);
      request.end();
    }
  }
  return { baseURL: "https://api.anthropic.com", agent: new ProxyAgent() };
}
