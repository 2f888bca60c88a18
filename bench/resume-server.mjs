// The server of bench/resume.mjs, in a process of its own: a short reply at once or after 25 ms, or a paced one.
import http from "node:http";
import { startStream } from "../faults/serve.mjs";
import { anthropic } from "../faults/wire/anthropic.mjs";

const [PACE_MS = 5, EVENTS = 300] = process.argv.slice(2).map(Number);
/** Far sooner than any model. */
const LATER_MS = 25;
const { delta, started } = anthropic;
const ending = anthropic.ended();

const server = http.createServer(async (request, response) => {
  request.resume();
  response.on("error", () => {});
  if (request.url.startsWith("/short")) return startStream(response, started + delta("Hello")).end(ending);
  if (request.url.startsWith("/later")) {
    await new Promise((resolve) => setTimeout(resolve, LATER_MS));
    return startStream(response, started + delta("Hello")).end(ending);
  }
  startStream(response, started);
  for (let sent = 0; sent < EVENTS && !response.destroyed; sent++) {
    await new Promise((resolve) => setTimeout(resolve, PACE_MS));
    response.write(delta(`word ${sent} `));
  }
  response.end(ending);
});
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port, events: EVENTS }));
process.on("disconnect", () => process.exit());
