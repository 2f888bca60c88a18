import { isObject } from "../../json/object.ts";

/** About as many characters as one token has in English text; platform.openai.com/tokenizer. */
export const CHARACTERS_PER_TOKEN = 4;
/** An image or a file counts as if it had about as many tokens as a large image: its data tells nothing of that. */
const MEDIA = "m".repeat(1_000 * CHARACTERS_PER_TOKEN);
const MEDIA_TYPE = /^(input_(image|file|audio)|image_url|file|computer_screenshot|image_generation_call)$/;

const estimates = new WeakMap<object, number>();

/** Roughly how many tokens the body of a request comes to, by its length. */
export function estimatedPrompt(body: object | null | undefined): number {
  if (body == null) return 0;
  const known = estimates.get(body);
  if (known !== undefined) return known;
  const withoutMedia = (_: string, value: unknown): unknown =>
    isObject(value) && MEDIA_TYPE.test(String(value["type"])) ? MEDIA : value;
  const estimate = Math.ceil((JSON.stringify(body, withoutMedia)?.length ?? 0) / CHARACTERS_PER_TOKEN);
  estimates.set(body, estimate);
  return estimate;
}
