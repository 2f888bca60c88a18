import type { UsageSource } from "../../cost/usage.ts";
import { field, stringField } from "../../json/object.ts";
import type { CommonFinishReason } from "../../provider/native.ts";
import type { CountedReply, MessageViews } from "../../provider/provider.ts";
import { CHAT_NAMES, costOf, openAIUsage, readUsage } from "../openai-platform/usage.ts";
import { textOfDetail } from "./choice.ts";
import { listOf } from "./fields.ts";
import { commonFinishReason, isFinishReason } from "./finish-reason.ts";
import type { OpenAIChatAccessors, OpenAIChatNative, OpenAIChatUsage } from "./native.ts";
import type { ChatCompletion, FinishReason } from "./wire.ts";

/** What can be read from a reply. Values that are not of their declared type count as missing. */
export const chatViews: MessageViews<OpenAIChatNative> = {
  id: (message) => stringField(message, "id") || null,
  model: (message) => stringField(message, "model") || null,
  content: (message) => contentOf(firstMessage(message)),
  thinking: (message) => thinkingOf(firstMessage(message)),
  finishReasons,
  commonFinishReasons,
  usage,
  commonUsage: (reply, source) => openAIUsage(usage(reply, source), source),
  cost: (reply, asked, source, prices) =>
    costOf({
      model: chatViews.model(reply.message) ?? asked,
      usage: usage(reply, source),
      serviceTier: stringField(reply.message, "service_tier"),
      prices,
    }),
  userMessageParam: (messages) => messages.findLast(({ role }) => role === "user") ?? null,
};

/** The values of the accessors that only this provider has. */
export function accessorsOf(message: ChatCompletion | null): OpenAIChatAccessors {
  const first = firstMessage(message);
  const audio = field(first, "audio");
  return {
    refusal: stringField(first, "refusal") || null,
    // Not decoded for those who ask for something else.
    get audio() {
      return bytesOf(stringField(audio, "data"));
    },
    audioTranscript: stringField(audio, "transcript"),
  };
}

function bytesOf(base64: string | null): Uint8Array | null {
  return base64 === null ? null : Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0));
}

/** The choice whose text is the content of the reply. */
function firstChoice(message: ChatCompletion | null): unknown {
  return message?.choices.find(({ index }) => index === 0);
}

function firstMessage(message: ChatCompletion | null): unknown {
  return field(firstChoice(message), "message");
}

/** The text of a message. */
export function contentOf(message: unknown): string {
  const content = field(message, "content");
  if (typeof content === "string") return content;
  let all = "";
  for (const part of listOf(content)) if (field(part, "type") === "text") all += stringField(part, "text") ?? "";
  return all;
}

function thinkingOf(message: unknown): string {
  const text = stringField(message, "reasoning_content") || stringField(message, "reasoning");
  if (text) return text;
  let all = "";
  for (const detail of listOf(field(message, "reasoning_details"))) all += textOfDetail(detail);
  return all;
}

function finishReasons(message: ChatCompletion | null): readonly FinishReason[] {
  const reason = field(firstChoice(message), "finish_reason");
  return isFinishReason(reason) ? [reason] : [];
}

/** A model that refuses ends with `stop`, as any other. */
function commonFinishReasons(message: ChatCompletion | null): readonly CommonFinishReason[] {
  const isRefusal = !!stringField(firstMessage(message), "refusal");
  return finishReasons(message).map((reason) => (isRefusal ? "content_filter" : commonFinishReason(reason)));
}

function usage(
  { message, estimatedTokens, body }: CountedReply<OpenAIChatNative>,
  source: UsageSource,
): OpenAIChatUsage {
  return readUsage(field(message, "usage"), CHAT_NAMES, source, estimatedTokens, body);
}
