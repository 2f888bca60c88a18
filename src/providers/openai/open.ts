/** What the API may add at any time, without a new version. */

/** One of the names known today, or another. */
export type Open<Known extends string> = Known | (string & {});

/**
 * The `type` of a variant that is not known here. It is a string like any other, and equal to no literal: so comparing
 * `type` with a known name narrows a union that has an {@link UnknownVariant}.
 */
export type UnknownType = `${string & { readonly "~unknown": true }}`;

/** An item, part, event or annotation of a kind that is not known here: it has come as it is. */
export interface UnknownVariant {
  readonly type: UnknownType;
  readonly [field: string]: unknown;
}
