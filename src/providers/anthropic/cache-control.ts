/**
 * A cache breakpoint: the prompt up to here is kept for `ttl` (5 minutes if not given). A request has at most four,
 * those of an hour before those of five minutes.
 */
export interface CacheControlParam {
  readonly type: "ephemeral";
  /** How long the prompt is kept. */
  readonly ttl?: "5m" | "1h" | undefined;
}

/** What a block may carry; those of thinking, and empty text, may not. */
export interface Cacheable {
  readonly cache_control?: CacheControlParam | null | undefined;
}

/** What every content part may carry. */
export interface PartOptions {
  /** Caches the prompt up to and including this part, where the provider can. */
  readonly cacheControl?: CacheControlParam | undefined;
}
