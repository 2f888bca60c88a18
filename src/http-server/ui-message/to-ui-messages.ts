import { saysRefused } from "../../agent/tool-refused-error.ts";
import { isObject, tryParse } from "../../json/object.ts";
import { base64 } from "../../prompt/base64.ts";
import type {
  CommonMessage,
  CommonPart,
  ToolApprovalPart,
  ToolCallPart,
  ToolResultPart,
} from "../../prompt/common-message.ts";
import type { Media } from "../../prompt/media.ts";
import { jsonData } from "../../tool/plain-data.ts";
import { TOOL_REFUSED, toolWords } from "../public-error.ts";
import { type ProviderMetadata, thinkingOf } from "./thinking-metadata.ts";
import { hasDenied, type UIVersion } from "./ui-version.ts";

interface UIToolCall {
  readonly type: `tool-${string}`;
  readonly toolCallId: string;
  readonly input: unknown;
}

/** A part of a message as `useChat` of the AI SDK has it. */
export type UIMessagePart =
  | { readonly type: "step-start" }
  | { readonly type: "text"; readonly text: string; readonly state: "done" }
  | {
      readonly type: "reasoning";
      readonly text: string;
      readonly state: "done";
      readonly providerMetadata?: Record<string, Record<string, string>>;
    }
  | { readonly type: "file"; readonly mediaType: string; readonly url: string; readonly filename?: string }
  | (UIToolCall & { readonly state: "input-available" })
  | (UIToolCall & { readonly state: "approval-requested"; readonly approval: { readonly id: string } })
  | (UIToolCall & {
      readonly state: "approval-responded";
      readonly approval: { readonly id: string; readonly approved: boolean; readonly reason?: string };
    })
  | (UIToolCall & { readonly state: "output-available"; readonly output: unknown })
  | (UIToolCall & { readonly state: "output-error"; readonly errorText: string })
  | (UIToolCall & {
      readonly state: "output-denied";
      readonly approval: { readonly id: string; readonly approved: false; readonly reason?: string };
    });

/** A message as `useChat` of the AI SDK has it. */
export interface UIMessage {
  /** Unique in its conversation. */
  readonly id: string;
  /** Who speaks. */
  readonly role: "user" | "assistant";
  /** Text, files, thinking and calls of tools, in their order. */
  readonly parts: UIMessagePart[];
}

/** What a conversation does not know of itself. */
export interface UIMessagesOptions {
  /** The name of the run that wrote the last answer: it is the id of its message, by which a page that resumes finds it. */
  readonly run?: string | undefined;
  /** Whether the page gets to know the thinking: as the option of `uiMessageResponse`. Default: true. */
  readonly sendReasoning?: boolean | undefined;
  /**
   * The major version of the AI SDK: as the option of `uiMessageResponse`. From 6 on, a call that was refused is
   * `output-denied`; by default it is an `output-error` that says so, which all versions know.
   */
  readonly version?: UIVersion | undefined;
}

/** See `toUIMessages` of `millrace/http`. */
export function uiMessagesOf(messages: readonly CommonMessage[], options: UIMessagesOptions = {}): UIMessage[] {
  const { run } = options;
  const shown = messagesOf(messages, options);
  const last = shown.at(-1);
  if (last === undefined || last.role === "user") return shown;
  return [...shown.slice(0, -1), { ...last, id: run ?? last.id, parts: last.parts.map(waitingPart) }];
}

/** A call that the end of a conversation leaves open waits for an approval. */
function waitingPart(part: UIMessagePart): UIMessagePart {
  if (!("toolCallId" in part) || part.state !== "input-available") return part;
  return { ...part, state: "approval-requested", approval: { id: part.toolCallId } };
}

function messagesOf(
  messages: readonly CommonMessage[],
  { sendReasoning: hasReasoning = true, version }: UIMessagesOptions,
): UIMessage[] {
  const shown: UIMessage[] = [];
  /** Where the calls are whose results follow. */
  const calls = new Map<string, { readonly parts: UIMessagePart[]; readonly at: number }>();
  for (const { role, content } of messages) {
    const parts = typeof content === "string" ? [{ type: "text" as const, text: content }] : content;
    if (role === "user") for (const part of parts) settle(part, calls, version);
    const all = parts.flatMap(role === "assistant" ? assistantPart : userPart);
    const own = hasReasoning ? all : all.filter(({ type }) => type !== "reasoning");
    if (role === "system" || own.length === 0) continue;
    const last = shown.at(-1);
    const isSame = role === "assistant" && last?.role === "assistant";
    const message = isSame ? last : { id: `message-${shown.length + 1}`, role, parts: [] };
    if (!isSame) shown.push(message);
    if (role === "assistant") message.parts.push({ type: "step-start" });
    for (const part of own) {
      if ("toolCallId" in part) calls.set(part.toolCallId, { parts: message.parts, at: message.parts.length });
      message.parts.push(part);
    }
  }
  return shown;
}

