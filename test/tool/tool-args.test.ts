// oxlint-disable unicorn/no-thenable -- results that are thenables are a subject here
import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { type AnyTool, tool } from "../../src/index.ts";
import type { FailedToolCall, ToolCall } from "../../src/tool/tool-call.ts";

const block = { id: "toolu_1", toolCall: () => null };

/** Closes a call of the tool with this input. */
async function callOf(definition: AnyTool, text: string, input: unknown = JSON.parse(text)): Promise<ToolCall> {
  const call = await definition["~open"](block).close(text, input);
  if (call.state !== "complete") throw call.error;
  return call;
}

interface Shelf {
  books?: { title: string }[];
}
/** A tool that changes everything that it is given. */
const spoil = (args: unknown): unknown => {
  const shelf = args as Shelf;
  const seen = JSON.stringify(shelf);
  for (const book of shelf.books ?? []) book.title = "gone";
  shelf.books?.push({ title: "new" });
  delete shelf.books;
  return seen;
};
const shelf = { books: [{ title: "Mistborn" }] };
const shelfText = JSON.stringify(shelf);

describe("a tool that changes its args", () => {
  const inputSchema = { type: "object" } as const;
  const tools: readonly (readonly [schema: string, AnyTool])[] = [
    ["none", tool({ name: "spoil", inputSchema, call: spoil })],
    ["zod", tool({ name: "spoil", input: z.object({ books: z.unknown() }), call: spoil })],
    ["zod, loosely", tool({ name: "spoil", input: z.looseObject({}), call: spoil })],
    ["valibot", tool({ name: "spoil", input: v.looseObject({}), inputSchema, call: spoil })],
    ["arktype", tool({ name: "spoil", input: type({ books: "object" }), call: spoil })],
  ];

  test.each(tools)("changes neither the message nor the call's args; schema: %s", async (_, definition) => {
    const input = structuredClone(shelf);
    for (const text of [shelfText, ""]) {
      const call = await callOf(definition, text, input);
      expect(await call.call()).toBe(shelfText);
      expect(call.args).toEqual(shelf);
      expect(await call.call()).toBe(shelfText);
      expect(input).toEqual(shelf);
    }
  });

  test("keeps the dates and instances that a schema makes", async () => {
    const at = z.iso.datetime().transform((text) => new Date(text));
    const when = tool({ name: "when", input: z.object({ at }), call: (args) => args.at });
    const call = await callOf(when, '{"at":"2006-07-17T00:00:00Z"}');
    expect(await call.call()).toEqual(new Date("2006-07-17T00:00:00Z"));
  });

  test("gets dates and sets of its own each time", async () => {
    const input = z.object({
      at: z.string().transform((text) => new Date(text)),
      tags: z.array(z.string()).transform((tags) => new Set(tags)),
    });
    const run = ({ at, tags }: z.output<typeof input>): unknown => {
      at.setFullYear(at.getFullYear() + 1);
      return [at.getFullYear(), tags.add("read").size];
    };
    const call = await callOf(tool({ name: "run", input, call: run }), '{"at":"2006-07-17","tags":["a"]}');
    expect([await call.call(), await call.call()]).toEqual([
      [2007, 2],
      [2007, 2],
    ]);
  });
});

test("changed args are what call() uses", async () => {
  const call = await callOf(
    tool({ name: "show", inputSchema: { type: "object" }, call: (args) => args }),
    '{"limit":5}',
  );
  (call.args as { limit: number }).limit = 10;
  expect(await call.call()).toEqual({ limit: 10 });
});

test("a validator that changes its input does not change the message", async () => {
  const input = {
    "~standard": {
      version: 1 as const,
      vendor: "none",
      validate: (value: unknown) => {
        spoil(value);
        return { value };
      },
    },
  };
  const value = structuredClone(shelf);
  await callOf(tool({ name: "odd", input, inputSchema: { type: "object" }, call: () => 1 }), shelfText, value);
  expect(value).toEqual(shelf);
});

