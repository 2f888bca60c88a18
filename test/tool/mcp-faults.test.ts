import { describe, expect, test, vi } from "vitest";
import { InvalidOptionError, MillraceError } from "../../src/errors.ts";
import { type McpClient, McpListError, McpToolError, mcpTools } from "../../src/neutral-mcp.ts";
import { toolResult } from "../../src/tool/tool-result.ts";
import { cpuMsSince } from "../cpu-time.ts";

const inputSchema = { type: "object" };

/** A client whose server answers with this, page by page. */
function listing(pageOf: (page: number) => unknown): McpClient & { readonly requests: unknown[] } {
  const requests: unknown[] = [];
  return {
    requests,
    listTools: (params) => Promise.resolve(pageOf(requests.push(params) - 1) as never),
    callTool: () => Promise.reject(new Error("never called")),
  };
}

/** Runs a tool whose server answers with this. */
async function outputOf(result: unknown): Promise<unknown> {
  const client: McpClient = {
    listTools: () => Promise.resolve({ tools: [{ name: "run", inputSchema }] }),
    callTool: () => Promise.resolve(result as object),
  };
  const [run] = await mcpTools(client, { namespace: "one" });
  const call = await run?.["~open"]({ id: "toolu_1", toolCall: () => null }).close("{}", {});
  if (call?.state !== "complete") throw new Error("The call is not complete.");
  return await call.call();
}

const namesOf = async (names: readonly string[], namespace = "docs"): Promise<readonly string[]> => {
  const tools = await mcpTools(
    listing(() => ({ tools: names.map((name) => ({ name, inputSchema })) })),
    { namespace },
  );
  return tools.map(({ name }) => name);
};

