// Calls on one long-lived signal, streams that were left, and streams that failed: nothing of them stays.
import { getEventListeners } from "node:events";
import { caller, expect, heap, inParallel, megabytes, startServer } from "./harness.mjs";

const ALLOWED_BYTES = 5 * 2 ** 20;
const WIDTH = 20;

async function iterate(stream, onPair = () => {}) {
  for await (const [chunk] of stream) onPair(chunk);
}

export async function leaks({ count = 10_000 }, print) {
  const server = await startServer();
  const controller = new AbortController();
  const { signal } = controller;
  const kinds = {
    "on one signal": async () => iterate(caller(server, "ok", { signal })()),
    "left by break": async () => {
      for await (const [chunk] of caller(server, "hang")()) if (chunk.content !== "") break;
    },
    aborted: async () => {
      const stream = caller(server, "hang", { signal })();
      await iterate(stream, ({ content }) => content !== "" && stream.abort()).catch(() => {});
      expect(stream.outcome === "aborted", `a stream that was aborted is ${stream.outcome}`);
    },
    failed: async () => {
      const stream = caller(server, "fail", { signal })();
      await iterate(stream).catch(() => {});
      expect(stream.outcome === "failed", `a stream that failed is ${stream.outcome}`);
    },
    cut: async () => {
      const stream = caller(server, "cut", { signal })();
      await iterate(stream).catch(() => {});
      expect(stream.outcome === "truncated", `a stream that was cut is ${stream.outcome}`);
    },
  };
  try {
    for (const [kind, run] of Object.entries(kinds)) {
      await inParallel(Math.min(500, count), WIDTH, run);
      const before = await heap();
      await inParallel(count, WIDTH, run);
      const grown = (await heap()) - before;
      print(`${count} streams ${kind}: the heap grew by ${megabytes(grown)}`);
      expect(grown <= ALLOWED_BYTES, `the heap grew by ${megabytes(grown)} (allowed: ${megabytes(ALLOWED_BYTES)})`);
      const listeners = getEventListeners(signal, "abort").length;
      expect(listeners === 0, `${listeners} listeners are left on the signal`);
    }
    expect((await server.inUse()) === 0, "connections are left in use");
  } finally {
    server.stop();
  }
}
