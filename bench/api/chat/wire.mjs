// The bodies of Chat Completions: shaped as OpenAI sends them, with padding, a usage chunk and `[DONE]`.
import { seeded, tokens } from "../../body.mjs";
import { letters, obfuscation } from "../openai.mjs";

export { headers } from "../openai.mjs";

/** The path of the API below the base URL of a scenario. */
export const path = "/v1/chat/completions";

/** The frames of a reply of a size, by what it has. */
export const replies = { text: textFrames };

/** Frames of a completion of `count` text deltas, each a token. */
function textFrames(count) {
  const random = seeded(count);
  const about = {
    id: `chatcmpl-${letters(29, random)}`,
    object: "chat.completion.chunk",
    created: 1_795_800_000,
    model: "gpt-6-sol-2026-09-22",
    service_tier: "default",
    system_fingerprint: "fp_deacdd5f6f",
  };
  const frame = (choices, text, usage = null) =>
    Buffer.from(`data: ${JSON.stringify({ ...about, choices, usage, obfuscation: obfuscation(text, random) })}\n\n`);
  const choice = (delta, finish_reason = null) => [{ index: 0, delta, logprobs: null, finish_reason }];
  return [
    frame(choice({ role: "assistant", content: "", refusal: null }), ""),
    ...tokens(count).map((content) => frame(choice({ content }), content)),
    frame(choice({}, "stop"), ""),
    frame([], "", usageOf(count)),
    Buffer.from("data: [DONE]\n\n"),
  ];
}

function usageOf(count) {
  return {
    prompt_tokens: 24,
    completion_tokens: count,
    total_tokens: 24 + count,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}
