// A stream of pings, comments and padding takes no memory, and the total limit ends one that has no end.
import { setTimeout as wait } from "node:timers/promises";
import { caller, expect, heap, megabytes, startServer } from "./harness.mjs";

const ALLOWED_BYTES = 32 * 2 ** 20;
const SLOW_READS = 3;

export async function flood({ size = 1024 }, print) {
  const server = await startServer();
  try {
    for (const kind of ["ping", "comment", "padding"]) {
      const before = process.memoryUsage.rss();
      const heapBefore = await heap();
      let [highest, pairs] = [0, 0];
      const watch = setInterval(() => (highest = Math.max(highest, process.memoryUsage.rss())), 20);
      const stream = caller(server, `${kind}-${Math.ceil(size / 3)}`)();
      for await (const _ of stream) pairs++;
      clearInterval(watch);
      const grown = (await heap()) - heapBefore;
      const peak = highest - before;
      print(
        `${Math.ceil(size / 3)} MB of ${kind}: heap ${megabytes(grown)}, peak of the process ${megabytes(peak)} more`,
      );
      expect(stream.outcome === "complete" && stream.content === "Hello", `the stream is ${stream.outcome}`);
      expect(grown <= 5 * 2 ** 20 && peak <= ALLOWED_BYTES * 2, `memory grew by ${megabytes(Math.max(grown, peak))}`);
    }
    await total(server, print);
    await slow(server, print);
  } finally {
    server.stop();
  }
}

async function total(server, print) {
  const stream = caller(server, "ping-1000000", { timeout: { total: 500 } })();
  const error = await stream.response().then(
    () => null,
    (thrown) => thrown,
  );
  print(`an endless stream: ${error?.message}`);
  expect(error?.code === "timeout" && error.limit === "total", "the total limit did not end the stream");
}

/** One pair a second: the client reads no more than 256 KB ahead. */
async function slow(server, print) {
  const stream = caller(server, "delta-1000")();
  let read = 0;
  let yielded = 0;
  for await (const [chunk] of stream) {
    yielded += JSON.stringify(chunk.chunk).length;
    if (read++ === SLOW_READS) break;
    await wait(1_000);
    const { external, arrayBuffers } = process.memoryUsage();
    expect(arrayBuffers < 8 * 2 ** 20, `${megabytes(arrayBuffers + external)} are held for a slow reader`);
  }
  print(
    `one pair a second: ${yielded} bytes of events were read, ${megabytes(process.memoryUsage().arrayBuffers)} held`,
  );
}