/** Gives a call its result, or the answer to its approval. */
function settle(
  given: CommonPart,
  calls: ReadonlyMap<string, { readonly parts: UIMessagePart[]; readonly at: number }>,
  version: UIVersion | undefined,
): void {
  if (given.type !== "toolResult" && given.type !== "toolApproval") return;
  const call = calls.get(given.id);
  const part = call?.parts[call.at];
  if (call === undefined || part === undefined || !("toolCallId" in part)) return;
  const { type, toolCallId, input } = part;
  const own = { type, toolCallId, input };
  if (given.type === "toolApproval") call.parts[call.at] = answeredPart(part, given);
  else if (saysRefused(given.content)) call.parts[call.at] = refusedPart(part, version);
  else if (given.isError) call.parts[call.at] = { ...own, state: "output-error", errorText: toolWords(given.content) };
  else call.parts[call.at] = { ...own, state: "output-available", output: outputOf(given) };
}

/** A call whose approval was answered. Of several answers a refusal counts, and of a call with a result none does. */
function answeredPart(
  part: Extract<UIMessagePart, UIToolCall>,
  { id, approved, reason }: ToolApprovalPart,
): UIMessagePart {
  const isWaiting = part.state === "input-available" || (part.state === "approval-responded" && part.approval.approved);
  if (!isWaiting) return part;
  const { type, toolCallId, input } = part;
  const approval = { id, approved, ...(reason !== undefined && { reason }) };
  return { type, toolCallId, input, state: "approval-responded", approval };
}

/** A call that did not run because somebody has said no. The reason is not told: it need not be the visitor's. */
function refusedPart(part: Extract<UIMessagePart, UIToolCall>, version: UIVersion | undefined): UIMessagePart {
  const { type, toolCallId, input } = part;
  if (!hasDenied(version)) return { type, toolCallId, input, state: "output-error", errorText: TOOL_REFUSED };
  return { type, toolCallId, input, state: "output-denied", approval: { id: toolCallId, approved: false } };
}

/** Objects and lists are JSON to the model, and data to the page. */
export function outputOf({ content }: ToolResultPart): unknown {
  if (typeof content !== "string") return jsonData(content);
  const data = /^\s*[[{]/.test(content) ? tryParse(content) : undefined;
  return typeof data === "object" && data !== null ? data : content;
}

function assistantPart(part: CommonPart): UIMessagePart[] {
  if (part.type === "toolCall") return [callPart(part)];
  if (part.type !== "native") return userPart(part);
  const thinking = thinkingOf(part.block);
  return thinking === null ? [] : [reasoningPart(thinking.text, thinking.metadata)];
}

function callPart({ id, name, args }: ToolCallPart): UIMessagePart {
  const input = isObject(args) ? args : {};
  return { type: `tool-${name}`, toolCallId: id, state: "input-available", input };
}

function reasoningPart(text: string, metadata: ProviderMetadata | null): UIMessagePart {
  const part = { type: "reasoning", text, state: "done" } as const;
  return metadata === null
    ? part
    : { ...part, providerMetadata: structuredClone(metadata) as Record<string, Record<string, string>> };
}

function userPart(part: CommonPart): UIMessagePart[] {
  if (part.type === "text") return part.text === "" ? [] : [{ type: "text", text: part.text, state: "done" }];
  if (part.type === "image" || part.type === "audio") return [filePart(part, DEFAULTS[part.type])];
  if (part.type === "document") return [filePart(part, DEFAULTS.document, part.title)];
  return [];
}

const DEFAULTS = { image: "image/*", audio: "audio/*", document: "application/octet-stream" } as const;

function filePart(media: Media, otherwise: string, filename?: string): UIMessagePart {
  const { mediaType = otherwise } = media;
  const named = filename === undefined ? {} : { filename };
  if ("url" in media) return { type: "file", mediaType, url: media.url, ...named };
  const data = typeof media.data === "string" ? media.data : base64(media.data);
  return { type: "file", mediaType, url: `data:${mediaType};base64,${data}`, ...named };
}
