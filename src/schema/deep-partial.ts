/**
 * A value of type `T` while it arrives: any part of it may be missing still, and text and numbers may be the beginning
 * of what they become. So literals widen (`"rock" | "jazz"` to `string`), and everything is read-only, since snapshots
 * share what did not change.
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

/** What has no parts that arrive one by one. */
type Whole = Date | ((...args: never) => unknown);

// A tuple arrives from its start, so that its elements are optional; those of a list are as many as have begun.
type PartialList<T extends readonly unknown[]> = number extends T["length"]
  ? readonly DeepPartial<T[number]>[]
  : { readonly [Index in keyof T]?: DeepPartial<T[Index]> };
