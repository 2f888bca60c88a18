import { Client, InMemoryTransport } from "@modelcontextprotocol/client";
import { McpServer, Server } from "@modelcontextprotocol/server";
import { afterEach, describe, expect, expectTypeOf, test } from "vitest";
import * as z from "zod";
import { InvalidOptionError, MillraceError } from "../../src/errors.ts";
import { type McpClient, type McpOutput, type McpTool, McpToolError, mcpTools } from "../../src/neutral-mcp.ts";
import type { PairTool } from "../../src/tool/pair.ts";
import { tool } from "../../src/index.ts";

const png = "iVBORw0KGgo=";
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

/** A client of a server, both in this process. */
async function connect(server: McpServer | Server): Promise<Client> {
  const [clientSide, serverSide] = InMemoryTransport.createLinkedPair();
  await server.connect(serverSide);
  const client = new Client({ name: "test", version: "1.0.0" });
  await client.connect(clientSide);
  closing.push(() => client.close());
  return client;
}

function docsServer(): McpServer {
  const server = new McpServer({ name: "docs", version: "1.0.0" });
  server.registerTool(
    "search",
    { description: "Searches the docs.", inputSchema: z.object({ query: z.string(), limit: z.number().optional() }) },
    ({ query, limit = 3 }) => ({
      content: [
        { type: "text", text: `${limit} hits for ${query}` },
        { type: "text", text: "The end" },
      ],
    }),
  );
  return server;
}

/** A client of a server with one tool, which returns this. */
async function clientOf(result: z.input<typeof anyResult>): Promise<Client> {
  const server = new Server({ name: "one", version: "1.0.0" }, { capabilities: { tools: {} } });
  server.setRequestHandler("tools/list", () => ({ tools: [{ name: "run", inputSchema: { type: "object" } }] }));
  server.setRequestHandler("tools/call", () => anyResult.parse(result));
  return await connect(server);
}

const anyResult = z.object({
  content: z.array(z.custom<{ type: "text"; text: string }>()),
  structuredContent: z.record(z.string(), z.unknown()).optional(),
  isError: z.boolean().optional(),
});

/** Runs one of the tools, as the reader of a stream does. */
async function run(
  tools: readonly McpTool<string>[],
  name: string,
  input: Record<string, unknown>,
  signal?: AbortSignal,
) {
  const found = tools.find((candidate) => candidate.name === name);
  const call = await found?.["~open"]({ id: "toolu_1", toolCall: () => null }).close(JSON.stringify(input), input);
  if (call?.state !== "complete") throw new Error(`${name} is not complete`);
  return await call.call({ signal });
}

