import { isJsonObject, type JsonObject } from "../json.ts";
import { parseEvent } from "../script-events.ts";
import type { Wire, WireEvent } from "../wire.ts";
import { CREATED } from "./chat-chunks.ts";
import { errorObject, usualProblem } from "./problem.ts";

/** The code of an error that a fault asks for. */
const OVERLOADED = "server_error";

/** How Chat Completions writes events. */
export const chatWire: Wire = {
  nameOf: () => "",
  json: (event) => JSON.stringify(event),
  ping: () => null,
  delta: (content) => ({
    id: "chatcmpl-endless",
    object: "chat.completion.chunk",
    created: CREATED,
    model: "endless",
    choices: [{ index: 0, delta: { content }, logprobs: null, finish_reason: null }],
  }),
  unknown: (index) => ({ object: "from.the.future", about: { index }, choices: [] }),
  error: (type = OVERLOADED) => [{ error: errorObject(usualProblem(503, type)) }],
};

/** How Responses writes events. The events that it adds have no sequence number: they are not part of the reply. */
export const responsesWire: Wire = {
  nameOf(event: WireEvent): string {
    const name = parseEvent(event)?.["type"];
    return typeof name === "string" ? name : (/"type":\s*"([\w.]+)"/.exec(String(event.data))?.[1] ?? "");
  },
  json: (event) => JSON.stringify(event),
  ping: () => ({ type: "keepalive" }),
  delta: (delta) => ({
    type: "response.output_text.delta",
    item_id: "msg_endless",
    output_index: 0,
    content_index: 0,
    delta,
    logprobs: [],
  }),
  unknown: (index) => ({ type: "response.from_the_future", about: { index } }),
  error(type = OVERLOADED) {
    const error: JsonObject = errorObject(usualProblem(503, type));
    return [{ type: "error", error }, failedResponse(error)];
  },
};

/** The event that follows an error. */
export function failedResponse(error: JsonObject, response: JsonObject = {}): JsonObject {
  const { code, message } = isJsonObject(error) ? error : {};
  return {
    type: "response.failed",
    response: { object: "response", output: [], ...response, status: "failed", error: { code, message } },
  };
}
