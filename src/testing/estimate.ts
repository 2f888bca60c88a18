import { isJsonObject } from "./json.ts";

/** Fields whose strings are not part of the prompt's text: type names, ids and encoded data. */
const NOT_TEXT = new Set(
  "type role id tool_use_id call_id tool_call_id data file_data signature media_type image_url encrypted_content".split(
    " ",
  ),
);
/** Roughly what an image or a page takes. */
const MEDIA_TOKENS = 1600;

/** About how many tokens the text in a JSON value takes, at four characters each. */
export function estimateTokens(value: unknown): number {
  return Math.ceil(countCharacters(value) / 4);
}

function countCharacters(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (typeof value === "number") return 2;
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + countCharacters(item), 0);
  if (!isJsonObject(value)) return 0;
  if (value["type"] === "base64") return MEDIA_TOKENS * 4;
  return Object.entries(value).reduce((sum, [key, item]) => sum + (NOT_TEXT.has(key) ? 0 : countCharacters(item)), 0);
}
