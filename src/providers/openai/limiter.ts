import { type LimiterOptions, RequestLimiter } from "../../recovery/limiter.ts";

/**
 * Makes requests wait for each other, and for the rate limits that the API reports: once one is used up, nothing is sent
 * to that model until the time that the API names. Many calls may share it. Requests are let through in the order in
 * which they came, and leave the queue when their call is aborted.
 *
 * @param options - How many requests may be under way, and how many may wait for how long.
 * @throws InvalidOptionError if a number cannot work.
 * @example
 * ```ts
 * import { call, limiter } from "millrace/openai";
 *
 * const shared = limiter({ concurrency: 8 });
 * const recommend = call("gpt-6-sol", { limiter: shared }, (genre: string) => `Recommend a ${genre} book`);
 * const books = await Promise.all(["fantasy", "crime", "poetry"].map((genre) => recommend(genre)));
 * ```
 */
export function limiter(options?: LimiterOptions): RequestLimiter {
  return new RequestLimiter(options);
}
