import { retryAfterMs } from "../../provider/error-body.ts";
import type { LimitedResponse, RateLimit } from "../../provider/provider.ts";
import { canonicalModel } from "./models.ts";

/** The API's limits by the minute; platform.claude.com/docs/en/api/rate-limits. */
const LIMITED = ["requests", "tokens", "input-tokens", "output-tokens"];

/** Models of one class share their limits; platform.claude.com/docs/en/api/rate-limits. */
export function limitGroup(model: string): string {
  return /^claude-(\d-\d-)?([a-z]+)/.exec(canonicalModel(model))?.[2] ?? "";
}

/** The pause that a response asks for: by a 429, or by a limit that is used up. */
export function rateLimit({ model, status, header }: LimitedResponse): RateLimit | null {
  const now = Date.now();
  let waitMs = status === 429 ? (retryAfterMs(header) ?? 0) : 0;
  for (const kind of LIMITED) {
    const remaining = header(`anthropic-ratelimit-${kind}-remaining`);
    const reset = Date.parse(header(`anthropic-ratelimit-${kind}-reset`) ?? "");
    if (remaining !== null && Number(remaining) <= 0 && !Number.isNaN(reset)) waitMs = Math.max(waitMs, reset - now);
  }
  return waitMs > 0 ? { group: limitGroup(model), waitMs } : null;
}
