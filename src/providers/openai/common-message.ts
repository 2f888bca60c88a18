import { isObject, stringField, tryParse } from "../../json/object.ts";
import type { CommonMessage, CommonPart } from "../../prompt/common-message.ts";
import type { Media } from "../../prompt/media.ts";
import type { Role } from "../../prompt/message.ts";
import { isFailed } from "../openai-platform/failed-results.ts";
import type { InputItem } from "./input-item.ts";
import { typeOf } from "./type-of.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Items of a request, as data that belongs to no provider. Those of the model that follow each other are one message. */
export function commonMessages(items: readonly InputItem[]): readonly CommonMessage[] {
  const messages: { role: Role; content: string | CommonPart[]; native: { provider: "openai"; items: Fields[] } }[] =
    [];
  let isOpen = false;
  for (const item of items as readonly Fields[]) {
    const { role: given, content } = item;
    const role = roleOf(item);
    const parts = partsOf(item);
    const last = messages.at(-1);
    // What the user says is a message of its own; results of tools are one together.
    const joins = given === undefined || given === "assistant";
    if (isOpen && joins && last?.role === role && Array.isArray(last.content)) {
      last.content.push(...parts);
      last.native.items.push(item);
    } else {
      messages.push({
        role,
        content: typeof content === "string" && !joins ? content : parts,
        native: { provider: "openai", items: [item] },
      });
    }
    isOpen = joins;
  }
  return messages;
}

function roleOf({ role, type }: Fields): Role {
  if (role === "system" || role === "developer") return "system";
  const isInput = role === "user" || /(_output|_response)$/.test(typeOf({ type }));
  return isInput ? "user" : "assistant";
}

function partsOf(item: Fields): CommonPart[] {
  const { type, content, call_id, name, output } = item;
  if (item["role"] !== undefined && content !== undefined) return contentParts(content);
  if (type === "function_call" || type === "custom_tool_call") {
    const text = stringField(item, "arguments") ?? "";
    const args = type === "function_call" ? (tryParse(text || "{}") ?? text) : { input: item["input"] };
    return [{ type: "toolCall", id: textOf(call_id), name: textOf(name), args }];
  }
  if (type === "function_call_output" || type === "custom_tool_call_output") {
    const given = typeof output === "string" ? output : contentParts(output);
    return [{ type: "toolResult", id: textOf(call_id), content: given, isError: isFailed(item) }];
  }
  return [native(item)];
}

function contentParts(content: unknown): CommonPart[] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  return Array.isArray(content) ? content.filter(isObject).map(partOf) : [];
}

function partOf(part: Fields): CommonPart {
  const { type, text, refusal, image_url, file_data, file_url, filename } = part;
  if (typeof text === "string" && /^(input|output)_text$/.test(typeOf(part))) return { type: "text", text };
  if (type === "refusal" && typeof refusal === "string") return { type: "text", text: refusal };
  const media = mediaOf(type === "input_image" ? image_url : (file_data ?? file_url));
  if (media === null) return native(part);
  if (type === "input_image") return { type: "image", ...media };
  return { type: "document", ...media, title: typeof filename === "string" ? filename : undefined };
}

/** An address, or data in base64; null for what only this provider has. */
function mediaOf(address: unknown): Media | null {
  if (typeof address !== "string") return null;
  const [, mediaType, data] = /^data:([^;,]{1,200});base64,(.*)$/s.exec(address) ?? [];
  if (mediaType !== undefined && data !== undefined) return { mediaType, data };
  return address.startsWith("https://") ? { url: address } : null;
}

function native(block: unknown): CommonPart {
  return { type: "native", provider: "openai", block };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
