import { InvalidOptionError } from "../errors.ts";
import { field, isObject, type JsonObject, stringField } from "../json/object.ts";
import type { CommonMessage, CommonPart } from "../prompt/common-message.ts";
import { toMedia } from "../prompt/media.ts";
import type { ContentPart } from "../prompt/message.ts";
import { checkOptions, aFlag } from "../schema/option-form.ts";
import { thinkingBlock } from "./thinking-metadata.ts";
import { UICalls } from "./ui-calls.ts";

/** A message as `useChat` of the AI SDK has it. */
export interface UIMessageLike {
  /** Who speaks: `user`, `assistant` or `system`. */
  readonly role: string;
  /** Text, files, thinking and calls of tools. */
  readonly parts: readonly object[];
}

/** How messages of a page are read. */
export interface FromUIMessagesOptions {
  /**
   * Whether messages of the role `system` are taken: your own, from your database say. By default they are an error, since
   * anybody can send them.
   */
  readonly system?: boolean | undefined;
}

/** See `fromUIMessages` of `millrace/http`. */
export function commonMessagesOf(
  messages: readonly UIMessageLike[],
  options: FromUIMessagesOptions = {},
): CommonMessage[] {
  checkOptions(options, { system: aFlag });
  if (!Array.isArray(messages)) throw new InvalidOptionError("messages", "it must be a list.");
  // What a page sends may be anything.
  const read = (messages as readonly unknown[]).map((message, index) => {
    const [role, parts] = [field(message, "role"), field(message, "parts")];
    if (!Array.isArray(parts)) throw new InvalidOptionError(`messages.${index}.parts`, "it must be a list.");
    return { role, parts: parts.filter(isObject) };
  });
  const calls = new UICalls(read);
  return read.flatMap(({ role, parts }, index): CommonMessage[] => {
    if (role === "assistant") return stepsOf(parts).flatMap((step) => turnOf(step, calls));
    if (role === "user") return messageOf("user", parts.flatMap(userPart));
    if (role === "system" && options.system === true) return messageOf("system", parts.flatMap(textPart));
    const advice =
      role === "system" ? "a page does not give instructions: pass system: true if they are yours." : ROLES;
    throw new InvalidOptionError(`messages.${index}.role`, advice);
  });
}

const ROLES = `it must be "user" or "assistant".`;

function messageOf(role: CommonMessage["role"], content: readonly CommonPart[]): CommonMessage[] {
  return content.length === 0 ? [] : [{ role, content }];
}

function textPart(part: JsonObject): ContentPart[] {
  const text = part["type"] === "text" ? (stringField(part, "text") ?? "") : "";
  return /\S/.test(text) ? [{ type: "text", text }] : [];
}

function userPart(part: JsonObject): ContentPart[] {
  return part["type"] === "file" ? [filePart(part)] : textPart(part);
}

/** @throws InvalidOptionError for an address that is neither `https:` nor `data:`. */
function filePart(part: JsonObject): ContentPart {
  const mediaType = stringField(part, "mediaType") ?? "";
  const given = mediaType || undefined;
  if (mediaType.startsWith("image/")) return { type: "image", ...toMedia("image", part["url"], given) };
  if (mediaType.startsWith("audio/")) return { type: "audio", ...toMedia("audio", part["url"], given) };
  const title = stringField(part, "filename");
  return { type: "document", ...toMedia("document", part["url"], given), ...(title !== null && { title }) };
}

/** The parts of the steps of a message. */
function stepsOf(parts: readonly JsonObject[]): JsonObject[][] {
  const steps: JsonObject[][] = [[]];
  for (const part of parts) {
    if (part["type"] === "step-start") steps.push([]);
    else steps.at(-1)?.push(part);
  }
  return steps;
}

/** What the model said in a step, and what its tools gave. */
function turnOf(parts: readonly JsonObject[], calls: UICalls): CommonMessage[] {
  const said: CommonPart[] = [];
  const given: CommonPart[] = [];
  for (const part of parts) {
    const exchange = calls.take(part);
    if (exchange !== undefined) {
      said.push(exchange.said);
      given.push(exchange.given);
    } else if (part["type"] === "reasoning") {
      const block = thinkingBlock(stringField(part, "text") ?? "", part["providerMetadata"]);
      if (block !== null) said.push(block);
    } else said.push(...textPart(part));
  }
  // Thinking that led to nothing is not taken back.
  const isEmpty = said.every(({ type }) => type === "native");
  return isEmpty ? [] : [...messageOf("assistant", said), ...messageOf("user", given)];
}
