/**
 * How far usage can be trusted: `reported` is final, as the provider gave it at the end of the reply; `partial` is what
 * the provider had reported when the stream was interrupted, a lower bound; `estimated` is worked out from the text, and
 * stands in for counts that the provider has not reported yet.
 */
export type UsageSource = "reported" | "partial" | "estimated";

/** What a reply used, in terms that all providers share. A provider may add to it. Counts are tokens. */
export interface Usage {
  readonly source: UsageSource;
  /** The part of the prompt that was neither read from the cache nor written to it. */
  readonly inputTokens: number;
  /** What the model wrote, including thinking. */
  readonly outputTokens: number;
  /** The part of the prompt that was read from the cache. */
  readonly cachedTokens: number;
  /** The part of {@link outputTokens} that was thinking, or null if the provider does not say. */
  readonly thinkingTokens: number | null;
  /** The whole prompt plus the whole output. */
  readonly totalTokens: number;
}

/** The usage with these counts; those that a provider does not report are 0. */
export function usageOf(
  source: UsageSource,
  { inputTokens = 0, outputTokens = 0, cachedTokens = 0, thinkingTokens = null }: Partial<Usage>,
): Usage {
  const totalTokens = inputTokens + outputTokens + cachedTokens;
  return { source, inputTokens, outputTokens, cachedTokens, thinkingTokens, totalTokens };
}
