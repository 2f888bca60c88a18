import { InvalidOptionError } from "../errors.ts";
import { field, isObject, type JsonObject, stringField, tryParse } from "../json/object.ts";
import type { CommonMessage, CommonPart } from "../prompt/common-message.ts";
import { toMedia } from "../prompt/media.ts";
import type { ContentPart } from "../prompt/message.ts";
import { checkOptions, aFlag } from "../schema/option-form.ts";
import { toolResult } from "../tool/tool-result.ts";
import { approvalPart } from "./approvals.ts";
import { thinkingBlock } from "./thinking-metadata.ts";

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
  return (messages as readonly unknown[]).flatMap((message, index): CommonMessage[] => {
    const [role, parts] = [field(message, "role"), field(message, "parts")];
    if (!Array.isArray(parts)) throw new InvalidOptionError(`messages.${index}.parts`, "it must be a list.");
    const known = parts.filter(isObject);
    if (role === "assistant") return stepsOf(known).flatMap(turnOf);
    if (role === "user") return messageOf("user", known.flatMap(userPart));
    if (role === "system" && options.system === true) return messageOf("system", known.flatMap(textPart));
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
function turnOf(parts: readonly JsonObject[]): CommonMessage[] {
  const said: CommonPart[] = [];
  const given: CommonPart[] = [];
  for (const part of parts) {
    const type = String(part["type"]);
    if (type === "reasoning") {
      const block = thinkingBlock(stringField(part, "text") ?? "", part["providerMetadata"]);
      if (block !== null) said.push(block);
    } else if (type === "dynamic-tool" || type.startsWith("tool-")) {
      const exchange = exchangeOf(part, type);
      said.push(...exchange.said);
      given.push(...exchange.given);
    } else said.push(...textPart(part));
  }
  // Thinking that led to nothing is not taken back.
  const isEmpty = said.every(({ type }) => type === "native");
  return isEmpty ? [] : [...messageOf("assistant", said), ...messageOf("user", given)];
}

interface Exchange {
  readonly said: readonly CommonPart[];
  readonly given: readonly CommonPart[];
}

const NO_EXCHANGE: Exchange = { said: [], given: [] };

/** A call of a tool, and its result. Calls without one get an error: no provider takes them otherwise. */
function exchangeOf(part: JsonObject, type: string): Exchange {
  const [id, state] = [stringField(part, "toolCallId"), part["state"]];
  const name = type === "dynamic-tool" ? stringField(part, "toolName") : type.slice("tool-".length);
  const isOurs = part["providerExecuted"] !== true && state !== "input-streaming";
  if (id === null || !name || !isOurs) return NO_EXCHANGE;
  const said: readonly CommonPart[] = [{ type: "toolCall", id, name, args: argsOf(part) }];
  // The part is one of ours, which the provider's types take in.
  if (state === "approval-responded")
    return { said, given: [approvalPart(id, part["approval"]) as unknown as CommonPart] };
  return { said, given: [resultOf(id, state, part)] };
}

function argsOf({ input, rawInput }: JsonObject): unknown {
  const raw = typeof rawInput === "string" ? tryParse(rawInput) : rawInput;
  return isObject(input) ? input : isObject(raw) ? raw : {};
}

function resultOf(id: string, state: unknown, part: JsonObject): CommonPart {
  const failed = (content: string): CommonPart => ({ type: "toolResult", id, content, isError: true });
  if (state === "output-available") {
    const { content, isError } = toolResult(id, part["output"]);
    // Neutral parts: nothing else is taken for one.
    return { type: "toolResult", id, content: content as string | readonly CommonPart[], isError };
  }
  if (state === "output-error") return failed(stringField(part, "errorText") || "The tool failed.");
  if (state === "output-denied" || state === "approval-requested") {
    const reason = stringField(part["approval"], "reason");
    return failed(
      reason ? `The user did not allow this tool to run: ${reason}` : "The user did not allow this tool to run.",
    );
  }
  return failed("The tool did not run.");
}
