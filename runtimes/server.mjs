// The server of the smoke suite, on loopback: the first part of a request's path says what it plays.
import { once } from "node:events";
import * as http from "node:http";
import { end, failure, startStream, whole } from "../faults/serve.mjs";
import { anthropic } from "../faults/wire/anthropic.mjs";

const CLOSE_LIMIT_MS = 1_000;
const CHAT_PAUSE_MS = 300;

const { delta, error, started } = anthropic;
// With the tool that the suite has, in place of the one of the faults.
const called = anthropic
  .textAndCallReply("Let me see — 📖.", '{"title": "Mistborn"}')
  .replace('"name":"delete_files"', '"name":"get_author"');

const replies = {
  tool: end(called),
  endless: (request, response) => void startStream(response, started + delta("Hello ")),
  endless2: (request, response) => void startStream(response, started + delta("Hello ")),
  refused: failure(401, anthropic.errorBody("unauthorized")),
  broken: end(started + delta("Hello ") + error("internal", "Internal server error")),
  cut: end(started + delta("Hello ")),
  structured: whole(anthropic, '{"title": "Mist', 'born"}', "\n"),
  kept: whole(anthropic, "Hello ", "world."),
  chat,
};

/** Begins at once. Unless it was asked for an endless reply, the rest comes after some time in which a visitor can leave. */
async function chat(request, response, body) {
  startStream(response, started + delta("Hello "));
  if (body.includes("endless")) return;
  await after(CHAT_PAUSE_MS);
  response.end(delta("world.") + anthropic.ended());
}

/** Starts it: `url`, `results`, a promise of what the suite reports, and `close()`. */
export async function startServer() {
  const closings = new Map();
  let report;
  const results = new Promise((resolve) => (report = resolve));
  const server = http.createServer(async (request, response) => {
    const [, scenario, argument] = request.url.split("/");
    let body = "";
    for await (const text of request.setEncoding("utf8")) body += text;
    if (scenario === "results") {
      response.end();
      return report(JSON.parse(body));
    }
    if (scenario === "closed") {
      const isClosed = await Promise.race([closings.get(argument), after(CLOSE_LIMIT_MS)]);
      return response.end(isClosed ? "closed" : `still open after ${CLOSE_LIMIT_MS} ms`);
    }
    closings.set(
      scenario,
      once(response, "close").then(() => true),
    );
    replies[scenario](request, response, body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    results,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function after(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms, false).unref());
}
