import * as v from "valibot";
import { describe, expect, expectTypeOf, test } from "vitest";
import * as z from "zod";
import {
  type CallResponse,
  call as neutralCall,
  type DeepPartial,
  type Native,
  ResponseModelError,
  type SchemaIssue,
  type StructuredStream,
  tool,
  type Tool,
} from "../../src/index.ts";
import {
  type AnthropicCallResponse,
  type AnthropicNative,
  type AnthropicStream,
  call as plainCall,
} from "../../src/providers/anthropic/index.ts";
import type { PairTypes } from "../../src/tool/pair.ts";
import { type AnthropicStructuredStream, call, type Parsing } from "../../src/providers/anthropic/structured.ts";

const model = "claude-sonnet-5-5";
const Book = z.object({
  title: z.string(),
  genre: z.enum(["fantasy", "crime"]),
  published: z.string().transform((date) => new Date(date)),
});
interface Book {
  title: string;
  genre: "fantasy" | "crime";
  published: Date;
}
interface ArrivingBook {
  readonly title?: string | undefined;
  readonly genre?: string | undefined;
  readonly published?: string | undefined;
}
const lookUp = tool({ name: "look_up", input: z.object({ title: z.string() }), call: ({ title }) => title.length });
type LookUp = Tool<"look_up", { title: string }, number, { readonly title?: string | undefined }>;

describe("a call with a response model", () => {
  const extractBook = call(model, { stream: true, responseModel: Book }, (page: string) => `Extract: ${page}`);

  test("gives a stream of what has arrived, and then what the schema gives", () => {
    expectTypeOf(extractBook).parameters.toEqualTypeOf<[page: string]>();
    expectTypeOf(extractBook).returns.toEqualTypeOf<AnthropicStructuredStream<Book, ArrivingBook>>();
    const extraction = extractBook("page");
    type Item = typeof extraction extends AsyncIterable<infer Value> ? Value : never;
    expectTypeOf<Item>().toEqualTypeOf<DeepPartial<z.input<typeof Book>>>();
    expectTypeOf<Item>().toEqualTypeOf<ArrivingBook>();
    expectTypeOf<typeof extraction.constructedResponseModel>().toEqualTypeOf<Book>();
    expectTypeOf(extraction.parse).returns.toEqualTypeOf<Promise<Book>>();
    expectTypeOf(extraction.isComplete).parameters.toEqualTypeOf<[path: readonly (string | number)[]]>();
    expectTypeOf<typeof extraction.tool>().toEqualTypeOf<null>();
  });

  test("gives its promise, where it is not streamed", () => {
    const ask = call(model, { responseModel: Book, validationRetries: 2 }, () => "x");
    expectTypeOf(ask).returns.toEqualTypeOf<Promise<Book>>();
    expectTypeOf(call(model, { responseModel: z.number() }, () => "x")).returns.toEqualTypeOf<Promise<number>>();
    expectTypeOf(ask.with({ stream: true })).returns.toEqualTypeOf<AnthropicStructuredStream<Book, ArrivingBook>>();
    expectTypeOf(ask.with({ responseModel: z.string() })).returns.toEqualTypeOf<Promise<string>>();
    expectTypeOf(call(model, () => "x").with({ responseModel: Book })).returns.toEqualTypeOf<Promise<Book>>();
  });

  test("takes a schema of any library", () => {
    const Valibot = v.object({ title: v.pipe(v.string(), v.transform(Number)) });
    const streamed = call(model, { stream: true, responseModel: Valibot, responseSchema: {} }, () => "x");
    expectTypeOf(streamed).returns.toEqualTypeOf<
      AnthropicStructuredStream<{ title: number }, { readonly title?: string | undefined }>
    >();
  });

  test("is the same by the neutral entry", () => {
    const ask = neutralCall("anthropic/claude-sonnet-5-5", { stream: true, responseModel: Book }, () => "x");
    expectTypeOf(ask).returns.toEqualTypeOf<AnthropicStructuredStream<Book, ArrivingBook>>();
  });

  test("gives the elements of a list, and of nothing else", () => {
    const list = call(model, { stream: true, responseModel: z.array(Book) }, () => "x")();
    type Element = ReturnType<typeof list.elements> extends AsyncIterable<infer Value> ? Value : never;
    expectTypeOf<Element>().toEqualTypeOf<ArrivingBook>();
    expectTypeOf<typeof list.constructedResponseModel>().toEqualTypeOf<Book[]>();
    const one = extractBook("page");
    expectTypeOf(one.elements).returns.toEqualTypeOf<AsyncGenerator<never, void, undefined>>();
  });

  test("gives what any provider's does", () => {
    const take = (stream: StructuredStream<Native, { title: string }, object>): unknown => stream.outcome;
    expectTypeOf(take).toBeCallableWith(extractBook("page"));
    expectTypeOf<AnthropicStructuredStream<Book>>().toExtend<StructuredStream<AnthropicNative>>();
    expectTypeOf(extractBook("page").response).returns.toEqualTypeOf<Promise<AnthropicCallResponse<never>>>();
  });
});

