import type { JsonObject } from "../json.ts";
import type { Random } from "../random.ts";
import { parseEvent } from "../script-events.ts";
import type { Wire } from "../wire.ts";

/** How the Messages API writes events. */
export function messagesWire(random: Random, pad = true): Wire {
  return {
    nameOf(event) {
      const name = parseEvent(event)?.["type"];
      // A frame that is deliberately broken JSON still has a name.
      return typeof name === "string" ? name : (/"type":\s*"(\w+)"/.exec(String(event.data))?.[1] ?? "");
    },
    json: (event, isAdded) => json(event, pad && isAdded !== true, random),
    ping: () => ({ type: "ping" }),
    delta: (text) => ({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } }),
    unknown: (index) => ({ type: "from_the_future", about: { index } }),
    error(type = "overloaded_error") {
      const message = type === "overloaded_error" ? "Overloaded" : `A scripted ${type}`;
      return [{ type: "error", error: { type, message } }];
    },
  };
}

/** The event as JSON, padded like the API's events, whose padding hides the length of the words. */
function json(event: JsonObject, pad: boolean, random: Random): string {
  if (event["type"] === "ping" && Object.keys(event).length === 1) return '{"type": "ping"}';
  const text = JSON.stringify(event);
  return pad ? `${text.slice(0, -1)}${" ".repeat(random.integer(16))}}` : text;
}
