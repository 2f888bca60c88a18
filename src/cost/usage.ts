/**
 * How far usage can be trusted: `reported` by the provider at the end; `partial`, what it had reported when the stream
 * was interrupted, so a lower bound; `estimated` from the text, while a stream runs.
 */
export type UsageSource = "reported" | "partial" | "estimated";

/** What a reply took, in words that all providers share. Counts are tokens unless they say otherwise. */
export interface Usage {
  readonly source: UsageSource;
  /** The part of the prompt that was neither read from the cache nor written to it. */
  readonly inputTokens: number;
  /** What was written, thinking included. */
  readonly outputTokens: number;
  /** The part of the prompt that was read from the cache. */
  readonly cachedTokens: number;
  /** The part of the prompt that was written to the cache. */
  readonly cacheWriteTokens: number;
  /** Those of {@link cacheWriteTokens} that it keeps for five minutes. */
  readonly cacheWrite5mTokens: number;
  /** Those of {@link cacheWriteTokens} that it keeps for an hour. */
  readonly cacheWrite1hTokens: number;
  /** Those of {@link outputTokens} that were thinking, or null where the provider does not say. */
  readonly thinkingTokens: number | null;
  /** How many searches on the web the provider made. */
  readonly webSearchRequests: number;
  /** How many pages from the web the provider fetched. */
  readonly webFetchRequests: number;
  /** The whole prompt and the whole output. */
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
