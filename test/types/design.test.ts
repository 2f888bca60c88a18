import { describe, expect, expectTypeOf, it } from "vitest";
import * as z from "zod";
import {
  type AnyTool,
  call as neutralCall,
  type DeepPartial,
  promptTemplate,
  tool,
  type ToolCall,
  type ToolOutput,
  user,
} from "../../src/index.ts";
import {
  type AnthropicCallResponse,
  type AnthropicDynamicConfig,
  type AnthropicStream,
  type AnthropicTool,
  type AsyncAnthropicDynamicConfig,
  call,
  type FinishReason,
  type MessageParam,
} from "../../src/providers/anthropic/index.ts";
import { call as structuredCall } from "../../src/providers/anthropic/structured.ts";

const getBookAuthor = tool({
  name: "get_book_author",
  description: "Returns the author of the book with the given title.",
  input: z.object({ title: z.string().describe("The title of the book.") }),
  call: ({ title }) => (title === "The Name of the Wind" ? "Patrick Rothfuss" : "Unknown"),
});
const countPages = tool({
  name: "count_pages",
  input: z.object({ title: z.string(), edition: z.enum(["first", "latest"]) }),
  call: async () => 662,
});
const Book = z.object({ title: z.string(), genre: z.enum(["fantasy", "crime"]), year: z.coerce.number<string>() });
const books = ["The Name of the Wind", "Mistborn"];

/** The snippets of the public face: they are compiled, and never run. */
async function snippets(): Promise<void> {
  const recommendBook = call("claude-sonnet-5-5", { stream: true }, (genre: string) => `Recommend a ${genre} book`);
  const stream = recommendBook("fantasy");
  for await (const [chunk] of stream) process.stdout.write(chunk.content);
  expectTypeOf(stream.constructCallResponse()).toEqualTypeOf<AnthropicCallResponse<never>>();
  expectTypeOf(stream.cost).toEqualTypeOf<number | null>();

  const answer = await call("claude-sonnet-5-5", (genre: string) => `Recommend a ${genre} book`)("fantasy");
  expectTypeOf(answer.finishReasons).toEqualTypeOf<readonly FinishReason[]>();
  expectTypeOf(answer.inputTokens).toEqualTypeOf<number>();

  const identifyAuthors = call(
    "claude-sonnet-5-5",
    { stream: true, tools: [getBookAuthor, countPages] },
    (titles: string[]) => `Who wrote ${titles.join(" and ")}?`,
  );
  for await (const [chunk, tool] of identifyAuthors(books)) {
    if (tool === null) {
      process.stdout.write(chunk.content);
    } else if (tool.name === "get_book_author") {
      expectTypeOf(tool.args).toEqualTypeOf<{ title: string }>();
      expectTypeOf(await tool.call()).toEqualTypeOf<string>();
      expectTypeOf(tool.toolCall.id).toEqualTypeOf<string>();
    } else {
      expectTypeOf(tool.name).toEqualTypeOf<"count_pages">();
      expectTypeOf(tool.call()).toEqualTypeOf<Promise<number>>();
      // @ts-expect-error -- no such argument
      void tool.args.titel;
    }
  }

  const identify = call("m", { stream: { partialTools: true }, tools: [countPages] }, (titles: string[]) =>
    titles.join(),
  );
  for await (const [, tool] of identify(books)) {
    if (tool === null) continue;
    if (tool.delta !== null) {
      expectTypeOf(tool.args.title).toEqualTypeOf<string | undefined>();
      // Prefixes arrive: the literal is widened.
      expectTypeOf(tool.args.edition).toEqualTypeOf<string | undefined>();
      // @ts-expect-error -- a tool that streams cannot be called
      void tool.call;
    } else {
      expectTypeOf(await tool.call()).toEqualTypeOf<number>();
    }
  }

  const extractBook = structuredCall("m", { stream: true, responseModel: Book }, (text: string) => `Extract: ${text}`);
  const extraction = extractBook("page");
  for await (const partial of extraction) {
    expectTypeOf(partial).toEqualTypeOf<DeepPartial<{ title: string; genre: "fantasy" | "crime"; year: string }>>();
    expectTypeOf(partial.genre).toEqualTypeOf<string | undefined>();
  }
  expectTypeOf(extraction.constructedResponseModel.year).toEqualTypeOf<number>();

  const prompt = promptTemplate(`
    SYSTEM: You are a librarian.
    MESSAGES: {history}
    USER: Recommend a {genre} book`);
  call("m", { stream: true }, prompt)({ genre: "fantasy", history: [] });
  // @ts-expect-error -- a variable is missing
  call("m", { stream: true }, prompt)({ genre: "fantasy" });
  // @ts-expect-error -- a variable is misspelt
  call("m", { stream: true }, prompt)({ genre: "fantasy", histori: [] });

  const asked = identifyAuthors(books);
  const outputs: ToolOutput[] = [];
  for await (const [, tool] of asked) if (tool) outputs.push([tool, await tool.call()]);
  const history = asked.history(outputs);
  expectTypeOf(history).toEqualTypeOf<readonly MessageParam[]>();
  call("m", () => [...history, user("Go on")]);

  const neutral = neutralCall("anthropic/claude-sonnet-5-5", { stream: true, tools: [getBookAuthor] }, () => "Hi")();
  expectTypeOf(neutral).toEqualTypeOf<AnthropicStream<typeof getBookAuthor>>();
  // @ts-expect-error -- a provider that is not there yet
  neutralCall("google/gemini-3-pro", { stream: true }, () => "Hi");
}

