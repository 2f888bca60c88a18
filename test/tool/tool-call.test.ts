import { inspect } from "node:util";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { MillraceError } from "../../src/errors.ts";
import { tool } from "../../src/index.ts";
import type { FailedToolCall, OpenBlock, OpenCall, ToolCall } from "../../src/tool/tool-call.ts";
import { ToolInputError } from "../../src/tool/tool-input-error.ts";

const getAuthor = tool({
  name: "get_author",
  input: z.object({ title: z.string(), year: z.string().transform(Number).optional() }),
  call: ({ title }) => `the author of ${title}`,
});

const native = { type: "tool_use", id: "toolu_1", name: "get_author" };
const block: OpenBlock = { id: "toolu_1", toolCall: () => native };

function complete(call: unknown): ToolCall {
  expect(call).toMatchObject({ state: "complete" });
  return call as ToolCall;
}

function failed(call: unknown): FailedToolCall {
  expect(call).toMatchObject({ state: expect.stringMatching(/^(invalid|truncated)$/) });
  return call as FailedToolCall;
}

/** Closes a call with this text, parsed as a stream parses it. */
function close(call: OpenCall, text: string): ReturnType<OpenCall["close"]> {
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch {
    // Not JSON.
  }
  return call.close(text, input);
}

describe("a complete call", () => {
  test("has the input as the schema outputs it, without a promise", () => {
    const open = getAuthor["~open"](block);
    const text = '{"title": "Mistborn", "year": "2006", "other": 1}';
    const call = close(open, text);
    expect(call).toMatchObject({
      name: "get_author",
      id: "toolu_1",
      state: "complete",
      args: { title: "Mistborn", year: 2006 },
      delta: null,
      text,
      error: null,
    });
    expect(complete(call).args).not.toHaveProperty("other");
    expect(complete(call).toolCall).toBe(native);
    expect(open.current).toBe(call);
  });

  test("may have empty text, which stands for no input", () => {
    const now = tool({ name: "now", call: () => 42 });
    const call = complete(close(now["~open"](block), ""));
    expect([call.args, call.text]).toEqual([{}, ""]);
    const optional = tool({ name: "list", input: z.object({ genre: z.string().default("any") }), call: () => 42 });
    expect(close(optional["~open"](block), "")).toMatchObject({ state: "complete", args: { genre: "any" } });
    expect(close(getAuthor["~open"](block), "")).toMatchObject({ state: "invalid" });
  });

  test("may have input without text: some servers send it whole", () => {
    expect(getAuthor["~open"](block).close("", { title: "Mistborn" })).toMatchObject({
      state: "complete",
      args: { title: "Mistborn" },
    });
  });

  test("shows the native block in its current state", () => {
    const blocks = [{ at: 1 }, { at: 2 }];
    const call = complete(close(getAuthor["~open"]({ id: "a", toolCall: () => blocks.shift() }), '{"title":"a"}'));
    expect([call.toolCall, call.toolCall]).toEqual([{ at: 1 }, { at: 2 }]);
  });
});

