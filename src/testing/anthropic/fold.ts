import { isJsonObject, type JsonObject } from "../json.ts";

type Fields = Record<string, unknown>;

/**
 * Folds a stream's events into the message that they add up to, which is the body of a reply that is not streamed.
 *
 * Deliberately independent of the library's own accumulator: tests compare the two, and a bug is unlikely to hide in
 * both.
 */
export function foldEvents(events: readonly JsonObject[]): JsonObject {
  const message: Fields = { type: "message", role: "assistant", content: [] };
  const content: Fields[] = [];
  const inputs = new Map<number, string>();
  for (const event of events) {
    const index = Number(event["index"] ?? 0);
    const block = content[index];
    if (event["type"] === "message_start") Object.assign(message, copyOf(event["message"]));
    else if (event["type"] === "content_block_start") {
      const start = copyOf(event["content_block"]);
      // Citations are added to it, while the event stays as it was.
      if (Array.isArray(start["citations"])) start["citations"] = [...start["citations"]];
      content[index] = start;
      if (start["type"] === "fallback" && isJsonObject(start["to"])) message["model"] = start["to"]["model"];
    } else if (event["type"] === "content_block_delta" && block !== undefined) {
      applyDelta(block, copyOf(event["delta"]), inputs, index);
    } else if (event["type"] === "message_delta") applyMessageDelta(message, event);
  }
  for (const [index, json] of inputs) setInput(content[index], json);
  if (content.length > 0) message["content"] = content.filter((block) => block !== undefined);
  return message;
}

function applyDelta(block: Fields, delta: Fields, inputs: Map<number, string>, index: number): void {
  switch (delta["type"]) {
    case "text_delta":
      block["text"] = String(block["text"] ?? "") + String(delta["text"] ?? "");
      break;
    case "thinking_delta":
      block["thinking"] = String(block["thinking"] ?? "") + String(delta["thinking"] ?? "");
      break;
    case "signature_delta":
      block["signature"] = delta["signature"];
      break;
    case "citations_delta":
      addCitation(block, delta["citation"]);
      break;
    case "input_json_delta":
      inputs.set(index, (inputs.get(index) ?? "") + String(delta["partial_json"] ?? ""));
      break;
    case "compaction_delta": {
      const { type: _type, ...fields } = delta;
      Object.assign(block, fields);
    }
  }
}

function addCitation(block: Fields, citation: unknown): void {
  if (Array.isArray(block["citations"])) block["citations"].push(citation);
  else block["citations"] = [citation];
}

/** Input that was cut off stays the `{}` of its start, since a reply that is not streamed never has half a value. */
function setInput(block: Fields | undefined, json: string): void {
  if (block === undefined || json === "") return;
  try {
    block["input"] = JSON.parse(json);
  } catch {
    block["input"] ??= {};
  }
}

function applyMessageDelta(message: Fields, event: JsonObject): void {
  const { type: _type, delta, usage, ...siblings } = event;
  const { container, ...fields } = copyOf(delta);
  Object.assign(message, fields, siblings, container === undefined || container === null ? {} : { container });
  const counts = copyOf(message["usage"]);
  for (const [name, count] of Object.entries(copyOf(usage))) {
    // Some compatible servers report a count only at the start, and 0 at the end.
    if (count !== null && !(count === 0 && Number(counts[name]) > 0)) counts[name] = count;
  }
  message["usage"] = counts;
}

function copyOf(value: unknown): Fields {
  return isJsonObject(value) ? { ...value } : {};
}
