import type { NeutralNative } from "../neutral-provider.ts";
import type { Stream } from "../stream/stream.ts";

/** One line about a stream: how it ended, tokens, cost, and how fast it was. */
export function summarize(stream: Stream<NeutralNative>): string {
  const { inputTokens, outputTokens, cachedTokens, source } = stream.commonUsage;
  const { start, firstChunk } = stream.timings;
  const speed = stream.tokensPerSecond;
  const atLeast = source === "reported" ? "" : "at least ";
  const cached = cachedTokens > 0 ? ` (+${cachedTokens} cached)` : "";
  return [
    stream.model,
    stream.outcome === "complete" ? stream.finishReasons.join() : stream.outcome,
    `${atLeast}${inputTokens}${cached} tokens in, ${outputTokens} out`,
    stream.cost === null ? "price unknown" : `${atLeast}${dollars(stream.cost)}`,
    ...(start === null || firstChunk === null ? [] : [`first token ${firstChunk - start} ms`]),
    ...(speed === null ? [] : [`${Math.round(speed)} tokens/s`]),
  ].join(" · ");
}

function dollars(amount: number): string {
  return `$${amount.toFixed(amount < 0.01 ? 6 : 4)}`;
}
