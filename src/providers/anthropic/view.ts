import { field, stringField } from "../../json/object.ts";
import type { UsageSource } from "../../cost/usage.ts";
import type { CountedReply, MessageViews } from "../../provider/provider.ts";
import { commonFinishReason, isStopReason } from "./finish-reason.ts";
import { readUsage } from "./message-usage.ts";
import type { AnthropicNative, SourcedUsage } from "./native.ts";
import { anthropicUsage, costOf, refusalOf } from "./usage.ts";
import type { AnthropicMessage, FinishReason } from "./wire.ts";

/** What can be read from an Anthropic message. Values that are not of their declared type count as missing. */
export const anthropicViews: MessageViews<AnthropicNative> = {
  id: (message) => stringField(message, "id"),
  model: (message) => stringField(message, "model"),
  content: (message) => textOf(field(message, "content"), "text"),
  thinking: (message) => textOf(field(message, "content"), "thinking"),
  finishReasons,
  commonFinishReasons: (message) => finishReasons(message).map(commonFinishReason),
  usage,
  commonUsage: (reply, source) => anthropicUsage(usage(reply, source), source),
  cost: (reply, model, source, prices) =>
    costOf({
      model: stringField(reply.message, "model") ?? model,
      asked: model,
      usage: usage(reply, source),
      prices,
      refusal: refusalOf(reply.message),
    }),
  userMessageParam: (messages) => messages.findLast((message) => field(message, "role") === "user") ?? null,
};

function finishReasons(message: AnthropicMessage | null): readonly FinishReason[] {
  const reason = field(message, "stop_reason");
  return isStopReason(reason) ? [reason] : [];
}

function usage({ message, estimatedTokens }: CountedReply<AnthropicNative>, source: UsageSource): SourcedUsage {
  const reported = { ...readUsage(field(message, "usage")), source };
  // The API counts output only when the message ends. Until then, the text received so far is the best estimate.
  if (source === "estimated" && estimatedTokens > reported.output_tokens) reported.output_tokens = estimatedTokens;
  return reported;
}

/** The signature of the last thinking block, or null. */
export function signatureOf(message: AnthropicMessage | null): string | null {
  return blockFields(field(message, "content"), "signature").at(-1) || null;
}

/** The text of all blocks of one kind. Unlike `join`, `+` does not copy it, and this is read at every chunk. */
export function textOf(blocks: unknown, name: "text" | "thinking"): string {
  let all = "";
  for (const text of blockFields(blocks, name)) all += text;
  return all;
}

/** The values of a string field, from the blocks that have it: `signature` is a field of thinking blocks. */
function blockFields(blocks: unknown, name: "text" | "thinking" | "signature"): string[] {
  if (!Array.isArray(blocks)) return [];
  const type = name === "signature" ? "thinking" : name;
  return blocks.flatMap((block) => (field(block, "type") === type ? (stringField(block, name) ?? []) : []));
}