describe("a list of tools", () => {
  test.each([
    [null, 'page 1 has no array "tools".'],
    [undefined, 'page 1 has no array "tools".'],
    ["tools", 'page 1 has no array "tools".'],
    [[], 'page 1 has no array "tools".'],
    [{ tools: null }, 'page 1 has no array "tools".'],
    [{ tools: { a: 1 } }, 'page 1 has no array "tools".'],
  ])("that is malformed is a typed error: %#", async (page, problem) => {
    const error: unknown = await mcpTools(
      listing(() => page),
      { namespace: "docs" },
    ).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(McpListError);
    expect(error).toBeInstanceOf(MillraceError);
    expect(error).toMatchObject({
      code: "mcp_list",
      message: expect.stringMatching(/^The MCP server's list of tools/),
      toolName: null,
    });
    expect((error as Error).message).toMatch(problem);
  });

  const circle: { self?: object } = {};
  circle.self = circle;

  test.each<[bad: unknown, toolName: string | null, problem: string]>([
    [null, null, "Tool 2 of the MCP server is left out: it has no name."],
    ["search", null, "Tool 2 of the MCP server is left out: it has no name."],
    [{ inputSchema }, null, "it has no name."],
    [{ name: "", inputSchema }, null, "it has no name."],
    [{ name: { a: 1 }, inputSchema }, null, "it has no name."],
    [{ name: "bad", inputSchema: "object" }, "bad", 'Tool "bad" of the MCP server is left out: its inputSchema is not'],
    [{ name: "bad", inputSchema: [inputSchema] }, "bad", "its inputSchema is not an object."],
    [{ name: "bad", inputSchema: { type: "string" } }, "bad", 'it must describe an object, but has type "string"'],
    [{ name: "bad", inputSchema: { type: ["array", "null"] } }, "bad", "it must describe an object"],
    [{ name: "bad", inputSchema: { default: circle } }, "bad", "it is not plain JSON."],
    [{ name: "bad", inputSchema: { default: 5n } }, "bad", "it is not plain JSON."],
    [{ name: "n".repeat(1e6), inputSchema: 5 }, "n".repeat(1e6), `Tool "${"n".repeat(100)}…" of`],
  ])("leaves out a bad tool, and says so: %#", async (bad, toolName, problem) => {
    const skipped: McpListError[] = [];
    const client = listing(() => ({ tools: [{ name: "a", inputSchema }, bad, { name: "bad", inputSchema }] }));
    const tools = await mcpTools(client, { namespace: "docs", onSkip: (error) => skipped.push(error) });
    // Its name is free for another tool.
    expect(tools.map(({ name }) => name)).toEqual(["docs_a", "docs_bad"]);
    expect(skipped).toMatchObject([{ code: "mcp_list", toolName, message: expect.stringContaining(problem) }]);
    expect(skipped[0]?.message.length).toBeLessThan(300);
  });

  test("warns on the console of a tool that it leaves out, if nobody else is told", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const client = listing(() => ({
      tools: [
        { name: "a", inputSchema },
        { name: "bad", inputSchema: 5 },
      ],
    }));
    expect(await mcpTools(client, { namespace: "docs" })).toHaveLength(1);
    expect(warn.mock.calls).toEqual([['Tool "bad" of the MCP server is left out: its inputSchema is not an object.']]);
    warn.mockRestore();
  });

  test.each([[""], [null], [undefined]])("ends with the cursor %j", async (nextCursor) => {
    const client = listing(() => ({ tools: [{ name: "a", inputSchema }], nextCursor }));
    expect(await mcpTools(client, { namespace: "docs" })).toHaveLength(1);
    expect(client.requests).toEqual([{}]);
  });

  test("may have at most 1,000 pages", async () => {
    const endless = listing((page) => ({ tools: [], nextCursor: `page ${page}` }));
    await expect(mcpTools(endless, { namespace: "docs" })).rejects.toThrow("it has more than 1000 pages.");
    expect(endless.requests).toHaveLength(1000);
  });

  test("may have at most 10,000 tools", async () => {
    const page = Array.from({ length: 3000 }, () => ({ name: "a", inputSchema }));
    const large = listing((number) => ({ tools: page, nextCursor: String(number) }));
    await expect(mcpTools(large, { namespace: "docs" })).rejects.toThrow("it has more than 10000 tools.");
    expect(large.requests).toHaveLength(4);
  });

  test("may leave out the schema of a tool without input, and descriptions", async () => {
    const tools = await mcpTools(
      listing(() => ({ tools: [{ name: "a" }, { name: "b", inputSchema: null, description: 5, title: "B" }] })),
      { namespace: "docs" },
    );
    expect(tools).toMatchObject([
      { name: "docs_a", inputSchema, description: undefined },
      { name: "docs_b", inputSchema, description: "B" },
    ]);
  });
});

