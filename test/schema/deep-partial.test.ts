import { describe, expectTypeOf, test } from "vitest";
import type { DeepPartial } from "../../src/schema/deep-partial.ts";

describe("a value that is still arriving", () => {
  test("may lack any part", () => {
    expectTypeOf<DeepPartial<{ a: { b: number; c?: string }; d: string | null }>>().toEqualTypeOf<{
      readonly a?: { readonly b?: number | undefined; readonly c?: string | undefined } | undefined;
      readonly d?: string | null | undefined;
    }>();
  });

  test("may hold the beginning of a string: literals widen", () => {
    expectTypeOf<DeepPartial<{ genre: "rock" | "jazz"; level: 1 | 2; is: true; id: `id-${number}` }>>().toEqualTypeOf<{
      readonly genre?: string | undefined;
      readonly level?: number | undefined;
      readonly is?: boolean | undefined;
      readonly id?: string | undefined;
    }>();
    expectTypeOf<DeepPartial<string & { readonly brand: unique symbol }>>().toEqualTypeOf<string>();
  });

  test("holds the elements of lists and tuples that have begun", () => {
    expectTypeOf<DeepPartial<{ a: number }[]>>().toEqualTypeOf<readonly { readonly a?: number | undefined }[]>();
    expectTypeOf<DeepPartial<readonly "a"[][]>>().toEqualTypeOf<readonly (readonly string[])[]>();
    expectTypeOf<DeepPartial<[1, { a: "b" }]>>().toEqualTypeOf<
      readonly [number?, { readonly a?: string | undefined }?]
    >();
  });

  test("keeps the members of a union apart", () => {
    expectTypeOf<DeepPartial<{ type: "a"; a: 1 } | { type: "b" } | null>>().toEqualTypeOf<
      | { readonly type?: string | undefined; readonly a?: number | undefined }
      | { readonly type?: string | undefined }
      | null
    >();
  });

  test("keeps records", () => {
    expectTypeOf<DeepPartial<Record<string, { a: 1 }>>>().toEqualTypeOf<{
      readonly [x: string]: { readonly a?: number | undefined } | undefined;
    }>();
  });

  test("leaves types without parts as they are, unknown ones too", () => {
    expectTypeOf<DeepPartial<unknown>>().toEqualTypeOf<unknown>();
    expectTypeOf<DeepPartial<Date>>().toEqualTypeOf<Date>();
    expectTypeOf<DeepPartial<() => "a">>().toEqualTypeOf<() => "a">();
    expectTypeOf<DeepPartial<{ a: unknown; b: Date }>>().toEqualTypeOf<{
      readonly a?: unknown;
      readonly b?: Date | undefined;
    }>();
    expectTypeOf<DeepPartial<null | undefined>>().toEqualTypeOf<null | undefined>();
    expectTypeOf<DeepPartial<never>>().toEqualTypeOf<never>();
  });

  test("may be recursive", () => {
    interface Node {
      value: "leaf";
      next?: Node;
    }
    const node: DeepPartial<Node> = { next: { next: { value: "le" } } };
    expectTypeOf(node.next?.next?.value).toEqualTypeOf<string | undefined>();
  });

  test("may be the complete value", () => {
    const whole: { genre: "rock"; artists: { name: string }[] } = { genre: "rock", artists: [{ name: "Nina" }] };
    expectTypeOf(whole).toExtend<DeepPartial<typeof whole>>();
  });
});
