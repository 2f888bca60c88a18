import type { Prepared } from "../../attempt/prepared.ts";
import { InvalidOptionError, LimitExceededError } from "../../errors.ts";
import type { FrameReader } from "../../frame/frame-reader.ts";
import { field, tryParse } from "../../json/object.ts";
import { stringify } from "../../json/stringify.ts";
import type { Request } from "../../provider/provider.ts";
import type { CallPlan } from "../../recovery/plan.ts";
import type { OpenAIFrame } from "./frames.ts";
import type { OpenAINative } from "./native.ts";
import { calls } from "./stream.ts";

/** The parts of a request that count; platform.openai.com/docs/api-reference/responses/input-tokens. */
const COUNTED =
  /^(conversation|input|instructions|model|parallel_tool_calls|personality|previous_response_id|reasoning|text|tool_choice|tools|truncation)$/;

/**
 * Asks the API how many input tokens a call would send, without making it. The prompt function runs as it would for the
 * call; options such as `client`, `signal`, `timeout` and `retry` hold as well.
 *
 * @param call - A call, streamed or not.
 * @param args - The arguments of its prompt function.
 * @returns The number of tokens.
 * @throws InvalidOptionError if the client is that of an official SDK, which counts by itself
 * (`client.responses.inputTokens.count`); otherwise what the call would throw.
 *
 * @example
 * ```ts
 * import { call, countTokens } from "millrace/openai";
 *
 * const summarize = call("gpt-6-sol", { stream: true }, (text: string) => `Summarize: ${text}`);
 * if ((await countTokens(summarize, "A long text")) < 100_000) for await (const _ of summarize("A long text"));
 * ```
 */
export async function countTokens<Args extends readonly unknown[]>(
  call: { readonly "~call": { plan(...args: Args): CallPlan<OpenAINative> } },
  ...args: Args
): Promise<number> {
  const planned = call["~call"].plan(...args);
  const counting = new calls.Stream({
    ...planned,
    // A reply has not been asked for.
    onInterrupt: "fail",
    prepare: async (target, added) => counted(await planned.prepare(target, added)),
  });
  return (await counting.response()).inputTokens;
}

function counted(prepared: Prepared<OpenAINative>): Prepared<OpenAINative> {
  const { http, transport } = prepared.request;
  if (http.url === "") {
    throw new InvalidOptionError("client", "that of an SDK counts by itself: client.responses.inputTokens.count().");
  }
  const { body } = prepared.call;
  const url = http.url.replace(/(?=\?|$)/, "/input_tokens");
  const headers = { ...http.headers, accept: "application/json" };
  const parts = Object.entries(body).filter(([name]) => COUNTED.test(name));
  const request = { ...http, url, headers, body: stringify(Object.fromEntries(parts)) };
  return { ...prepared, request: { http: request, transport, createFrames } };
}

/** Reads the count as if it were a reply that has nothing but its usage. */
const createFrames: Request<OpenAINative>["createFrames"] = (limit, refuse): FrameReader<OpenAIFrame> => {
  const decoder = new TextDecoder();
  let text = "";
  let frame: OpenAIFrame | null = null;
  return {
    push(bytes) {
      text += decoder.decode(bytes, { stream: true });
      if (text.length > limit) throw new LimitExceededError("frame", limit);
    },
    end(isClean) {
      const count = field(tryParse(text), "input_tokens");
      if (typeof count !== "number") {
        if (isClean) throw refuse(text);
        return;
      }
      const usage = { input_tokens: count, output_tokens: 0, total_tokens: count };
      const response = { status: "completed", output: [], usage };
      frame = { type: "response.completed", event: { response } };
    },
    next() {
      const next = frame;
      frame = null;
      return next;
    },
  };
};
