/**
 * A value of type `T` while it is arriving: any part may still be missing, and a string may be cut. So literals widen
 * (`"rock" | "jazz"` to `string`). Everything is read-only, because snapshots share the parts that have not changed.
 *
 * @example
 * ```ts
 * import type { DeepPartial } from "millrace";
 * interface Song {
 *   genre: "rock" | "jazz";
 *   artists: { name: string }[];
 * }
 * const soFar: DeepPartial<Song> = { genre: "ro", artists: [{ name: "Nina" }, {}] };
 * ```
 */
export type DeepPartial<T> = T extends string
  ? string
  : T extends number
    ? number
    : T extends boolean
      ? boolean
      : T extends Whole
        ? T
        : T extends readonly unknown[]
          ? PartialList<T>
          : T extends object
            ? { readonly [Key in keyof T]?: DeepPartial<T[Key]> | undefined }
            : T;

/** Types whose values do not arrive part by part. */
type Whole = Date | ((...args: never) => unknown);

// The elements of a tuple are optional, since they arrive in order. A list holds the elements that have begun.
type PartialList<T extends readonly unknown[]> = number extends T["length"]
  ? readonly DeepPartial<T[number]>[]
  : { readonly [Index in keyof T]?: DeepPartial<T[Index]> };