describe("the schema of a tool becomes one that models accept", () => {
  const shown = async (schema: unknown, description?: string) => {
    const client = listing(() => ({ tools: [{ name: "a", description, inputSchema: schema }] }));
    const [only] = await mcpTools(client, { namespace: "docs", onSkip: (error) => expect.unreachable(error.message) });
    return { schema: only?.inputSchema, description: only?.description };
  };
  const text = { type: "string" };
  const number = { type: "number" };
  const properties = { a: text };

  test.each<[what: string, given: object, expected: object]>([
    ["an empty one", {}, { type: "object" }],
    ["$schema alone", { $schema: "http://json-schema.org/draft-07/schema#" }, { type: "object" }],
    ["one without a type", { properties, required: ["a"] }, { type: "object", properties, required: ["a"] }],
    ["one that may be null", { type: ["object", "null"], properties }, { type: "object", properties }],
    ["a reference", { $ref: "#/definitions/A", definitions: { A: { properties } } }, { type: "object", properties }],
    ["properties that are none", { type: "object", properties: [], required: true }, { type: "object" }],
    [
      "required names that are none",
      { properties, required: ["a", 5] },
      { type: "object", properties, required: ["a"] },
    ],
  ])("%s", async (_, given, expected) => {
    expect((await shown(given)).schema).toMatchObject(expected);
    expect(Object.keys((await shown(given)).schema ?? {}).sort()).toEqual(
      Object.keys({ ...expected, ...("definitions" in given && { definitions: 1 }) }).sort(),
    );
  });

  test.each(["anyOf", "oneOf"])("one with %s at its top, which the description repeats", async (keyword) => {
    const parts = [
      { properties: { a: text, b: text }, required: ["a", "b"] },
      { $ref: "#/$defs/B" },
      { required: ["a", "c"] },
    ];
    const given = {
      type: "object",
      properties: { c: number },
      [keyword]: parts,
      $defs: { B: { properties: { b: number }, required: ["a"] } },
    };
    const { schema, description } = await shown(given, "Finds.");
    expect(schema).toEqual({
      type: "object",
      properties: { c: number, a: text, b: { anyOf: [text, number] } },
      required: ["a"],
      $defs: given.$defs,
    });
    expect(description).toBe(`Finds.\n\nThe input must also fit: ${JSON.stringify({ [keyword]: parts })}`);
    expect((await shown(given)).description).toMatch(/^The input must also fit: /);
  });

  test("one with allOf at its top, which needs no words if it can be merged", async () => {
    const parts = [
      { properties: { a: text }, required: ["a"] },
      { properties: { b: number }, required: ["b"], title: "B" },
    ];
    expect(await shown({ allOf: parts }, "Finds.")).toEqual({
      schema: { type: "object", properties: { a: text, b: number }, required: ["a", "b"] },
      description: "Finds.",
    });
    const odd = await shown({ allOf: [...parts, { not: { required: ["c"] } }] });
    expect(odd.schema).not.toHaveProperty("allOf");
    expect(odd.description).toContain('{"not":{"required":["c"]}}');
  });

  test("one with nonsense in place of the parts, or very many", async () => {
    expect((await shown({ type: "object", anyOf: "a", oneOf: [null, 5] })).schema).toEqual({
      type: "object",
      properties: {},
    });
    const { description = "" } = await shown({
      anyOf: Array.from({ length: 5_000 }, (_, n) => ({ required: [`p${n}`] })),
    });
    expect([description.length < 2_100, description.at(-1)]).toEqual([true, "…"]);
  });

  test("one of an older draft, also where it is deep", async () => {
    const given = { type: "dict", properties: { n: { type: "int", minimum: 1, exclusiveMinimum: true }, none: null } };
    expect((await shown(given)).schema).toEqual({
      type: "object",
      properties: { n: { exclusiveMinimum: 1 }, none: {} },
    });
  });

  test("in a part of it they stay", async () => {
    const inner = { type: "object", properties: { a: { anyOf: [text, number] } } };
    expect(await shown(inner)).toEqual({ schema: inner, description: undefined });
  });
});

describe("the names of tools", () => {
  const isValid = /^[\w-]{1,64}$/;

  test.each([
    ["equal names", () => "same"],
    ["names that are cut to the same", (n: number) => `${"y".repeat(70)}${n}`],
    ["pairs of long names that end differently", (n: number) => `${"y".repeat(55)}${String(n >> 1).padStart(4, "0")}`],
    ["names that are numbered already", (n: number) => (n % 2 === 0 ? "same" : `same_${n}`)],
  ])("are unique in linear time: %s", async (_, nameOf) => {
    const start = process.cpuUsage();
    const names = await namesOf(Array.from({ length: 8000 }, (_, n) => nameOf(n)));
    // Counting from 1 for each took 4 seconds and more.
    expect(cpuMsSince(start)).toBeLessThan(1500);
    expect(new Set(names).size).toBe(8000);
    for (const name of names) expect(name).toMatch(isValid);
  });

  test("hold ASCII alone, with one _ for each other character", async () => {
    expect(await namesOf(["a📖b", `${"x".repeat(58)}📖📖`, "\ud83d"])).toEqual([
      "docs_a_b",
      `docs_${"x".repeat(58)}_`,
      "docs__",
    ]);
  });

  test("leave the namespace whole", async () => {
    const namespace = "n".repeat(56);
    const names = await namesOf(
      Array.from({ length: 10_000 }, () => "same"),
      namespace,
    );
    expect(new Set(names).size).toBe(10_000);
    for (const name of names) expect(name.startsWith(`${namespace}_s`) && isValid.test(name)).toBe(true);
    await expect(namesOf(["a"], "n".repeat(57))).rejects.toThrow(InvalidOptionError);
    await expect(namesOf(["a"], "")).rejects.toThrow(InvalidOptionError);
  });
});

