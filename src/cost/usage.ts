import { isObject, type JsonObject } from "../json/object.ts";
import { getOwn, setOwn } from "../json/own.ts";

/**
 * How far usage can be trusted: `reported` is final, as the provider gave it at the end of the reply; `partial` is what
 * the provider had reported when the stream was interrupted, a lower bound; `estimated` is worked out from the text, and
 * stands in for counts that the provider has not reported yet.
 */
export type UsageSource = "reported" | "partial" | "estimated";

/** What a reply used, in terms that all providers share. A provider may add to it. Counts are tokens. */
export interface Usage {
  /** How far to trust it. */
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

/**
 * The usage of several replies together: counts are added up, and lists are joined; of anything else the last one
 * counts. It can be trusted as far as the least of them.
 */
export function sumUsage<U extends { readonly source: UsageSource }>([first, ...others]: readonly [U, ...U[]]): U {
  return others.reduce<U>((sum, usage) => {
    const source = TRUST.find((least) => sum.source === least || usage.source === least);
    // Made of the same fields as those that went into it.
    return { ...(sumOf(sum, usage) as U), source };
  }, first);
}

/** The sources of usage that is not final. */
export const UNSURE = ["estimated", "partial"] as const;

/** From the least trustworthy on. */
const TRUST: readonly UsageSource[] = ["estimated", "partial", "reported"];

function sumOf(a: unknown, b: unknown): unknown {
  if (typeof a === "number" && typeof b === "number") return a + b;
  if (Array.isArray(a) && Array.isArray(b)) return [...(a as unknown[]), ...(b as unknown[])];
  if (!isObject(a) || !isObject(b)) return b ?? a;
  const sum: JsonObject = { ...a };
  for (const [key, value] of Object.entries(b)) setOwn(sum, key, sumOf(getOwn(a, key), value));
  return sum;
}
