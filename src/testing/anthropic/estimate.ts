import { isJsonObject, type JsonObject, objectsOf } from "./json.ts";

/** Strings that are no words of the prompt: names of kinds, ids, and what is encoded. */
const NO_WORDS = new Set(["type", "role", "id", "tool_use_id", "data", "signature", "media_type", "encrypted_content"]);
/** What an image or a page takes, more or less. */
const MEDIA_TOKENS = 1600;
/** What the API adds to a prompt for the frame of a message, and for tools at all. */
const MESSAGE_TOKENS = 4;
const TOOLS_TOKENS = 290;

/** About how many tokens the words in a JSON value are: four characters each. */
export function estimateTokens(value: unknown): number {
  return Math.ceil(countCharacters(value) / 4);
}

/** About how many input tokens a request takes: what `count_tokens` answers. */
export function estimateInput({ system, messages, tools }: JsonObject): number {
  const hasTools = Array.isArray(tools) && tools.length > 0;
  const frames = objectsOf(messages).length * MESSAGE_TOKENS + (hasTools ? TOOLS_TOKENS : 0);
  return estimateTokens([system, messages, tools]) + frames;
}

function countCharacters(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (typeof value === "number") return 2;
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + countCharacters(item), 0);
  if (!isJsonObject(value)) return 0;
  if (value["type"] === "base64") return MEDIA_TOKENS * 4;
  return Object.entries(value).reduce((sum, [key, item]) => sum + (NO_WORDS.has(key) ? 0 : countCharacters(item)), 0);
}
