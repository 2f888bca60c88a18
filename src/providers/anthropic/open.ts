/** What the API may add to at any time; platform.claude.com/docs/en/api/versioning. */

/** One of the names known today, or another: the API adds names without a new version. */
export type Open<Known extends string> = Known | (string & {});

/**
 * The `type` of a variant that is not known here. It is a string like any other, and equal to no literal: so comparing
 * `type` with a known name narrows a union that has an {@link UnknownVariant}.
 *
 * @example
 * ```ts
 * import type { ContentBlock } from "millrace/anthropic";
 * const label = (block: ContentBlock): string => {
 *   if (block.type === "text") return block.text;
 *   const type: string = block.type; // widened, any name can be asked for
 *   return type === "hologram" ? "a hologram" : type;
 * };
 * ```
 */
export type UnknownType = `${string & { readonly "~unknown": true }}`;

/** A block, delta, event or citation of a kind that is not known here: it has come as it is. */
export interface UnknownVariant {
  readonly type: UnknownType;
  readonly [field: string]: unknown;
}
