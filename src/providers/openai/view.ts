import { field, isObject, type JsonObject, stringField } from "../../json/object.ts";
import type { UsageSource } from "../../cost/usage.ts";
import type { CountedReply, MessageViews } from "../../provider/provider.ts";
import { costOf, openAIUsage, readUsage, RESPONSES_NAMES } from "../openai-platform/usage.ts";
import { commonFinishReason, finishReasonOf, itemsIn } from "./finish-reason.ts";
import { THOUGHT } from "./message.ts";
import type { OpenAINative, SourcedUsage } from "./native.ts";
import { typeOf } from "./type-of.ts";

/** What can be read from a response. Values that are not of their declared type count as missing. */
export const openAIViews: MessageViews<OpenAINative> = {
  id: (message) => stringField(message, "id"),
  model: (message) => stringField(message, "model"),
  content: (message) => contentOf(itemsIn(message)),
  thinking: (message) => thinkingOf(itemsIn(message)),
  finishReasons(message) {
    const reason = finishReasonOf(message);
    return reason === null ? [] : [reason];
  },
  commonFinishReasons(message) {
    const reason = commonFinishReason(message);
    return reason === null ? [] : [reason];
  },
  usage,
  commonUsage: (reply, source) => openAIUsage(usage(reply, source), source),
  cost: (reply, asked, source, prices) =>
    costOf({
      model: stringField(reply.message, "model") ?? asked,
      usage: usage(reply, source),
      serviceTier: stringField(reply.message, "service_tier"),
      prices,
    }),
  userMessageParam: (items) => items.findLast((item) => field(item, "role") === "user") ?? null,
};

function usage({ message, estimatedTokens, body }: CountedReply<OpenAINative>, source: UsageSource): SourcedUsage {
  // Held to these types.
  return readUsage(field(message, "usage"), RESPONSES_NAMES, source, estimatedTokens, body) as unknown as SourcedUsage;
}

/** The text of all messages. */
export function contentOf(items: readonly JsonObject[]): string {
  return textIn(items, "message", "content", /^output_text$/);
}

/** The summaries of all reasoning, and the reasoning itself where the model shows it. */
function thinkingOf(items: readonly JsonObject[]): string {
  let all = "";
  for (const item of items)
    all += textIn([item], "reasoning", "summary", THOUGHT) + textIn([item], "reasoning", "content", THOUGHT);
  return all;
}

/** Why the model does not do what was asked; null if it does. */
export function refusalOf(message: unknown): string | null {
  const parts = itemsIn(message).flatMap(({ content }) => (Array.isArray(content) ? content : []));
  const refusals = parts.flatMap((part) =>
    field(part, "type") === "refusal" ? (stringField(part, "refusal") ?? []) : [],
  );
  return refusals.length === 0 ? null : refusals.join("");
}

/** Unlike `join`, `+` does not copy the text, and this is read at every chunk. */
function textIn(items: readonly JsonObject[], type: string, list: string, part: RegExp): string {
  let all = "";
  for (const item of items) {
    const parts = item[list];
    if (item["type"] !== type || !Array.isArray(parts)) continue;
    for (const block of parts) if (isObject(block) && part.test(typeOf(block))) all += stringField(block, "text") ?? "";
  }
  return all;
}
