import { field, stringField } from "../../json/object.ts";
import type { Prices } from "../../cost/price.ts";
import type { UsageSource } from "../../cost/usage.ts";
import type { CommonFinishReason } from "../../provider/native.ts";
import type { CountedReply, MessageViews } from "../../provider/provider.ts";
import { isStopReason } from "./message.ts";
import type { AnthropicNative, SourcedUsage } from "./native.ts";
import { anthropicCost, anthropicUsage, refusalOf } from "./usage.ts";
import type { AnthropicMessage, AnthropicUsage, FinishReason } from "./wire.ts";

const COMMON_FINISH_REASONS: Readonly<Record<string, CommonFinishReason>> = {
  end_turn: "stop",
  stop_sequence: "stop",
  max_tokens: "length",
  tool_use: "tool_calls",
  refusal: "content_filter",
  pause_turn: "pause",
  model_context_window_exceeded: "context_exceeded",
  compaction: "compaction",
};

const NO_USAGE: AnthropicUsage = { input_tokens: 0, output_tokens: 0 };

/** A stop reason in words that all providers share. */
export function commonFinishReason(reason: FinishReason): CommonFinishReason {
  return COMMON_FINISH_REASONS[reason] ?? "unknown";
}

/** What can be read off an Anthropic message. */
export const anthropicViews: MessageViews<AnthropicNative> = {
  id: (message) => stringField(message, "id"),
  model: (message) => stringField(message, "model"),
  content: (message) => textOf(message?.content, "text"),
  thinking: (message) => textOf(message?.content, "thinking"),
  finishReasons,
  commonFinishReasons: (message) => finishReasons(message).map(commonFinishReason),
  usage,
  commonUsage: (reply, source) => anthropicUsage(usage(reply, source), source),
  cost: (reply, model, source, prices: Prices | undefined) =>
    anthropicCost({
      model: stringField(reply.message, "model") ?? model,
      asked: model,
      usage: usage(reply, source),
      prices,
      refusal: reply.message === null ? undefined : refusalOf(reply.message),
    }),
  userMessageParam: (messages) => messages.findLast((message) => message.role === "user") ?? null,
};

function finishReasons(message: AnthropicMessage | null): readonly FinishReason[] {
  return isStopReason(message?.stop_reason) ? [message.stop_reason] : [];
}

function usage({ message, estimatedTokens }: CountedReply<AnthropicNative>, source: UsageSource): SourcedUsage {
  const reported = { ...NO_USAGE, ...message?.usage, source };
  // The provider counts output when the message ends; until then what was written is all there is to go by.
  if (source === "estimated" && estimatedTokens > reported.output_tokens) reported.output_tokens = estimatedTokens;
  return reported;
}

/** The signature of the last thinking block, or null. */
export function signatureOf(message: AnthropicMessage | null): string | null {
  return blockFields(message?.content, "signature").at(-1) || null;
}

/** The text, or the thinking, of all blocks. */
export function textOf(blocks: unknown, name: "text" | "thinking"): string {
  // Not joined: that would copy all of it each time.
  return blockFields(blocks, name).reduce((text, piece) => text + piece, "");
}

/** The values of a string field of the blocks of that kind; a signature is a field of thinking. */
function blockFields(blocks: unknown, name: "text" | "thinking" | "signature"): string[] {
  if (!Array.isArray(blocks)) return [];
  const type = name === "signature" ? "thinking" : name;
  return blocks.flatMap((block) => (field(block, "type") === type ? (stringField(block, name) ?? []) : []));
}
