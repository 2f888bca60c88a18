import type { Prepared } from "../attempt/prepared.ts";
import { InvalidOptionError, LimitExceededError } from "../errors.ts";
import type { FrameReader } from "../frame/frame-reader.ts";
import { field, isObject, tryParse } from "../json/object.ts";
import { stringify } from "../json/stringify.ts";
import type { Native } from "../provider/native.ts";
import type { Request } from "../provider/provider.ts";
import type { CallPlan } from "../recovery/plan.ts";

/** How a provider counts the input tokens of a request. */
export interface TokenCounting<N extends Native> {
  /** Where it does: the end of the address, after that of the request. */
  readonly path: string;
  /** The names of the parts of a request that count. */
  readonly counted: RegExp;
  /** How a client of its official SDK counts by itself. */
  readonly sdkMethod: string;
  /** The frame of a reply that has nothing but its usage. */
  frameOf(count: number): N["frame"];
}

/**
 * Asks a provider how many input tokens a call would send, without making it.
 *
 * @throws InvalidOptionError if the client is that of an official SDK; otherwise what the call would throw.
 */
export async function countTokensOf<N extends Native>(
  counting: TokenCounting<N>,
  Stream: new (plan: CallPlan<N>) => { response(): Promise<{ readonly inputTokens: number }> },
  planned: CallPlan<N>,
): Promise<number> {
  const stream = new Stream({
    ...planned,
    // A reply has not been asked for.
    onInterrupt: "fail",
    prepare: async (target, added) => requestOf(counting, await planned.prepare(target, added)),
  });
  return (await stream.response()).inputTokens;
}

function requestOf<N extends Native>(counting: TokenCounting<N>, prepared: Prepared<N>): Prepared<N> {
  const { path, counted, sdkMethod } = counting;
  const { http, transport } = prepared.request;
  const { body } = prepared.call;
  if (http.url === "") throw new InvalidOptionError("client", `that of an SDK counts by itself: ${sdkMethod}().`);
  const url = http.url.replace(/(?=\?|$)/, path);
  const headers = { ...http.headers, accept: "application/json" };
  const parts = Object.entries(isObject(body) ? body : {}).filter(([name]) => counted.test(name));
  const request = { ...http, url, headers, body: stringify(Object.fromEntries(parts)) };
  const createFrames: Request<N>["createFrames"] = (limit, refuse) =>
    countReader(limit, refuse, (count) => counting.frameOf(count));
  return { ...prepared, request: { http: request, transport, createFrames } };
}

/** Reads the count as if it were a reply that has nothing but its usage. */
function countReader<F>(
  limit: number,
  refuse: (text: string) => Error,
  frameOf: (count: number) => F,
): FrameReader<F, Uint8Array> {
  const decoder = new TextDecoder();
  let text = "";
  let frame: F | null = null;
  return {
    push(bytes) {
      text += decoder.decode(bytes, { stream: true });
      if (text.length > limit) throw new LimitExceededError("frame", limit);
    },
    end(isClean) {
      const count = field(tryParse(text), "input_tokens");
      if (typeof count === "number") frame = frameOf(count);
      else if (isClean) throw refuse(text);
    },
    next() {
      const next = frame;
      frame = null;
      return next;
    },
  };
}
