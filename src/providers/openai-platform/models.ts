/** The models of OpenAI's two APIs, from the types of `openai` 7.59.0, published 2026-11-17. */

/** A model id that Chat Completions serves, or any other string: other servers use their own ids. */
export type OpenAIChatModel =
  | "gpt-6.2-astra"
  | "gpt-6.2-sol"
  | "gpt-6.1-sol"
  | "gpt-6.1-terra"
  | "gpt-6-astra"
  | "gpt-6-sol"
  | "gpt-6-luna"
  | "gpt-5.6-sol"
  | "gpt-5.6-terra"
  | "gpt-5.6-luna"
  | "gpt-5.5"
  | "gpt-5.4"
  | "gpt-5.4-mini"
  | "gpt-5.4-nano"
  | "gpt-5.3-chat-latest"
  | "gpt-5.2"
  | "gpt-5.2-chat-latest"
  | "gpt-5.2-pro"
  | "gpt-5.1"
  | "gpt-5.1-codex"
  | "gpt-5.1-mini"
  | "gpt-5.1-chat-latest"
  | "gpt-5"
  | "gpt-5-mini"
  | "gpt-5-nano"
  | "gpt-5-chat-latest"
  | "gpt-4.1"
  | "gpt-4.1-mini"
  | "gpt-4.1-nano"
  | "o4-mini"
  | "o3"
  | "o3-mini"
  | "o1"
  | "gpt-4o"
  | "gpt-4o-mini"
  | "gpt-4o-search-preview"
  | "gpt-4o-mini-search-preview"
  | "gpt-4o-audio-preview"
  | "gpt-4o-mini-audio-preview"
  | "gpt-audio-mini"
  | "gpt-4-turbo"
  | "gpt-4"
  | "gpt-3.5-turbo"
  | (string & {});

/** A model id that the Responses API serves, or any other string. */
export type OpenAIModel =
  | OpenAIChatModel
  | "gpt-6.2-astra-law"
  | "gpt-6-cyber"
  | "gpt-6-rosalind"
  | "gpt-5.6-cyber"
  | "gpt-5.5-pro"
  | "gpt-5.1-codex-max"
  | "gpt-5-codex"
  | "gpt-5-pro"
  | "gpt-daybreak-blue-latest"
  | "gpt-daybreak-red-latest"
  | "gpt-rosalind-research"
  | "o4-mini-deep-research"
  | "o3-deep-research"
  | "o3-pro"
  | "o1-pro"
  | "computer-use-preview";

/** A model's id without the date at its end, and without the prefix of Bedrock: `openai.gpt-5.6-sol`, `us.openai.…`. */
export function canonicalModel(model: string): string {
  return model
    .slice(0, LONGEST_ID)
    .replace(/^(\w+\.)?openai\./, "")
    .replace(/-\d{4}-\d\d-\d\d$/, "");
}

/** Longer strings are not model ids. */
const LONGEST_ID = 256;

/**
 * Whether a model reasons before it answers, for all that is known of its name: such models take
 * `max_completion_tokens` instead of `max_tokens`, and no sampling parameters.
 */
export function isReasoningModel(model: string): boolean {
  return /^(o\d|gpt-([6-9]|5(?!(\.\d+)?-chat)))/.test(canonicalModel(model));
}
