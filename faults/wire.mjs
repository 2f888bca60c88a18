/** What servers say: the bytes of Anthropic's stream, and ways to go wrong with them. */

import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";

export const MODEL = "claude-sonnet-4-5";

/** Events as frames. */
export const frames = (...events) =>
  events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");

export const messageStart = (usage = { input_tokens: 10, output_tokens: 1 }) => ({
  type: "message_start",
  message: {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: MODEL,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage,
  },
});

const textStart = { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } };

/** A tool call that begins. */
export const toolStart = {
  type: "content_block_start",
  index: 0,
  content_block: { type: "tool_use", id: "toolu_1", name: "delete_files", input: {} },
};

export const inputDelta = (fragment) => ({
  type: "content_block_delta",
  index: 0,
  delta: { type: "input_json_delta", partial_json: fragment },
});

export const delta = (text) => ({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } });

export const blockStop = { type: "content_block_stop", index: 0 };

export const stopReason = (reason = "end_turn", outputTokens = 42) => ({
  type: "message_delta",
  delta: { stop_reason: reason, stop_sequence: null },
  usage: { output_tokens: outputTokens },
});

export const messageStop = { type: "message_stop" };
export const errorEvent = (type = "overloaded_error", message = "Overloaded") => ({
  type: "error",
  error: { type, message },
});

/** An event of another block: its index, and where it begins a tool, the tool's id. */
export const inBlock = (index, event) => ({
  ...event,
  index,
  ...(event.content_block?.id && { content_block: { ...event.content_block, id: `toolu_${index + 1}` } }),
});

/** All events before the first text. */
export const started = [messageStart(), textStart];
/** All events after the last text. */
export const ended = [blockStop, stopReason(), messageStop];

/** Begins an event stream. */
export function startStream(response, body = "", headers = {}) {
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "request-id": "req_1", ...headers });
  response.write(body === "" ? ": \n\n" : body);
  return response;
}

/** Answers with a whole reply. */
export const whole =
  (...texts) =>
  (request, response) =>
    void startStream(response).end(frames(...started, ...texts.map(delta), ...ended));

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
  (status, type, headers = {}, details) =>
  (request, response) => {
    response.writeHead(status, { "content-type": "application/json", "request-id": "req_1", ...headers });
    response.end(JSON.stringify({ type: "error", error: { type, message: "No.", ...(details && { details }) } }));
  };

/** Answers the requests one after another; the last answer stays. */
export const inTurn =
  (...answers) =>
  (request, response, count, facts) =>
    answers[Math.min(count, answers.length) - 1](request, response, count, facts);

/** Sends an event every so often, for as long as there is someone to send it to. `facts.sent` says how many that was. */
export async function pace(response, events, everyMs, facts) {
  facts.sent = 0;
  for (const event of events) {
    if (response.destroyed || response.socket === null) return;
    response.write(frames(event));
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
