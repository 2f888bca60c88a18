import { isJsonObject, type JsonObject, objectsOf } from "../json.ts";
import type { Citation } from "./citation.ts";
import { block, type BlockPart, inputDeltas, text, thinking } from "../part.ts";
import { compaction } from "./part.ts";
import { reply, type ReplyOptions, type ReplyScript } from "../script.ts";

/**
 * Makes a reply that streams a given message, such as a recorded answer to a call that was not streamed.
 *
 * @param message - A message as the API gives it. Everything but `content` may be left out.
 * @param options - What differs from the message, and how it is delivered.
 * @example
 * ```ts
 * import { fakeAnthropic, replyMessage } from "millrace/testing";
 * const server = await fakeAnthropic({ replies: replyMessage({ content: [{ type: "text", text: "Hello" }] }) });
 * await server.close();
 * ```
 */
export function replyMessage(message: JsonObject, options: ReplyOptions = {}): ReplyScript {
  const { content, id, model, stop_reason, stop_sequence, stop_details, usage, container, context_management } =
    message;
  const parts = typeof content === "string" ? [text(content)] : objectsOf(content).map(blockPart);
  const known = { content, id, model, stop_reason, stop_sequence, stop_details, usage, container, context_management };
  const others = Object.entries(message).filter(([key]) => !(key in known) && key !== "type" && key !== "role");
  return reply(...parts, {
    ...(typeof id === "string" ? { id } : {}),
    ...(typeof model === "string" ? { model } : {}),
    ...(typeof stop_reason === "string" ? { stopReason: stop_reason } : {}),
    ...(typeof stop_sequence === "string" ? { stopSequence: stop_sequence } : {}),
    ...(isJsonObject(stop_details) ? { stopDetails: stop_details } : {}),
    ...(isJsonObject(usage) ? { usage } : {}),
    ...(isJsonObject(container) ? { container } : {}),
    ...(isJsonObject(context_management) ? { contextManagement: context_management } : {}),
    ...(others.length > 0 ? { message: Object.fromEntries(others) } : {}),
    ...options,
  });
}

/** Moves the parts of a block that are streamed from its start into deltas. */
function blockPart(whole: JsonObject): BlockPart {
  const type = String(whole["type"]);
  switch (type) {
    case "text": {
      const citations = objectsOf(whole["citations"]).filter(isCitation);
      return text(String(whole["text"]), citations.length > 0 ? { citations } : {});
    }
    case "thinking":
      return thinking(String(whole["thinking"]), { signature: String(whole["signature"] ?? "") });
    case "tool_use":
    case "server_tool_use":
    case "mcp_tool_use": {
      const { input } = whole;
      return block({ ...whole, type, input: {} }, inputDeltas(isJsonObject(input) ? input : {}));
    }
    case "compaction":
      // A compaction with a signature was made on demand, and is sent whole.
      if (whole["signature"] === undefined && typeof whole["content"] === "string") {
        const { encrypted_content: encrypted } = whole;
        return compaction(whole["content"], { encrypted: typeof encrypted === "string" ? encrypted : null });
      }
  }
  return block({ ...whole, type });
}

function isCitation(citation: JsonObject): citation is Citation {
  return typeof citation["type"] === "string";
}
