import { InvalidOptionError } from "../../errors.ts";
import { DEEPEST, isDeeper } from "../../json/depth.ts";
import { field, isObject, type JsonObject, stringField } from "../../json/object.ts";
import { wellFormed } from "../../json/well-formed.ts";
import type { CommonMessage, CommonPart } from "../../prompt/common-message.ts";
import { toMedia } from "../../prompt/media.ts";
import type { ContentPart } from "../../prompt/message.ts";
import { checkOptions, aFlag } from "../../schema/option-form.ts";
import { earlierMessage } from "./earlier-message.ts";
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

/** A message as the page has sent it: what the option `originalMessages` takes. */
export interface OriginalMessage extends UIMessageLike {
  /** Unique in its conversation. */
  readonly id: string;
}

/** What `useChat` of the AI SDK has sent. */
export interface SentChat {
  /** The id of the chat. Check that it belongs to the visitor. */
  readonly id: string;
  /** The conversation, for a prompt: its last message is the user's. They are the visitor's words, all of them. */
  readonly messages: readonly CommonMessage[];
  /** The same as the page has it, for the option `originalMessages`. */
  readonly originalMessages: readonly OriginalMessage[];
  /** All that was sent, with the fields of your own. */
  readonly body: Readonly<JsonObject>;
}

/** See `readChat` of `millrace/http`. */
export async function chatIn(source: unknown, options: FromUIMessagesOptions): Promise<SentChat | Response> {
  checkOptions(options, { system: aFlag });
  try {
    return chatOf(isRequest(source) ? await jsonOf(source) : source, options);
  } catch (error) {
    if (!(error instanceof InvalidOptionError)) throw error;
    const headers = { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" };
    return new Response(error.message, { status: 400, headers });
  }
}

function isRequest(source: unknown): source is Request {
  return typeof field(source, "json") === "function";
}

/** @throws InvalidOptionError */
async function jsonOf(request: Request): Promise<unknown> {
  try {
    return await request.json();
  } catch (cause) {
    // It was cut off, and nobody waits for the answer.
    if (cause instanceof SyntaxError || request.signal.aborted) {
      throw new InvalidOptionError("body", "it must be JSON.", { cause });
    }
    throw cause;
  }
}

/** Nobody has names that are longer. */
const LONGEST_ID = 500;

/** @throws InvalidOptionError for what cannot be a chat. */
function chatOf(body: unknown, options: FromUIMessagesOptions): SentChat {
  if (!isObject(body) || isDeeper(body, DEEPEST)) {
    throw new InvalidOptionError("body", "it must be what useChat sends: an object with id and messages.");
  }
  const id = stringField(body, "id") ?? "";
  if (id === "" || id.length > LONGEST_ID || wellFormed(id) !== id) {
    throw new InvalidOptionError("id", `it must be a text of 1 to ${LONGEST_ID} characters.`);
  }
  // Checked where they are read.
  const originalMessages = body["messages"] as readonly OriginalMessage[];
  const messages = commonMessagesOf(originalMessages, options);
  earlierMessage(originalMessages);
  const last = originalMessages.at(-1);
  if (last?.role === "user" && commonMessagesOf([last]).length === 0) {
    throw new InvalidOptionError("messages", "the last one is empty.");
  }
  if (messages.at(-1)?.role !== "user") throw new InvalidOptionError("messages", "the last one must be of the user.");
  return { id, messages, originalMessages, body };
}