describe("call()", () => {
  const callOf = (run: (args: Record<string, never>, context: { signal: AbortSignal }) => unknown): ToolCall =>
    complete(close(tool({ name: "run", call: run })["~open"](block), "{}"));

  test("returns a promise, whatever the function returns", async () => {
    const values = [callOf(() => "now").call(), callOf(async () => "later").call()];
    for (const value of values) expect(value).toBeInstanceOf(Promise);
    expect(await Promise.all(values)).toEqual(["now", "later"]);
  });

  test("rejects with what the function throws or rejects with", async () => {
    const error = new Error("No such book");
    const now = callOf(() => {
      throw error;
    });
    await expect(now.call()).rejects.toBe(error);
    await expect(callOf(() => Promise.reject(error)).call()).rejects.toBe(error);
  });

  test("runs the function each time, and does not need `this`", async () => {
    let count = 0;
    const { call } = callOf(() => ++count);
    expect([await call(), await call()]).toEqual([1, 2]);
  });

  test("passes the function the signal, or one that never aborts", async () => {
    const { signal } = new AbortController();
    const call = callOf((_, context) => context.signal);
    expect(await call.call({ signal })).toBe(signal);
    expect(await call.call()).toMatchObject({ aborted: false });
    expect(await call.call({ signal: undefined })).toBeInstanceOf(AbortSignal);
  });

  test("does not run the function if the signal is already aborted", async () => {
    let ran = false;
    const call = callOf(() => (ran = true));
    const reason = new Error("Stop");
    await expect(call.call({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(ran).toBe(false);
  });
});

describe("an invalid call", () => {
  test("has input that the schema rejects", () => {
    const open = getAuthor["~open"](block);
    const text = '{"title": 5, "year": 6}';
    const call = failed(close(open, text));
    expect(call).toMatchObject({ name: "get_author", id: "toolu_1", state: "invalid", text, toolCall: native });
    expect(call).not.toHaveProperty("call");
    expect(call).not.toHaveProperty("args");
    expect(open.current).toBe(call);
    expect(call.error).toBeInstanceOf(ToolInputError);
    expect(call.error).toBeInstanceOf(MillraceError);
    expect(call.error).toMatchObject({
      code: "tool_input",
      name: "ToolInputError",
      toolName: "get_author",
      toolCallId: "toolu_1",
      state: "invalid",
      issues: [{ path: ["title"] }, { path: ["year"] }],
      text,
      message: expect.stringMatching(/^Tool "get_author": invalid input: title: Invalid input: .* \(and 1 more\)$/),
    });
  });

  test.each(['{"title": "Mis', "not json", "5", "null", "[]", '"{}"', " "])(
    "has text that is not an object: %j",
    (text) => {
      expect(failed(close(getAuthor["~open"](block), text))).toMatchObject({
        state: "invalid",
        text,
        error: { message: 'Tool "get_author": invalid input: The input is not a JSON object.', issues: [{ path: [] }] },
      });
    },
  );

  test("has a validator that throws", () => {
    const cause = new Error("No database");
    const input = v.pipe(
      v.object({}),
      v.check(() => {
        throw cause;
      }),
    );
    const find = tool({ name: "find", input, inputSchema: { type: "object" }, call: () => 1 });
    const { error } = failed(close(find["~open"](block), "{}"));
    expect(error).toMatchObject({ state: "invalid", cause, message: expect.stringContaining("No database") });
  });
});

describe("a truncated call", () => {
  test("has the text that had arrived", () => {
    const open = getAuthor["~open"](block);
    const call = open.truncate('{"title": "Mis');
    expect(call).toMatchObject({ name: "get_author", id: "toolu_1", state: "truncated", text: '{"title": "Mis' });
    expect(call).not.toHaveProperty("call");
    expect(call.error).toMatchObject({
      state: "truncated",
      issues: [],
      message: `Tool "get_author": the reply ended before the tool's input did (14 characters were received).`,
    });
    expect(call.error.cause).toBeUndefined();
    expect(open.current).toBe(call);
  });
});

test("the error keeps the model's words to itself", () => {
  const secret = "s3cr3t".repeat(1000);
  const strict = tool({
    name: "find",
    input: v.object({ n: v.number() }),
    inputSchema: { type: "object" },
    call: () => 1,
  });
  for (const text of [`{"n": "${secret}"}`, `{"n": "${secret}`]) {
    const { error } = failed(close(strict["~open"](block), text));
    expect(error.text).toBe(text);
    expect(error.message.length).toBeLessThan(300);
    expect(Object.keys(error)).not.toContain("text");
    expect(JSON.stringify(error).length).toBeLessThan(600);
    expect(inspect(error)).not.toContain("s3cr3t".repeat(40));
  }
});

describe("an asynchronous schema", () => {
  const input = z.object({ title: z.string().refine(async (title) => title !== "unknown", "no such book") });
  const find = tool({ name: "find", input, call: ({ title }) => title });

  test("makes close() return a promise, until which the call is streaming", async () => {
    const open = find["~open"](block);
    const closing = close(open, '{"title":"Mistborn"}');
    expect(closing).toBeInstanceOf(Promise);
    expect(open.current.state).toBe("streaming");
    const call = await closing;
    expect(call).toMatchObject({ state: "complete", args: { title: "Mistborn" } });
    expect(open.current).toBe(call);
  });

  test("may reject the input", async () => {
    const call = await close(find["~open"](block), '{"title":"unknown"}');
    expect(call).toMatchObject({ state: "invalid", error: { issues: [{ message: "no such book", path: ["title"] }] } });
  });

  test("that throws makes the call invalid; close() does not reject", async () => {
    const cause = new Error("No database");
    const failing = v.pipeAsync(
      v.object({}),
      v.checkAsync(() => Promise.reject(cause)),
    );
    const search = tool({ name: "search", input: failing, inputSchema: { type: "object" }, call: () => 1 });
    const call = await close(search["~open"](block), "{}");
    expect(call).toMatchObject({ state: "invalid", error: { cause } });
  });
});

describe("a streaming call", () => {
  test("shows the input so far, with a call object for each fragment", () => {
    const open = getAuthor["~open"](block);
    expect(open.current).toMatchObject({ name: "get_author", state: "streaming", args: {}, delta: "", text: "" });
    const seen = ["", '{"tit', 'le": "Mist', 'born"', "}"].map((fragment) => {
      const call = open.push(fragment);
      expect(open.current).toBe(call);
      expect(call).toMatchObject({
        name: "get_author",
        id: "toolu_1",
        state: "streaming",
        error: null,
        delta: fragment,
      });
      expect(call.toolCall).toBe(native);
      expect(call).not.toHaveProperty("call");
      return { text: call.text, args: call.args };
    });
    expect(seen).toEqual([
      { text: "", args: {} },
      { text: '{"tit', args: {} },
      { text: '{"title": "Mist', args: { title: "Mist" } },
      { text: '{"title": "Mistborn"', args: { title: "Mistborn" } },
      { text: '{"title": "Mistborn"}', args: { title: "Mistborn" } },
    ]);
  });

  test("is neither validated nor transformed", () => {
    const open = getAuthor["~open"](block);
    expect(open.push('{"title": 5, "year": "2006", "x": [1').args).toEqual({ title: 5, year: "2006", x: [] });
  });

  test("keeps its args once they are read", () => {
    const open = getAuthor["~open"](block);
    const first = open.push('{"title": "Mist');
    const { args } = first;
    expect(open.push("born").args).toEqual({ title: "Mistborn" });
    expect(first.args).toBe(args);
    expect(args).toEqual({ title: "Mist" });
  });

  test("shows input that does not arrive as text, as it is when it is read", () => {
    let partial: unknown = {};
    const open = getAuthor["~open"]({ ...block, partial: () => partial });
    partial = { title: "Mist" };
    const first = open.push("");
    expect([first.args, first.delta, first.text]).toEqual([{ title: "Mist" }, "", ""]);
    partial = "not an object";
    expect(open.push("").args).toEqual({});
    expect(first.args).toEqual({ title: "Mist" });
  });

  test("shows what has arrived by the time its args are read", () => {
    const open = getAuthor["~open"](block);
    const first = open.push('{"title": "Mist');
    open.push('born"');
    expect(first.args).toEqual({ title: "Mistborn" });
    expect(first.text).toBe('{"title": "Mist');
  });

  test("keeps its args when the text turns out not to be JSON", () => {
    const open = getAuthor["~open"](block);
    expect(open.push('{"title": "Mist').args).toEqual({ title: "Mist" });
    expect(open.push('" oops').args).toMatchObject({ title: "Mist" });
    const last = open.push(', "year": "2006"}');
    expect(last.args).toMatchObject({ title: "Mist" });
    expect(last.text).toBe('{"title": "Mist" oops, "year": "2006"}');
    expect(close(open, last.text)).toMatchObject({ state: "invalid" });
  });

  test.each(["[1, 2", "5 ", '"text', "oops"])("has empty args for text that is not an object: %j", (text) => {
    expect(getAuthor["~open"](block).push(text).args).toEqual({});
  });

  test("is written to JSON with its args", () => {
    const call = getAuthor["~open"](block).push('{"title": "Mist');
    expect(JSON.parse(JSON.stringify(call))).toEqual({
      name: "get_author",
      id: "toolu_1",
      state: "streaming",
      delta: '{"title": "Mist',
      args: { title: "Mist" },
    });
  });

  test("of a megabyte takes linear time, whether args are read or not", () => {
    const fragments = Array.from({ length: 100_000 }, (_, n) => (n === 0 ? '{"title": "' : "0123456789"));
    const push = (asks: boolean): number => {
      const open = getAuthor["~open"](block);
      const start = performance.now();
      for (const fragment of fragments) {
        const call = open.push(fragment);
        if (asks && call.args === null) throw new Error("no args");
      }
      return performance.now() - start;
    };
    expect(push(false)).toBeLessThan(1000);
    expect(push(true)).toBeLessThan(3000);
  });
});
