import { field, isObject, type JsonObject, stringField, tryParse } from "../../json/object.ts";
import type { CommonMessage, CommonPart, ToolResultPart } from "../../prompt/common-message.ts";
import { isFailed } from "../openai-platform/failed-results.ts";
import { listOf } from "./fields.ts";
import type { AssistantMessageParam, ChatMessageParam } from "./message-param.ts";
import { PROVIDER } from "./native.ts";

/** Messages of a request, as data that belongs to no provider. Results of tools that follow each other are one message. */
export function commonMessages(items: readonly ChatMessageParam[]): readonly CommonMessage[] {
  const messages: CommonMessage[] = [];
  let results: { readonly parts: CommonPart[]; readonly items: ChatMessageParam[] } | null = null;
  const add = (
    role: CommonMessage["role"],
    content: CommonMessage["content"],
    own: readonly ChatMessageParam[],
  ): void => void messages.push({ role, content, native: { provider: PROVIDER, items: own } });
  for (const item of items) {
    if (item.role === "tool") {
      if (results === null) {
        results = { parts: [], items: [] };
        add("user", results.parts, results.items);
      }
      results.parts.push(resultOf(item.tool_call_id, item.content, isFailed(item)));
      results.items.push(item);
      continue;
    }
    results = null;
    if (item.role === "assistant") add(item.role, turnParts(item), [item]);
    else if (item.role === "function") add("user", [resultOf(item.name, item.content ?? "", false)], [item]);
    else {
      const { content } = item;
      add(item.role === "user" ? "user" : "system", typeof content === "string" ? content : content.map(commonPart), [
        item,
      ]);
    }
  }
  return messages;
}

function resultOf(id: string, content: string | readonly object[], isError: boolean): ToolResultPart {
  return {
    type: "toolResult",
    id,
    content: typeof content === "string" ? content : content.map(commonPart),
    isError,
  };
}

function turnParts(item: AssistantMessageParam): CommonPart[] {
  const { role: _role, content, tool_calls, name: _name, ...more } = item;
  const parts: CommonPart[] =
    typeof content === "string" ? [{ type: "text", text: content }] : listOf(content).map(commonPart);
  for (const call of listOf(tool_calls)) parts.push(callOf(call));
  // What only this provider knows of a turn: its reasoning, say.
  if (Object.keys(more).length > 0) parts.unshift({ type: "native", provider: PROVIDER, block: more });
  return parts;
}

function callOf(call: unknown): CommonPart {
  const fn = field(call, "function");
  const name = stringField(fn, "name");
  if (name === null) return { type: "native", provider: PROVIDER, block: { tool_calls: [call] } };
  const text = stringField(fn, "arguments") ?? "";
  return { type: "toolCall", id: stringField(call, "id") ?? "", name, args: tryParse(text) ?? text };
}

function commonPart(part: unknown): CommonPart {
  const type = field(part, "type");
  const text = stringField(part, "text");
  if (type === "text" && text !== null) return { type, text };
  const { image_url, input_audio, file } = isObject(part) ? part : ({} as JsonObject);
  const url = stringField(image_url, "url") ?? stringField(file, "file_data");
  const data = stringField(input_audio, "data");
  if (data !== null) {
    const format = stringField(input_audio, "format") === "mp3" ? "mpeg" : "wav";
    return { type: "audio", data, mediaType: `audio/${format}` };
  }
  const [, mediaType = "", bytes] = /^data:([^;,]*);base64,(.*)$/s.exec(url ?? "") ?? [];
  if (url === null) return { type: "native", provider: PROVIDER, block: part };
  const media = bytes === undefined ? { url } : { data: bytes, mediaType };
  return isObject(file)
    ? { type: "document", ...media, title: stringField(file, "filename") ?? undefined }
    : { type: "image", ...media };
}