describe("a response model with tools", () => {
  const options = { responseModel: Book, tools: [lookUp] } as const;

  test("gives the ordinary stream or response, which can be parsed", () => {
    const streamed = call(model, { stream: true, ...options }, () => "x");
    expectTypeOf(streamed).returns.toEqualTypeOf<AnthropicStream<LookUp> & Parsing<Book>>();
    expectTypeOf(streamed().parse).returns.toEqualTypeOf<Promise<Book>>();
    const whole = call(model, options, () => "x");
    expectTypeOf(whole).returns.toEqualTypeOf<Promise<AnthropicCallResponse<LookUp> & Parsing<Book>>>();
  });

  test("gives the structured stream, where the provider runs the tools", () => {
    const search = { type: "web_search_20260209", name: "web_search" } as const;
    const ask = call(model, { stream: true, responseModel: Book, tools: [search] }, () => "x");
    expectTypeOf(ask).returns.toEqualTypeOf<AnthropicStructuredStream<Book, ArrivingBook>>();
  });
});

describe("an output parser", () => {
  test("says what the call gives", () => {
    const split = call(model, { outputParser: ({ content }) => content.split(", ") }, (count: number) => `${count}`);
    expectTypeOf(split).parameters.toEqualTypeOf<[count: number]>();
    expectTypeOf(split).returns.toEqualTypeOf<Promise<string[]>>();
    const later = call(model, { outputParser: async ({ usage }) => Promise.resolve(usage.output_tokens) }, () => "x");
    expectTypeOf(later).returns.toEqualTypeOf<Promise<number>>();
    expectTypeOf(call(model, { stream: false, outputParser: () => 1 }, () => "x")).returns.toEqualTypeOf<
      Promise<number>
    >();
    expectTypeOf(call(model, () => "x").with({ outputParser: () => 1 })).returns.toEqualTypeOf<Promise<number>>();
  });

  test("gets the response with its tools", () => {
    call(
      model,
      {
        tools: [lookUp],
        outputParser: (response) => {
          expectTypeOf(response).toEqualTypeOf<AnthropicCallResponse<LookUp>>();
          return response.tool?.args.title;
        },
      },
      () => "x",
    );
  });
});

describe("an output parser beside a response model", () => {
  test("gets the model", () => {
    const author = call(model, { responseModel: Book, outputParser: (book) => book.genre }, () => "x");
    expectTypeOf(author).returns.toEqualTypeOf<Promise<"fantasy" | "crime">>();
    const later = author.with({ outputParser: async (book) => Promise.resolve(book.published) });
    expectTypeOf(later).returns.toEqualTypeOf<Promise<Date>>();
    const id = "anthropic/claude-sonnet-5-5";
    const neutral = neutralCall(id, { responseModel: Book, outputParser: ({ title }) => title.length }, () => "x");
    expectTypeOf(neutral).returns.toEqualTypeOf<Promise<number>>();
  });

  test("gets the response where there are tools", () => {
    const options = { responseModel: Book, tools: [lookUp] } as const;
    const parsed = call(model, { ...options, outputParser: (response) => response.parse() }, () => "x");
    expectTypeOf(parsed).returns.toEqualTypeOf<Promise<Book>>();
  });
});

describe("withResponse()", () => {
  test("gives the result together with the response", () => {
    interface Whole {
      readonly model: Book;
      readonly response: AnthropicCallResponse<never>;
    }
    const extract = call(model, { responseModel: Book }, (page: string) => page);
    expectTypeOf(extract.withResponse).parameters.toEqualTypeOf<[page: string]>();
    expectTypeOf(extract.withResponse).returns.resolves.toExtend<Whole>();
    expectTypeOf(extract.with({ stream: true }).withResponse).returns.resolves.toExtend<Whole>();
    const parsed = call(model, { responseModel: Book, outputParser: async () => Promise.resolve(1) }, () => "x");
    expectTypeOf(parsed.withResponse).returns.resolves.toHaveProperty("model").toEqualTypeOf<number>();
    const plain = plainCall(model, { tools: [lookUp], outputParser: ({ content }) => content.length }, () => "x");
    expectTypeOf(plain.withResponse).returns.resolves.toHaveProperty("model").toEqualTypeOf<number>();
    expectTypeOf(plain.withResponse).returns.resolves.toExtend<{ response: AnthropicCallResponse<LookUp> }>();
  });
});