describe("the tools of a server", () => {
  test("are tools in a namespace, with the server's own schemas", async () => {
    const tools = await mcpTools(await connect(docsServer()), { namespace: "docs", deferLoading: true });
    expect(tools).toHaveLength(1);
    expect(tools[0]).toMatchObject({
      name: "docs_search",
      description: "Searches the docs.",
      inputSchema: {
        type: "object",
        properties: { query: { type: "string" }, limit: { type: "number" } },
        required: ["query"],
      },
      deferLoading: true,
    });
    expect(tools[0]?.inputSchema).not.toHaveProperty("$schema");
  });

  test("run on the server", async () => {
    const tools = await mcpTools(await connect(docsServer()), { namespace: "docs" });
    expect(await run(tools, "docs_search", { query: "streams", limit: 5 })).toBe("5 hits for streams\nThe end");
  });

  test("are validated by the server, and reject with its message", async () => {
    const tools = await mcpTools(await connect(docsServer()), { namespace: "docs" });
    await expect(run(tools, "docs_search", { query: 5 })).rejects.toThrow(/query/);
  });

  test("are collected from all pages", async () => {
    const pages = [["a"], ["b", "c"], ["d"]];
    const server = new Server({ name: "pages", version: "1.0.0" }, { capabilities: { tools: {} } });
    server.setRequestHandler("tools/list", ({ params }) => {
      const page = Number(params?.cursor ?? 0);
      return {
        tools: (pages[page] ?? []).map((name) => ({
          name,
          title: name.toUpperCase(),
          inputSchema: { type: "object" },
        })),
        ...(page + 1 < pages.length && { nextCursor: String(page + 1) }),
      };
    });
    const client = await connect(server);
    // The SDK's client collects all pages itself unless it is given a cursor. Others return one page at a time.
    const pageByPage: McpClient = {
      listTools: ({ cursor = "0" } = {}) => client.listTools({ cursor }),
      callTool: (params, options) => client.callTool(params, options),
    };
    for (const each of [client, pageByPage]) {
      const tools = await mcpTools(each, { namespace: "pages" });
      expect(tools.map(({ name }) => name)).toEqual(["pages_a", "pages_b", "pages_c", "pages_d"]);
      expect(tools[0]?.description).toBe("A");
    }
  });

  test("end where a cursor is repeated", async () => {
    const endless: McpClient = {
      listTools: () => Promise.resolve({ tools: [], nextCursor: "again" }),
      callTool: () => Promise.reject(new Error("never called")),
    };
    expect(await mcpTools(endless, { namespace: "docs" })).toEqual([]);
  });

  test("get unique names that models accept, and are called by their own", async () => {
    const names = ["files/read", "files.read", "files_read", "y".repeat(100), `${"y".repeat(100)}z`];
    const called: string[] = [];
    const server = new Server({ name: "names", version: "1.0.0" }, { capabilities: { tools: {} } });
    server.setRequestHandler("tools/list", () => ({
      tools: names.map((name) => ({ name, inputSchema: { type: "object" } })),
    }));
    server.setRequestHandler("tools/call", ({ params }) => {
      called.push(params.name);
      return { content: [] };
    });
    const tools = await mcpTools(await connect(server), { namespace: "fs" });
    expect(tools.map(({ name }) => name)).toEqual([
      "fs_files_read",
      "fs_files_read_2",
      "fs_files_read_3",
      `fs_${"y".repeat(61)}`,
      `fs_${"y".repeat(59)}_2`,
    ]);
    for (const { name } of tools) await run(tools, name, {});
    expect(called).toEqual(names);
  });

  test("need a namespace that can begin a name", async () => {
    const empty: McpClient = {
      listTools: () => Promise.resolve({ tools: [] }),
      callTool: () => Promise.reject(new Error("never called")),
    };
    await expect(mcpTools(empty, { namespace: "my docs" })).rejects.toThrow(InvalidOptionError);
  });
});

