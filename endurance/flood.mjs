// A stream of pings, comments and padding takes no memory, the total limit ends one that has no end, and readers who are
// slow, in the program or in a browser, hold little.
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { eventsResponse, nodeHandler, textResponse, uiMessageResponse } from "../dist/http.js";
import { caller, expect, heap, megabytes, startServer } from "./harness.mjs";

const ALLOWED_BYTES = 32 * 2 ** 20;
const SLOW_READS = 3;
/** What a visitor who does not read may cost: what fits into sockets, as a text made of small pieces. */
const VISITOR_BYTES = 8 * 2 ** 20;
/** When the sockets are full. */
const FULL_MS = 30_000;

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
    await slowVisitors(server, print);
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

/** Visitors who read no more than the first bytes of a reply without end: the server stops reading it, too. */
async function slowVisitors(server, print) {
  const ask = caller(server, "delta-1000");
  const replies = [];
  const responses = { "/events": eventsResponse, "/ui": uiMessageResponse, "/text": textResponse };
  const answer = ({ url, signal }) => {
    replies.push(ask());
    return responses[new URL(url).pathname](replies.at(-1), { signal });
  };
  const web = createServer(nodeHandler(answer)).listen(0, "127.0.0.1");
  await once(web, "listening");
  const before = await held();
  const visitors = Object.keys(responses).map((path) => {
    const visitor = connect(web.address().port, "127.0.0.1");
    visitor.write(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`);
    return visitor;
  });
  try {
    for (const visitor of visitors) {
      await once(visitor, "readable");
      expect(visitor.read(12).toString() === "HTTP/1.1 200", "a visitor is refused");
    }
    const received = () => replies.reduce((sum, { content }) => sum + content.length, 0);
    const deadline = performance.now() + FULL_MS;
    for (let last = -1; last !== received(); await wait(1_000)) {
      expect(performance.now() < deadline, `the server still reads, though no visitor does`);
      last = received();
    }
    const more = (await held()) - before;
    print(
      `${visitors.length} visitors who do not read (events, UI messages, text): the server reads on until the sockets ` +
        `are full, ${megabytes(received())} of text, and holds ${megabytes(more)}`,
    );
    expect(more <= VISITOR_BYTES * visitors.length, `${megabytes(more)} are held for visitors who do not read`);
  } finally {
    for (const visitor of visitors) visitor.destroy();
    web.closeAllConnections();
    web.close();
  }
}

/** What is held once everything that is garbage is gone, outside the heap, too. */
async function held() {
  return (await heap()) + process.memoryUsage().external;
}
