import { estimateTokens } from "../estimate.ts";
import { type JsonObject, objectsOf } from "../json.ts";

/** What the API adds to a prompt for each message, and once for tools. */
const MESSAGE_TOKENS = 4;
const TOOLS_TOKENS = 290;

/** About how many input tokens a request takes. This is what `count_tokens` answers. */
export function estimateInput({ system, messages, tools }: JsonObject): number {
  const hasTools = Array.isArray(tools) && tools.length > 0;
  const frames = objectsOf(messages).length * MESSAGE_TOKENS + (hasTools ? TOOLS_TOKENS : 0);
  return estimateTokens([system, messages, tools]) + frames;
}