/** Configs whose type is written down. */
async function configs(): Promise<void> {
  const asked = (title: string): AnthropicDynamicConfig<typeof getBookAuthor> => ({
    messages: [user(title), { role: "assistant", content: "Well" }],
    tools: [getBookAuthor],
    callParams: { max_tokens: 5 },
  });
  expectTypeOf(call("m", { stream: true }, asked)("x")).toEqualTypeOf<AnthropicStream<typeof getBookAuthor>>();
  const later = async (title: string): AsyncAnthropicDynamicConfig<typeof getBookAuthor> => asked(title);
  expectTypeOf(call("m", later)).returns.resolves.toEqualTypeOf<AnthropicCallResponse<typeof getBookAuthor>>();
  expectTypeOf(neutralCall("anthropic/m", { stream: true }, later)("x")).toEqualTypeOf<
    AnthropicStream<typeof getBookAuthor>
  >();
  // Unnamed tools are known to be tools.
  const any = (): AnthropicDynamicConfig => ({
    messages: [],
    tools: [getBookAuthor, { name: "bash", type: "bash_20250124" }],
  });
  const { tool: found } = await call("m", any)();
  expectTypeOf(found).toExtend<ToolCall | null>();
  expectTypeOf<AnthropicTool["args"]>().toEqualTypeOf<unknown>();
  // A response model decides on its result before the function runs.
  expectTypeOf(structuredCall("m", { responseModel: Book }, any)).returns.resolves.toHaveProperty("year");
  // @ts-expect-error -- another tool
  const wrong = (): AnthropicDynamicConfig<typeof getBookAuthor> => ({ messages: [], tools: [countPages] });
  // @ts-expect-error -- no key of a config
  const excess = (): AnthropicDynamicConfig => ({ messages: [], tool: [getBookAuthor] });
  // @ts-expect-error -- no parameter of the API
  const param = (): AnthropicDynamicConfig => ({ messages: [], callParams: { maxTokens: 5 } });
  void [wrong, excess, param];
}

/** What must not compile, and what every stream can be held as. */
function refusals(): void {
  // @ts-expect-error -- it is called `tools`
  call("m", { stream: true, tool: [getBookAuthor] }, () => "Hi");
  // @ts-expect-error -- an option that is not built yet is not there
  call("m", { stream: true, resume: true }, () => "Hi");
  // @ts-expect-error -- a stream is parsed by whoever reads it
  call("m", { stream: true, outputParser: (response) => response.content }, () => "Hi");
  // @ts-expect-error -- response models are another entry's
  call("m", { stream: true, responseModel: Book }, () => "Hi");
  // @ts-expect-error -- no such tool
  call("m", { tools: [getBookAuthor], toolChoice: { type: "tool", name: "get_author" } }, () => "Hi");
  // @ts-expect-error -- no key of a config
  call("m", () => ({ messages: [], callParam: {} }));
  // @ts-expect-error -- "a message cannot have the role "tool": take the results of tools from stream.history(outputs)"
  call("m", { stream: true }, () => [user("Hi"), { role: "tool", content: "Hi", tool_call_id: "1" }]);
  // @ts-expect-error -- the same, in a config
  call("m", async () => Promise.resolve({ messages: [{ role: "developer", content: "Hi" }] }));
  // @ts-expect-error -- ""tool_calls" is not a field of a message: …"
  neutralCall("anthropic/m", () => [{ role: "assistant", content: "", tool_calls: [] }]);
  const unknown: { role: string; content: string }[] = [];
  call("m", { stream: true }, () => [
    { role: "system", content: "Be brief" },
    { role: "user", content: "Hi" },
  ]);
  call("m", { stream: true }, () => unknown);
  call("m", { tools: [getBookAuthor], outputParser: ({ tool }) => tool?.args.title }, () => "Hi");
  // A stream of more is a stream of less: what it holds only comes out.
  const any: AnthropicStream = call("m", { stream: true, tools: [getBookAuthor] }, () => "Hi")();
  void any;
  expectTypeOf<AnthropicTool<typeof getBookAuthor>["args"]>().toEqualTypeOf<{ title: string }>();
  expectTypeOf<AnthropicTool<typeof getBookAuthor>>().toExtend<
    ToolCall<"get_book_author", { title: string }, string>
  >();
  expectTypeOf<readonly [typeof getBookAuthor, typeof countPages]>().toExtend<readonly AnyTool[]>();
}

describe("the public face", () => {
  it("compiles as it is promised", () => {
    expect([snippets, configs, refusals].every((check) => typeof check === "function")).toBe(true);
  });
});