test("its error has the issues, and the response", () => {
  const look = (error: ResponseModelError): void => {
    expectTypeOf(error.issues).toEqualTypeOf<readonly SchemaIssue[]>();
    expectTypeOf(error.response).toEqualTypeOf<CallResponse<Native, PairTypes>>();
    expectTypeOf(error.response.content).toEqualTypeOf<string>();
  };
  expect(look).toBeTypeOf("function");
});

test("an id without a provider is told what to write", () => {
  type Named<Id extends string> = Parameters<typeof neutralCall<Id, readonly [], string>>[0];
  type Told<Id extends string, Problem extends string> = Id & { readonly problem: Problem };
  expectTypeOf<Named<"openai/gpt-6.2-sol">>().toEqualTypeOf<"openai/gpt-6.2-sol">();
  expectTypeOf<Named<"gpt-6.2-sol">>().toEqualTypeOf<Told<"gpt-6.2-sol", 'write "openai/gpt-6.2-sol"'>>();
  expectTypeOf<Named<"claude-x">>().toEqualTypeOf<Told<"claude-x", 'write "anthropic/claude-x"'>>();
  expectTypeOf<Named<"gemini/x">>().toEqualTypeOf<Told<"gemini/x", 'there is no provider "gemini" here'>>();
});

// Each is a compile error. None of them runs.
export function mistakes(): void {
  const id = "anthropic/claude-sonnet-5-5";
  // @ts-expect-error "a stream is parsed by whoever reads it: outputParser needs a call that is not streamed"
  call(model, { stream: true, outputParser: () => 1 }, () => "x");
  // @ts-expect-error The same.
  call(model, { stream: { partialTools: true }, outputParser: () => 1 }, () => "x");
  // @ts-expect-error The same.
  call(model, { stream: true }, () => "x").with({ outputParser: () => 1 });
  // @ts-expect-error It gets the model, which has no such field.
  call(model, { responseModel: Book, outputParser: (book) => book.titel }, () => "x");
  // @ts-expect-error The same: "a stream is parsed by the code that reads it …"
  call(model, { stream: true, responseModel: Book, outputParser: () => 1 }, () => "x");
  // @ts-expect-error "a stream cannot be asked for again: validationRetries needs a call that is not streamed"
  call(model, { stream: true, responseModel: Book, validationRetries: 2 }, () => "x");
  // @ts-expect-error The same.
  call(model, { responseModel: Book, validationRetries: 2, stream: { partialTools: true } }, () => "x");
  // @ts-expect-error The same.
  call(model, { stream: true, responseModel: Book }, () => "x").with({ validationRetries: 2 });
  // @ts-expect-error The same.
  neutralCall(id, { stream: true, responseModel: Book, validationRetries: 2 }, () => "x");
  const streamed = neutralCall(id, { stream: true, responseModel: Book }, () => "x");
  // @ts-expect-error The same.
  streamed.with({ validationRetries: 2 });
  call(model, { responseModel: Book, validationRetries: 2 }, () => "x").with({
    stream: true,
    validationRetries: undefined,
  });
  call(model, { stream: true, responseModel: Book }, () => "x").with({ stream: false, validationRetries: 2 });
  // @ts-expect-error A shape is no schema.
  call(model, { responseModel: { title: z.string() } }, () => "x");
  // @ts-expect-error Did you mean to write 'responseModel'?
  call(model, { responseModell: Book }, () => "x");
  // @ts-expect-error A count.
  call(model, { responseModel: Book, validationRetries: "often" }, () => "x");
  // @ts-expect-error The model has no such field.
  void call(model, { responseModel: Book }, () => "x")().then((book) => book.titel);
  const extraction = call(model, { stream: true, responseModel: Book }, () => "x")();
  type Value = typeof extraction extends AsyncIterable<infer Arriving> ? Arriving : never;
  // @ts-expect-error What has arrived may lack its title.
  const length = (book: Value): number => book.title.length;
  // @ts-expect-error There are no pairs.
  const first = ([chunk]: Value): unknown => chunk;
  // @ts-expect-error It is no list.
  const element: Book = extraction.elements();
  // @ts-expect-error A call without a model has nothing to parse.
  const parse = call(model, { stream: true, tools: [lookUp] }, () => "x")().parse;
  expect([length, first, element, parse]).toBeDefined();
}
