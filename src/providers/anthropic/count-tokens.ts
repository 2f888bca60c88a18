import { countTokensOf, type TokenCounting } from "../../call/count-tokens.ts";
import type { CallPlan } from "../../recovery/plan.ts";
import type { AnthropicNative } from "./native.ts";
import { calls } from "./stream.ts";

const counting: TokenCounting<AnthropicNative> = {
  path: "/count_tokens",
  // platform.claude.com/docs/en/api/messages-count-tokens
  counted:
    /^(model|messages|system|tools|tool_choice|thinking|output_config|output_format|cache_control|context_management|compaction|mcp_servers|speed)$/,
  sdkMethod: "client.messages.countTokens",
  frameOf(count) {
    const message = { content: [], stop_reason: "end_turn", usage: { input_tokens: count, output_tokens: 0 } };
    return { type: "message_start", event: { message }, delta: null };
  },
};

/**
 * Asks the API how many input tokens a call would send, without making it. That costs nothing, and has a rate limit of
 * its own. The prompt function runs as it would for the call; options such as `client`, `signal`, `timeout` and `retry`
 * hold as well.
 *
 * @param call - A call, streamed or not.
 * @param args - The arguments of its prompt function.
 * @returns The number of tokens: an estimate, says the API, which may differ a little from what the call is charged.
 * @throws InvalidOptionError if the client is that of an official SDK, which counts by itself
 * (`client.messages.countTokens`); otherwise what the call would throw.
 *
 * @example
 * ```ts
 * import { call, countTokens } from "millrace/anthropic";
 *
 * const summarize = call("claude-sonnet-5-5", { stream: true }, (text: string) => `Summarize: ${text}`);
 * if ((await countTokens(summarize, "A long text")) < 100_000) for await (const _ of summarize("A long text"));
 * ```
 */
export async function countTokens<Args extends readonly unknown[]>(
  call: { readonly "~call": { plan(...args: Args): CallPlan<AnthropicNative> } },
  ...args: Args
): Promise<number> {
  return countTokensOf(counting, calls.Stream, call["~call"].plan(...args));
}