describe("the result of a tool", () => {
  test.each<[unknown, unknown]>([
    [null, "null"],
    [undefined, ""],
    ["plain text", "plain text"],
    [["a"], '["a"]'],
    [{}, ""],
    [{ content: null }, ""],
    [{ content: "plain text" }, "plain text"],
    [{ content: [null, "text", 5, { a: 1 }, ["b"]] }, 'null\ntext\n5\n{"a":1}\n["b"]'],
    [{ content: [{ type: "text" }] }, ""],
    [{ content: [{ type: "resource" }] }, "[Binary content, not shown]"],
    [{ content: [Object.create(null), { type: "n", size: 5n }] }, '{}\n{"type":"n","size":"5"}'],
    [{ content: [], structuredContent: { id: 5n } }, '{"id":"5"}'],
    [{ content: [], structuredContent: null }, "null"],
  ])("that is malformed is text: %#", async (result, output) => {
    expect(await outputOf(result)).toBe(output);
  });

  test.each([
    ["image/svg+xml", "PHN2Zz4="],
    ["image/png", "not base64!"],
    ["image/png", ""],
    ["image/tiff", "SUkqAA=="],
    // A page that says that there is no such image, and audio.
    ["image/png", btoa("<!doctype html>")],
    ["image/jpeg", btoa("RIFF\u0000\u0000\u0000\u0000WAVE")],
    ["application/pdf", btoa("PK")],
    ["audio/wav", "iVBORw0KGgo="],
  ])("has a note instead of media that models do not read: %s", async (mimeType, data) => {
    expect(await outputOf({ content: [{ type: "image", data, mimeType }] })).toBe(`[${mimeType}, not shown]`);
  });

  test.each([
    ["image/png", "/9j/4AAQ", "image/jpeg"],
    ["image/jpg", "/9j/4AAQ", "image/jpeg"],
    ["image/x-png", "iVBORw0KGgo=", "image/png"],
    ["image/webp; q=1", btoa("RIFF\u0000\u0000\u0000\u0000WEBP"), "image/webp"],
    [undefined, btoa("GIF89a"), "image/gif"],
  ])("has images of the type that their bytes show: %s", async (mimeType, data, mediaType) => {
    expect(await outputOf({ content: [{ type: "image", data, mimeType }] })).toEqual([
      { type: "image", data, mediaType },
    ]);
  });

  test("has media that toolResult accepts", async () => {
    const output = await outputOf({
      content: [
        { type: "image", data: "iVBO\r\nRw0KGgo=\n", mimeType: "image/PNG" },
        { type: "text", text: "a" },
      ],
    });
    expect(toolResult("toolu_1", output).content).toEqual([
      { type: "image", data: "iVBORw0KGgo=", mediaType: "image/png" },
      { type: "text", text: "a" },
    ]);
  });

  test("that says that the tool failed is an error with a short enough message", async () => {
    const text = `x${"📖".repeat(100_000)}`;
    const error: unknown = await outputOf({ isError: true, content: [{ type: "text", text }] }).catch(
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(McpToolError);
    expect((error as Error).message).toBe(`x${"📖".repeat(9999)}…`);
    for (const content of [null, undefined, " ", [{ type: "text", text: " \n" }]]) {
      await expect(outputOf({ isError: true, content })).rejects.toThrow("The tool failed, and did not say why.");
    }
  });
});
