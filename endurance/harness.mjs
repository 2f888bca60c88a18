// What the runs have in common: a server, a client of it, and memory.
import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { call, client } from "../dist/anthropic.js";

/** Starts the server; its `inUse()` tells how many connections have a request under way. */
export async function startServer() {
  const child = fork(new URL("server.mjs", import.meta.url));
  const [{ port }] = await once(child, "message");
  return {
    url: `http://127.0.0.1:${port}`,
    async inUse() {
      child.send("inUse");
      return (await once(child, "message"))[0].inUse;
    },
    stop: () => child.kill(),
  };
}

/** A function that asks the server for one of its replies. */
export function caller(server, reply, options = {}) {
  const own = client({ apiKey: "sk-ant-test", baseURL: `${server.url}/${reply}` });
  return call("claude-sonnet-5-5", { stream: true, client: own, retry: false, ...options }, (prompt = "0") => prompt);
}

/** The bytes in use once everything that is garbage is gone. */
export async function heap() {
  for (let round = 0; round < 3; round++) {
    await wait(20);
    globalThis.gc();
  }
  return process.memoryUsage().heapUsed;
}

export const megabytes = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MB`;

/** Runs tasks, so many at a time, until there are `count` or one gives false. */
export async function inParallel(count, width, run) {
  let next = 0;
  let goesOn = true;
  const worker = async () => {
    while (goesOn && next < count) goesOn = (await run(next++)) !== false && goesOn;
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, worker));
}

/** Throws what a reader of the run is to know. */
export function expect(holds, what) {
  if (!holds) throw new Error(what);
}
