// The bench's server, in a process of its own: its CPU is nobody's. The first parts of a request's path say what it
// sends: /chat/text-10000/… 10,000 text deltas as the API "chat" sends them, and so on.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import net from "node:net";
import tls from "node:tls";
import { memoized } from "./body.mjs";
import { names } from "./plan.mjs";

const LARGE_WRITE_BYTES = 65_536;
const SMALL_WRITE_BYTES = 1_024;
const PACE_MS = 5;

const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache",
  "transfer-encoding": "chunked",
};

const apis = new Map(await Promise.all(names.map(async (name) => [name, await load(name)])));

/** An API: its path, the head of its responses, and by the name of a reply the function that sends it. */
async function load(name) {
  const { path, headers, replies } = await import(`./api/${name}/wire.mjs`);
  const lines = Object.entries({ ...HEADERS, ...headers }).map(([header, value]) => `${header}: ${value}\r\n`);
  const senders = Object.entries(replies).map(([reply, make]) => [reply, sender(reply, make)]);
  const separate = memoized(replies.text);
  /** One event every 5 ms, each written alone. */
  const paced = (response, count) => pace(response, separate(count));
  return { path, head: `HTTP/1.1 200 OK\r\n${lines.join("")}\r\n`, senders: { ...Object.fromEntries(senders), paced } };
}

/** Sends a reply as fast as the client takes it; one large frame in pieces of 1 KB. */
function sender(name, make) {
  const body = memoized((size) => Buffer.concat(make(size)));
  const bytes = name === "frame" ? SMALL_WRITE_BYTES : LARGE_WRITE_BYTES;
  return (response, size) => send(response, body(size), bytes);
}

/** The response to a request, in chunks, each given to the system in one write; the head goes with the first. */
class Response {
  #socket;
  #head;

  constructor(socket, head) {
    this.#socket = socket;
    this.#head = head;
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
    const [, name, reply, size, path] = /^POST \/(\w+)\/(\w+)-(\d+)(\S+) /.exec(received) ?? [];
    received = received.slice(end + length);
    const api = apis.get(name);
    if (api?.senders[reply] === undefined || path !== api.path)
      socket.end("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
    else void api.senders[reply](new Response(socket, api.head), Number(size));
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