describe("input with __proto__", () => {
  const text = '{"__proto__":{"isAdmin":true},"a":{"__proto__":[1]}}';

  test("is passed on as JSON.parse has it", async () => {
    const seen: unknown[] = [];
    const input = {
      "~standard": {
        version: 1 as const,
        vendor: "none",
        validate: (value: unknown) => {
          seen.push(value);
          return { value };
        },
      },
    };
    const inputSchema = { type: "object" } as const;
    for (const definition of [
      tool({ name: "show", inputSchema, call: (args) => seen.push(args) }),
      tool({ name: "show", input, inputSchema, call: (args) => seen.push(args) }),
    ]) {
      const call = await callOf(definition, text);
      await call.call();
      seen.push(call.args, definition["~open"](block).push(text).args);
    }
    expect(seen).toHaveLength(7);
    for (const value of seen) {
      expect(JSON.stringify(value)).toBe(text);
      expect(value).not.toHaveProperty("isAdmin");
    }
  });
});

describe("deeply nested input", () => {
  const show = tool({ name: "show", inputSchema: { type: "object" }, call: (args) => args });
  const nested = (levels: number): string => `${'{"a":['.repeat(levels / 2)}${"]}".repeat(levels / 2)}`;

  test("of 1,000 levels runs the tool", async () => {
    const call = await callOf(show, nested(1000));
    expect(JSON.stringify(await call.call())).toBe(nested(1000));
  });

  test.each([1002, 5000, 200_000])("of %s levels is invalid", async (levels) => {
    const text = nested(levels);
    for (const given of [text, ""]) {
      const call = (await show["~open"](block).close(given, JSON.parse(text))) as FailedToolCall;
      expect(call.state).toBe("invalid");
      expect(call.error.message).toBe('Tool "show": invalid input: The input is nested deeper than 1000 levels.');
      expect(call).not.toHaveProperty("call");
    }
  });
});

describe("call()", () => {
  const run = async (result: () => unknown): Promise<unknown> =>
    await (await callOf(tool({ name: "run", call: result }), "{}")).call();

  test.each([Object.create(null), Symbol("s"), undefined, new Error("x")])(
    "rejects with what is thrown: %#",
    async (thrown) => {
      const now = (): never => {
        throw thrown;
      };
      for (const result of [now, () => Promise.reject(thrown), () => ({ then: now })]) {
        const caught = await run(result).then(
          () => expect.unreachable(),
          (error: unknown) => ({ error }),
        );
        expect(Object.is((caught as { error: unknown }).error, thrown)).toBe(true);
      }
    },
  );

  test("rejects if the result's then is a getter that throws", async () => {
    const boom = new Error("boom");
    const result = Object.defineProperty({}, "then", {
      get: () => {
        throw boom;
      },
    });
    await expect(run(() => result)).rejects.toBe(boom);
  });
});

describe("the message of an invalid call", () => {
  const rejecting = (issue: object): AnyTool => {
    const validate = (): never => ({ issues: [issue] }) as never;
    const input = { "~standard": { version: 1 as const, vendor: "none", validate } };
    return tool({ name: "find", input, inputSchema: { type: "object" }, call: () => 1 });
  };
  const messageOf = async (issue: object): Promise<string> =>
    ((await rejecting(issue)["~open"](block).close("{}", {})) as FailedToolCall).error.message;

  test("names any path", async () => {
    const path = ["a", 0, Symbol("s"), Object.create(null), null];
    expect(await messageOf({ message: "wrong", path })).toBe(
      'Tool "find": invalid input: a.0.Symbol(s).an error without a readable message.null: wrong',
    );
  });

  test("is cut where a key is very long, and can always be sent", async () => {
    const message = await messageOf({ message: "wrong \ud83d", path: ["k".repeat(1e6)] });
    expect(message).toBe(`Tool "find": invalid input: ${"k".repeat(200)}…: wrong \ufffd`);
  });
});
