import type { UnknownVariant } from "../../src/providers/anthropic/open.ts";

/** The members of `T` that are literals: `"a" | (string & {})` -> `"a"`. */
export type Known<T> = T extends string ? (string extends T ? never : T extends UnknownVariant["type"] ? never : T) : T;

/** `Known`, but a string that has no literals stays one. */
type Closed<T> = [Extract<T, string>] extends [never]
  ? T
  : string extends T
    ? [Known<Extract<T, string>>] extends [never]
      ? T
      : Known<T>
    : T;

/**
 * Our type as the SDK would write it. What this takes away is what differs by intent, everywhere: our members are
 * readonly, optional ones may be undefined, names are open, and unknown variants pass.
 */
export type AsSdk<T> = unknown extends T
  ? T
  : T extends UnknownVariant
    ? never
    : T extends readonly (infer Item)[]
      ? AsSdk<Closed<Item>>[]
      : T extends object
        ? { -readonly [Key in keyof T]: AsSdk<Closed<Exclude<T[Key], undefined>>> }
        : T;
