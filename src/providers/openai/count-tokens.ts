import { countTokensOf, type TokenCounting } from "../../call/count-tokens.ts";
import type { CallPlan } from "../../recovery/plan.ts";
import type { OpenAINative } from "./native.ts";
import { calls } from "./stream.ts";

const counting: TokenCounting<OpenAINative> = {
  path: "/input_tokens",
  // platform.openai.com/docs/api-reference/responses/input-tokens
  counted:
    /^(conversation|input|instructions|model|parallel_tool_calls|personality|previous_response_id|reasoning|text|tool_choice|tools|truncation)$/,
  sdkMethod: "client.responses.inputTokens.count",
  frameOf(count) {
    const usage = { input_tokens: count, output_tokens: 0, total_tokens: count };
    return { type: "response.completed", event: { response: { status: "completed", output: [], usage } } };
  },
};

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
  return countTokensOf(counting, calls.Stream, call["~call"].plan(...args));
}
