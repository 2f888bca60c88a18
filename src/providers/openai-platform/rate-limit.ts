import { LONGEST_WAIT_MS, retryAfterMs } from "../../provider/error-body.ts";
import type { LimitedResponse, RateLimit } from "../../provider/provider.ts";
import { canonicalModel } from "./models.ts";

/** The limits whose state the API tells in headers. */
const LIMITED = ["requests", "tokens"];

/** Each model has limits of its own, which its dated versions share. */
export function limitGroup(model: string): string {
  return canonicalModel(model);
}

/** The pause that a response asks for: by a 429, or by a limit that is used up. */
export function rateLimit({ model, status, header }: LimitedResponse): RateLimit | null {
  const waits = [status === 429 ? (retryAfterMs(header) ?? 0) : 0];
  for (const kind of LIMITED) {
    // Azure has sent 0 and -1 where it had no numbers.
    const isKnown = Number(header(`x-ratelimit-limit-${kind}`)) > 0;
    const remaining = header(`x-ratelimit-remaining-${kind}`);
    if (isKnown && remaining !== null && Number(remaining) <= 0) {
      waits.push(durationMs(header(`x-ratelimit-reset-${kind}`) ?? ""));
    }
  }
  const waitMs = Math.max(...waits);
  return waitMs > 0 ? { group: limitGroup(model), waitMs } : null;
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A duration such as `12ms`, `7.66s` or `1h2m30s` in milliseconds; 0 for any other text. */
export function durationMs(text: string): number {
  if (!/^(\d+(\.\d+)?(ms|[smhd])){1,5}$/.test(text)) return 0;
  let sum = 0;
  for (const [, amount, unit] of text.matchAll(/([\d.]+)(ms|[smhd])/g))
    sum += Number(amount) * (UNIT_MS[unit ?? ""] ?? 0);
  return Math.min(sum, LONGEST_WAIT_MS);
}
