import { once } from "node:events";
import * as http from "node:http";
import * as https from "node:https";
import * as net from "node:net";
import { inspect } from "node:util";
import { tool } from "../../dist/index.js";
import { deletion } from "../deletion.mjs";

/** The entry of the package for each API, and the names of its tokens. */
const APIS = {
  anthropic: { entry: "anthropic", input: "input_tokens", output: "output_tokens" },
  chat: { entry: "openai-chat", input: "prompt_tokens", output: "completion_tokens" },
  responses: { entry: "openai", input: "input_tokens", output: "output_tokens" },
};

export async function run(job, observation) {
  const { baseURL, key, take, signal, tools, idleMs, firstMs, connectMs, recover, fallback, as } = job;
  const api = APIS[job.api];
  const { call, client } = await import(`../../dist/${api.entry}.js`);
  const remove = tool({
    ...deletion,
    call: () => {
      observation.toolsRan++;
      return "Done.";
    },
  });
  const ask = call(
    job.model,
    {
      stream: true,
      client: as === "object" ? { apiKey: key, baseURL } : client({ apiKey: key, baseURL, ...(await network(job)) }),
      signal,
      retry: { delay: 10 },
      ...(idleMs && { timeout: { idle: idleMs } }),
      ...(firstMs && { timeout: { firstContent: firstMs } }),
      ...(connectMs && { timeout: { connect: connectMs } }),
      ...(recover && { onInterrupt: recover }),
      ...(fallback && { fallback: circle(job.model, fallback) }),
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
    const { usage } = stream;
    observation.usage = { source: usage.source, input: usage[api.input], output: usage[api.output] };
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
function circle(model, other) {
  const models = [other, model];
  models.push(models);
  return models;
}

/** An agent for a proxy that takes connections, and never answers what it is asked. */
async function network({ as, origin }) {
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
  return { baseURL: origin, agent: new ProxyAgent() };
}
