/** Ways in which servers go wrong, whatever API they speak. */

import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";

/** Begins an event stream. */
export function startStream(response, body = "", headers = {}) {
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", ...headers });
  response.write(body === "" ? ": \n\n" : body);
  return response;
}

/** Answers with a whole reply. */
export const whole =
  (wire, ...texts) =>
  (request, response) =>
    void startStream(response).end(wire.reply(...texts));

/** Sends this, and ends the body as if it were whole. */
export const end = (body) => (request, response) => void startStream(response).end(body);

/** Sends this, and resets the connection. */
export const reset = (body) => (request, response) => {
  startStream(response, body);
  // Once the bytes have been read: a reset would take back what still waits on the other side.
  setTimeout(() => response.socket?.resetAndDestroy(), 50);
};

/** Answers with an error of the API. */
export const failure =
  (status, body, headers = {}) =>
  (request, response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify(body));
  };

/** Answers the requests one after another; the last answer stays. */
export const inTurn =
  (...answers) =>
  (request, response, count, facts) =>
    answers[Math.min(count, answers.length) - 1](request, response, count, facts);

/** Sends a frame every so often, for as long as there is someone to send it to. `facts.sent` says how many that was. */
export async function pace(response, frames, everyMs, facts) {
  facts.sent = 0;
  for (const frame of frames) {
    if (response.destroyed || response.socket === null) return;
    response.write(frame);
    facts.sent++;
    await delay(everyMs);
  }
}

/** Sends the same bytes as often as the other side takes them. `facts.accepted` says how many bytes that was. */
export async function flood(response, bytes, times, facts) {
  facts.accepted = 0;
  for (let time = 0; time < times && !response.destroyed; time++) {
    facts.accepted += bytes.length;
    if (response.write(bytes)) continue;
    const waiting = new AbortController();
    const { signal } = waiting;
    await Promise.race([once(response, "drain", { signal }), once(response, "close", { signal })]).catch(() => {});
    waiting.abort();
  }
}
