import { describe, expect, expectTypeOf, test } from "vitest";
import * as z from "zod";
import { InvalidOptionError } from "../../src/errors.ts";
import { type Tool, tool } from "../../src/tool/tool.ts";
import { toolkit } from "../../src/tool/toolkit.ts";

interface Reader {
  readonly level: string;
}

const library = toolkit("library", (reader: Reader) => [
  tool({
    name: "find_book",
    description: `Finds a book for a reader of the level ${reader.level}.`,
    input: z.object({ genre: z.string() }),
    strict: true,
    call: ({ genre }) => `${genre} for ${reader.level} readers`,
  }),
  tool({ name: "close", call: async () => 5 }),
]);

const block = { id: "toolu_1", toolCall: () => null };

describe("a toolkit", () => {
  test("puts its namespace before names, and its state into descriptions and functions", async () => {
    const [find, close] = library({ level: "beginner" });
    expect(find).toMatchObject({
      name: "library_find_book",
      description: "Finds a book for a reader of the level beginner.",
      inputSchema: { type: "object", required: ["genre"] },
      strict: true,
    });
    expect(close.name).toBe("library_close");
    const call = await find["~open"](block).close('{"genre":"fantasy"}', { genre: "fantasy" });
    expect(call).toMatchObject({ name: "library_find_book", state: "complete" });
    if (call.state === "complete") expect(await call.call()).toBe("fantasy for beginner readers");
    expect(Object.isFrozen(find)).toBe(true);
  });

  test("keeps the states of several uses apart", () => {
    const [beginner] = library({ level: "beginner" });
    const [expert] = library({ level: "expert" });
    expect(beginner.description).toContain("beginner");
    expect(expert.description).toContain("expert");
  });

  test("names its tools in full in errors, too", async () => {
    const [find] = library({ level: "beginner" });
    const call = await find["~open"](block).close("{}", {});
    expect(call.error?.message).toMatch(/^Tool "library_find_book": invalid input: genre: /);
    expect(find["~open"](block).push("{")).toMatchObject({ name: "library_find_book" });
  });

  test("rejects a name that is not valid with the namespace", () => {
    expect(() => toolkit("my library", () => [tool({ name: "find", call: () => 1 })])()).toThrow(InvalidOptionError);
    expect(() => toolkit("x".repeat(60), () => [tool({ name: "find", call: () => 1 })])()).toThrow(
      `unlike "${"x".repeat(60)}_find".`,
    );
  });

  test("may be nested in another", () => {
    const outer = toolkit("city", (reader: Reader) => library(reader));
    expect(outer({ level: "beginner" })[0].name).toBe("city_library_find_book");
    expectTypeOf(outer).returns.toExtend<readonly [{ readonly name: "city_library_find_book" }, unknown]>();
  });
});

test("the types have the namespace in the names", () => {
  expectTypeOf(library).parameters.toEqualTypeOf<[reader: Reader]>();
  expectTypeOf(library).returns.toEqualTypeOf<
    readonly [
      Tool<"library_find_book", { genre: string }, string, { readonly genre?: string | undefined }>,
      Tool<"library_close", Record<string, never>, number, { readonly [x: string]: undefined }>,
    ]
  >();
  const plain = toolkit("plain", () => [tool({ name: "a", call: () => 1 })]);
  expectTypeOf(plain).parameters.toEqualTypeOf<[]>();
  const several = toolkit("several", (_genre: string, _count?: number) => [tool({ name: "a", call: () => 1 })]);
  expectTypeOf(several).parameters.toEqualTypeOf<[genre: string, count?: number | undefined]>();
  // @ts-expect-error The state is missing.
  expect(() => library()).toThrow(TypeError);
  // @ts-expect-error Only tool() makes a tool.
  toolkit("none", () => [{ name: "a" }]);
});
