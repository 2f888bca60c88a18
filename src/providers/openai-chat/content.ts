import { UnsupportedContentError } from "../../errors.ts";
import { defined, isObject, type JsonObject, stringField } from "../../json/object.ts";
import { stringify } from "../../json/stringify.ts";
import { base64 } from "../../prompt/base64.ts";
import type { SentPart } from "../../prompt/common-message.ts";
import type { Media } from "../../prompt/media.ts";
import type { ToolResult } from "../../tool/tool-result.ts";
import { result } from "../openai-platform/failed-results.ts";
import { type Dialect, UNKNOWN } from "./dialects.ts";
import type { ChatMessageParam } from "./message-param.ts";
import type { OpenAIChatNative } from "./native.ts";
import { PROVIDER } from "./native.ts";

/** A message as the API takes it: that may be several, since the results of tools are messages of their own. */
export function encodeMessage(
  message: OpenAIChatNative["promptMessage"],
  dialect: Dialect,
): readonly ChatMessageParam[] {
  const { content, role } = message;
  // Messages of the API's own shape are sent as they are.
  if (!Array.isArray(content)) return [message as ChatMessageParam];
  const given: readonly unknown[] = content;
  for (const part of given) {
    if (!isObject(part)) {
      const type = part === null ? "null" : typeof part;
      throw new UnsupportedContentError(type, "a message's content is text or a list of content parts.");
    }
  }
  const parts = given as readonly (SentPart | JsonObject)[];
  if (!parts.some(isNeutral)) return [message as ChatMessageParam];
  const results = parts.filter(isResult);
  const said = parts.filter((part) => !isResult(part));
  const fields = role === "assistant" ? turnOf(said) : contentOf(said, role, dialect);
  return [
    ...encodeToolResults(results),
    // Parts of the API's own shape are not checked.
    ...(Object.keys(fields).length === 0 ? [] : [{ role, ...fields } as unknown as ChatMessageParam]),
  ];
}

/** Whether a part is ours rather than native. */
function isNeutral(part: SentPart | JsonObject): part is SentPart {
  return /^(text|audio|document|image|native|tool(Call|Result))$/.test(String(part.type));
}

function isResult(part: SentPart | JsonObject): part is Extract<SentPart, { type: "toolResult" }> {
  return part.type === "toolResult";
}

/**
 * The messages that answer a model's tool calls, one for each. They have text alone, and no mark for errors: other content
 * follows in a message of the user.
 */
export function encodeToolResults(results: readonly ToolResult[]): readonly ChatMessageParam[] {
  const shown: object[] = [];
  const messages = results.map(({ id, content, isError }): ChatMessageParam => {
    const texts: string[] = [];
    const media: object[] = [];
    for (const part of typeof content === "string" ? [{ type: "text", text: content }] : content) {
      const text = stringField(part, "text");
      const sent = text === null ? mediaOf(part) : null;
      if (sent !== null) media.push(sent);
      texts.push(text ?? (sent === null ? "[not shown]" : "[See the next message of the user.]"));
    }
    if (media.length > 0) shown.push({ type: "text", text: `From the result of call ${id}:` }, ...media);
    const text = texts.join("\n");
    const said = isError && !/error/i.test(text) ? `Error: ${text}` : text;
    return result<ChatMessageParam>({ role: "tool", tool_call_id: id, content: said }, isError);
  });
  // Parts of the API's own shape are not checked.
  return shown.length === 0 ? messages : [...messages, { role: "user", content: shown } as unknown as ChatMessageParam];
}

/** A part that a message of the user may have; null for any other. */
function mediaOf(part: object): object | null {
  const type = stringField(part, "type") ?? "";
  if (/^(image_url|file|input_audio)$/.test(type)) return part;
  const isMedia = type === "image" || (type === "document" && "data" in part);
  // Of our own shape: it has this type.
  return isMedia ? encodePart(part as SentPart, UNKNOWN) : null;
}

/** The fields of a model's turn. */
function turnOf(parts: readonly (SentPart | JsonObject)[]): JsonObject {
  const fields: JsonObject = {};
  let text = "";
  const calls: object[] = [];
  for (const part of parts) {
    if (!isNeutral(part)) throw new UnsupportedContentError(String(part["type"]), "a model's turn has text and calls.");
    if (part.type === "text") text += part.text;
    else if (part.type === "toolCall") {
      const { id, name, args } = part;
      calls.push({ id, type: "function", function: { name, arguments: stringify(args ?? {}) } });
    } else if (part.type === "native") {
      // That of another provider says nothing to this one.
      if (part.provider === PROVIDER) Object.assign(fields, part.block);
    } else throw new UnsupportedContentError(part.type, "only the user's messages may have it.");
  }
  if (text !== "") fields["content"] = text;
  if (calls.length > 0) fields["tool_calls"] = calls;
  return fields;
}

function contentOf(parts: readonly (SentPart | JsonObject)[], role: string, dialect: Dialect): JsonObject {
  const encoded = parts.flatMap((part): object[] => {
    if (!isNeutral(part)) return [part];
    if (part.type === "native") return part.provider === PROVIDER ? [Object(part.block)] : [];
    if (role === "system" && part.type !== "text") {
      throw new UnsupportedContentError(part.type, "instructions are text.");
    }
    return [encodePart(part, dialect)];
  });
  return encoded.length === 0 ? {} : { content: encoded };
}

function encodePart(part: SentPart, { dataImagesOnly }: Dialect): object {
  if (part.type === "text") return part;
  if (part.type === "image") {
    if (dataImagesOnly && "url" in part)
      throw new UnsupportedContentError("image", "this server fetches none: pass its bytes.");
    return { type: "image_url", image_url: defined({ url: urlOf(part), detail: part.detail }) };
  }
  if (part.type === "audio") {
    const format = "data" in part ? AUDIO.get(part.mediaType) : undefined;
    if (format === undefined)
      throw new UnsupportedContentError("audio", "Chat Completions takes the bytes of WAV or MP3.");
    return { type: "input_audio", input_audio: { data: urlOf(part).replace(/.*,/, ""), format } };
  }
  if (part.type === "document") {
    if ("url" in part) throw new UnsupportedContentError("document", "Chat Completions fetches none: pass its bytes.");
    return { type: "file", file: { filename: part.title ?? "document", file_data: urlOf(part) } };
  }
  throw new UnsupportedContentError(part.type, "only a model's turn has calls of tools.");
}

const AUDIO: ReadonlyMap<string, string> = new Map([
  ["audio/wav", "wav"],
  ["audio/mpeg", "mp3"],
  ["audio/mp3", "mp3"],
]);

/** The address of media: a `data:` URL for bytes. */
function urlOf(media: Media): string {
  if ("url" in media) return media.url;
  const { data, mediaType } = media;
  return `data:${mediaType};base64,${typeof data === "string" ? data : base64(data)}`;
}
