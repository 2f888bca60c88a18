import { describe, expect, test } from "vitest";
import { InvalidOptionError, MillraceError } from "../../src/errors.ts";
import { type McpClient, McpListError, McpToolError, mcpTools } from "../../src/neutral-mcp.ts";
import { toolResult } from "../../src/tool/tool-result.ts";

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
    [{ tools: [{ name: "a", inputSchema }, null] }, "tool 2 has no name."],
    [{ tools: ["search"] }, "tool 1 has no name."],
    [{ tools: [{ inputSchema }] }, "tool 1 has no name."],
    [{ tools: [{ name: "", inputSchema }] }, "tool 1 has no name."],
    [{ tools: [{ name: { a: 1 }, inputSchema }] }, "tool 1 has no name."],
    [{ tools: [{ name: "a", inputSchema: "object" }] }, 'tool "a" has an inputSchema that is not an object.'],
    [
      { tools: [{ name: "a", inputSchema: { type: "string" } }] },
      /^.*tool "a": inputSchema: it must describe an object/,
    ],
    [{ tools: [{ name: "n".repeat(1e6), inputSchema: 5 }] }, `tool "${"n".repeat(100)}…" has an inputSchema`],
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
    });
    expect((error as Error).message).toMatch(problem);
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

describe("the names of tools", () => {
  const isValid = /^[\w-]{1,64}$/;

  test.each([
    ["equal names", () => "same"],
    ["names that are cut to the same", (n: number) => `${"y".repeat(70)}${n}`],
    ["pairs of long names that end differently", (n: number) => `${"y".repeat(55)}${String(n >> 1).padStart(4, "0")}`],
    ["names that are numbered already", (n: number) => (n % 2 === 0 ? "same" : `same_${n}`)],
  ])("are unique in linear time: %s", async (_, nameOf) => {
    const start = performance.now();
    const names = await namesOf(Array.from({ length: 8000 }, (_, n) => nameOf(n)));
    // Counting from 1 for each took 4 seconds and more.
    expect(performance.now() - start).toBeLessThan(1500);
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
    ["image/tiff", "aGk="],
  ])("has a note instead of media that models do not read: %s", async (mimeType, data) => {
    expect(await outputOf({ content: [{ type: "image", data, mimeType }] })).toBe(`[${mimeType}, not shown]`);
  });

  test("has media that toolResult accepts", async () => {
    const output = await outputOf({
      content: [
        { type: "image", data: "aGk\r\nhaGk=\n", mimeType: "image/PNG" },
        { type: "text", text: "a" },
      ],
    });
    expect(toolResult("toolu_1", output).content).toEqual([
      { type: "image", data: "aGkhaGk=", mediaType: "image/png" },
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
