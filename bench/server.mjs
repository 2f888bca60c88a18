// The bench's server, in a process of its own: its CPU is nobody's. The first part of a request's path says what it
// sends: /text-10000/v1/messages a message of 10,000 text deltas, and so on.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import net from "node:net";
import tls from "node:tls";
import { documents, emptyFrames, largeFrames, textFrames, toolFrames } from "./body.mjs";

const LARGE_WRITE_BYTES = 65_536;
const SMALL_WRITE_BYTES = 1_024;
const PACE_MS = 5;

const text = memoized((count) => Buffer.concat(textFrames(count)));
const empty = memoized((count) => Buffer.concat(emptyFrames(count)));
const large = memoized((megabytes) => Buffer.concat(largeFrames(megabytes * 2 ** 20)));
const separate = memoized(textFrames);
const tools = Object.keys(documents).map((shape) => {
  const body = memoized((bytes) => Buffer.concat(toolFrames(shape, bytes)));
  return [shape, (response, bytes) => send(response, body(bytes), LARGE_WRITE_BYTES)];
});

const replies = {
  /** As fast as the client takes it. */
  text: (response, count) => send(response, text(count), LARGE_WRITE_BYTES),
  empty: (response, count) => send(response, empty(count), LARGE_WRITE_BYTES),
  /** One frame of so many megabytes, in pieces of 1 KB. */
  frame: (response, megabytes) => send(response, large(megabytes), SMALL_WRITE_BYTES),
  /** One event every 5 ms, each written alone. */
  paced: (response, count) => pace(response, separate(count)),
  /** A tool's input of so many bytes, by the shape of its document. */
  ...Object.fromEntries(tools),
};

const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache",
  "transfer-encoding": "chunked",
  "request-id": "req_011Bench",
  "anthropic-organization-id": "00000000-0000-4000-8000-000000000000",
  "anthropic-ratelimit-requests-limit": "4000",
  "anthropic-ratelimit-requests-remaining": "3999",
  "anthropic-ratelimit-requests-reset": "2026-01-01T00:00:00Z",
  "anthropic-ratelimit-input-tokens-limit": "2000000",
  "anthropic-ratelimit-input-tokens-remaining": "2000000",
  "anthropic-ratelimit-input-tokens-reset": "2026-01-01T00:00:00Z",
};

function memoized(make) {
  const made = new Map();
  return (size) => {
    if (!made.has(size)) made.set(size, make(size));
    return made.get(size);
  };
}

const lines = Object.entries(HEADERS).map(([name, value]) => `${name}: ${value}\r\n`);
const HEAD = `HTTP/1.1 200 OK\r\n${lines.join("")}\r\n`;

/** The response to a request, in chunks, each given to the system in one write; the head goes with the first. */
class Response {
  #socket;
  #head = HEAD;

  constructor(socket) {
    this.#socket = socket;
  }

  write(bytes) {
    this.#socket.cork();
    this.#socket.write(`${this.#head}${bytes.length.toString(16)}\r\n`);
    this.#socket.write(bytes);
    const room = this.#socket.write("\r\n");
    this.#socket.uncork();
    this.#head = "";
    return room;
  }

  end() {
    this.#socket.write("0\r\n\r\n");
  }

  drain() {
    return once(this.#socket, "drain");
  }
}

/** What a request needs, and no more: what a server takes is in the clients' figures, where they are times. */
function serve(socket) {
  let received = "";
  socket.on("error", () => socket.destroy());
  socket.setEncoding("latin1").on("data", (text) => {
    received += text;
    const end = received.indexOf("\r\n\r\n") + 4;
    const length = Number(/content-length: (\d+)/i.exec(received)?.[1]);
    if (end < 4 || received.length < end + length) return;
    const [, name, size] = /^POST \/(\w+)-(\d+)\/v1\/messages /.exec(received) ?? [];
    received = received.slice(end + length);
    const reply = replies[name];
    if (reply === undefined) socket.end("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
    else void reply(new Response(socket), Number(size));
  });
}

async function send(response, body, writeBytes) {
  for (let start = 0; start < body.length; start += writeBytes) {
    const room = response.write(body.subarray(start, start + writeBytes));
    if (!room) await response.drain();
  }
  response.end();
}

async function pace(response, frames) {
  // Streams of different users do not tick together.
  const start = performance.now() + PACE_MS * Math.random();
  for (const [index, frame] of frames.entries()) {
    await until(start + index * PACE_MS);
    response.write(frame);
  }
  response.end();
}

function until(time) {
  return new Promise((resolve) => setTimeout(resolve, Math.round(time - performance.now())));
}

async function listen(server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server.address().port;
}

const file = (name) => readFileSync(new URL(`tls/${name}`, import.meta.url));
const plain = await listen(net.createServer({ noDelay: true }, serve));
const secure = await listen(tls.createServer({ noDelay: true, key: file("key.pem"), cert: file("cert.pem") }, serve));
process.once("disconnect", () => process.exit());
process.send({ plain: `http://127.0.0.1:${plain}`, secure: `https://127.0.0.1:${secure}` });
