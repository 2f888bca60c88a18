/**
 * How far usage can be trusted: `reported` is final, as the provider gave it at the end of the reply; `partial` is what
 * the provider had reported when the stream was interrupted, a lower bound; `estimated` is worked out from the text, and
 * stands in for counts that the provider has not reported yet.
 */
export type UsageSource = "reported" | "partial" | "estimated";

/** What a reply used, in terms that all providers share. Counts are tokens unless noted otherwise. */
export interface Usage {
  readonly source: UsageSource;
  /** The part of the prompt that was neither read from the cache nor written to it. */
  readonly inputTokens: number;
  /** What the model wrote, including thinking. */
  readonly outputTokens: number;
  /** The part of the prompt that was read from the cache. */
  readonly cachedTokens: number;
  /** The part of the prompt that was written to the cache. */
  readonly cacheWriteTokens: number;
  /** The part of {@link cacheWriteTokens} that is kept for five minutes. */
  readonly cacheWrite5mTokens: number;
  /** The part of {@link cacheWriteTokens} that is kept for an hour. */
  readonly cacheWrite1hTokens: number;
  /** The part of {@link outputTokens} that was thinking, or null if the provider does not say. */
  readonly thinkingTokens: number | null;
  /** How many web searches the provider made. */
  readonly webSearchRequests: number;
  /** How many web pages the provider fetched. */
  readonly webFetchRequests: number;
  /** The whole prompt plus the whole output. */
  readonly totalTokens: number;
}

/** Usage with the counts that a provider has; the others are 0. */
export function usageOf(
  source: UsageSource,
  { thinkingTokens = null, ...given }: Partial<Omit<Usage, "source" | "totalTokens">>,
): Usage {
  const counts = { inputTokens: 0, outputTokens: 0, cachedTokens: 0, cacheWriteTokens: 0, ...given };
  const { inputTokens, outputTokens, cachedTokens, cacheWriteTokens } = counts;
  return {
    source,
    cacheWrite5mTokens: 0,
    cacheWrite1hTokens: 0,
    thinkingTokens,
    webSearchRequests: 0,
    webFetchRequests: 0,
    ...counts,
    totalTokens: inputTokens + outputTokens + cachedTokens + cacheWriteTokens,
  };
}