describe("the output of a tool", () => {
  const cases: readonly (readonly [what: string, content: readonly object[], output: McpOutput])[] = [
    ["nothing", [], ""],
    ["text", [{ type: "text", text: "a" }], "a"],
    [
      "text and an image",
      [
        { type: "text", text: "a" },
        { type: "image", data: png, mimeType: "image/png" },
      ],
      [
        { type: "text", text: "a" },
        { type: "image", data: png, mediaType: "image/png" },
      ],
    ],
    ["audio", [{ type: "audio", data: png, mimeType: "audio/wav" }], "[audio/wav, not shown]"],
    ["a text resource", [{ type: "resource", resource: { uri: "file:///a.md", text: "# A" } }], "# A"],
    [
      "a PDF",
      [{ type: "resource", resource: { uri: "file:///a.pdf", blob: "JVBERi0=", mimeType: "application/pdf" } }],
      [{ type: "document", data: "JVBERi0=", mediaType: "application/pdf" }],
    ],
    [
      "another file",
      [{ type: "resource", resource: { uri: "file:///a.zip", blob: "UEs=", mimeType: "application/zip" } }],
      "[application/zip file:///a.zip, not shown]",
    ],
    [
      "a file of unknown type",
      [{ type: "resource", resource: { uri: "file:///a", blob: "UEs=" } }],
      "[Binary content file:///a, not shown]",
    ],
    ["a link", [{ type: "resource_link", uri: "file:///a.md", name: "a.md", title: "A" }], "A: file:///a.md"],
  ];

  test.each(cases)("for %s", async (_, content, output) => {
    const client = await clientOf({ content: content as { type: "text"; text: string }[] });
    const tools = await mcpTools(client, { namespace: "one" });
    expect(await run(tools, "one_run", {})).toEqual(output);
  });

  test("is JSON if there is structured content alone", async () => {
    const client = await clientOf({ content: [], structuredContent: { hits: 3 } });
    expect(await run(await mcpTools(client, { namespace: "one" }), "one_run", {})).toBe('{"hits":3}');
  });

  test("is JSON for a block of an unknown type", async () => {
    const client: McpClient = {
      listTools: () => Promise.resolve({ tools: [{ name: "run", inputSchema: { type: "object" } }] }),
      callTool: () => Promise.resolve({ content: [{ type: "hologram", size: 3 }] }),
    };
    const tools = await mcpTools(client, { namespace: "one" });
    expect(await run(tools, "one_run", {})).toBe('{"type":"hologram","size":3}');
  });

  test("is an error with the text of a result that failed", async () => {
    const text = [
      { type: "text", text: "No such book." },
      { type: "text", text: "Try another." },
    ] as const;
    const tools = await mcpTools(await clientOf({ content: [...text], isError: true }), { namespace: "one" });
    const error: unknown = await run(tools, "one_run", {}).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(McpToolError);
    expect(error).toBeInstanceOf(MillraceError);
    expect(error).toMatchObject({ code: "mcp_tool", toolName: "run", message: "No such book.\nTry another." });
  });

  test("is an error even without a text", async () => {
    const tools = await mcpTools(await clientOf({ content: [], isError: true }), { namespace: "one" });
    await expect(run(tools, "one_run", {})).rejects.toThrow("The tool failed, and did not say why.");
  });
});

test("the signal of the call reaches the server", async () => {
  const controller = new AbortController();
  let reach: (signal: AbortSignal) => void = () => {};
  const reached = new Promise<AbortSignal>((resolve) => (reach = resolve));
  const server = new Server({ name: "slow", version: "1.0.0" }, { capabilities: { tools: {} } });
  server.setRequestHandler("tools/list", () => ({ tools: [{ name: "wait", inputSchema: { type: "object" } }] }));
  server.setRequestHandler("tools/call", async (_, { mcpReq }) => {
    reach(mcpReq.signal);
    await new Promise((resolve) => mcpReq.signal.addEventListener("abort", resolve));
    return { content: [] };
  });
  const tools = await mcpTools(await connect(server), { namespace: "slow" });
  const running = run(tools, "slow_wait", {}, controller.signal);
  const atServer = await reached;
  expect(atServer.aborted).toBe(false);
  const stopped = new Promise((resolve) => atServer.addEventListener("abort", resolve));
  controller.abort(new Error("Stop"));
  await expect(running).rejects.toThrow("Stop");
  await stopped;
});

test("the types keep them apart from other tools by the namespace", async () => {
  const tools = await mcpTools(await connect(docsServer()), { namespace: "docs" });
  expectTypeOf(tools).toEqualTypeOf<readonly McpTool<"docs">[]>();
  const now = tool({ name: "now", call: () => 42 });
  const take = (call: PairTool<(typeof tools)[number] | typeof now, unknown>): void => {
    if (call?.name === "now") {
      expectTypeOf(call.args).toEqualTypeOf<Record<string, never>>();
      expectTypeOf(call.call()).toEqualTypeOf<Promise<number>>();
    } else if (call !== null) {
      expectTypeOf(call.name).toEqualTypeOf<`docs_${string}`>();
      expectTypeOf(call.args).toEqualTypeOf<Record<string, unknown>>();
      expectTypeOf(call.call()).toEqualTypeOf<Promise<McpOutput>>();
    }
  };
  take(null);
  // @ts-expect-error Cache control is for a single tool.
  await mcpTools(await connect(docsServer()), { namespace: "docs", cacheControl: { type: "ephemeral" } });
  // @ts-expect-error The namespace is missing.
  await expect(mcpTools(await connect(docsServer()), {})).rejects.toThrow();
});
