import type { ContentPart } from "./message.ts";

/** What a list of parts may hold beside parts: an object that says more of the part before it. */
export interface Mark {
  readonly type: string;
}

/** The marks of an entry. They belong to providers: the entry knows them, and tells the core how to read them. */
export interface Marks {
  /** What errors call a mark: the function that makes one. */
  readonly label: string;
  /** The options that a mark gives to the part before it; null if this is not a mark. */
  optionsOf(part: Mark): object | null;
  /** The mark that a format spec of a template stands for; null if it is not one. */
  parse(spec: string): Mark | null;
}

/** Adds a part; the options of a mark go onto the part before it. Returns whether there was a part to mark. */
export function addPart(parts: ContentPart[], part: ContentPart | Mark, marks: Marks): boolean {
  const options = marks.optionsOf(part);
  // What is not a mark is a part: one of ours, or one in a provider's own shape, which is sent as it is.
  if (options === null) return parts.push(part as ContentPart) > 0;
  const last = parts.pop();
  return last !== undefined && parts.push({ ...last, ...options }) > 0;
}
