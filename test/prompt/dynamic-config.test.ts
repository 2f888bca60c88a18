import fc from "fast-check";
import { describe, expect, expectTypeOf, test } from "vitest";
import { EmptyPromptError, InvalidOptionError } from "../../src/errors.ts";
import { normalizePrompt } from "../../src/prompt/dynamic-config.ts";
import type { DynamicConfig, PromptFunction, PromptResult } from "../../src/prompt/dynamic-config.ts";
import { assistant, cacheControl, image, system, text, user } from "../../src/index.ts";
import type { Message, MessageLike, PromptMessage } from "../../src/index.ts";
import { promptTemplate } from "../../src/index.ts";
import type { Scalar } from "../../src/index.ts";

describe("what a prompt function returned becomes messages", () => {
  test("text is one user message, as it is", () => {
    expect(normalizePrompt(" Recommend a book\n")).toEqual({
      messages: [{ role: "user", content: " Recommend a book\n" }],
      config: null,
    });
  });

  test("a message, and a list of them", () => {
    const messages = [system("Be brief."), user(["Hi", image("https://example.com/a.png")])];
    expect(normalizePrompt(messages[1])).toEqual({ messages: [messages[1]], config: null });
    expect(normalizePrompt(messages)).toEqual({ messages, config: null });
  });

  test("a provider's own messages stay the same objects", () => {
    const message = Object.freeze({ role: "tool", content: { any: "shape" }, id: 1 });
    expect(normalizePrompt(message).messages[0]).toBe(message);
    expect(normalizePrompt([message]).messages[0]).toBe(message);
    expect(normalizePrompt({ messages: [message] }).messages[0]).toBe(message);
  });

  test("a provider's own messages without a role, which it knows itself", () => {
    const item = Object.freeze({ kind: "result", output: "" });
    const isItem = (value: object): boolean => "kind" in value;
    expect(normalizePrompt(item, isItem)).toEqual({ messages: [item], config: null });
    expect(normalizePrompt([item, user("Hi")], isItem).messages).toHaveLength(2);
    expect(normalizePrompt({ messages: [item] }, isItem).messages[0]).toBe(item);
    expect(() => normalizePrompt([item])).toThrow(InvalidOptionError);
  });

  test("a template's messages", () => {
    const prompt = promptTemplate("SYSTEM: a\nUSER: {x}");
    expect(normalizePrompt(prompt({ x: "b" })).messages).toEqual([system("a"), user("b")]);
  });

  test("a dynamic config gives its messages, and itself", () => {
    const config = {
      messages: [user("Hi")],
      callParams: { max_tokens: 5 },
      metadata: { a: 1 },
      client: {},
      signal: new AbortController().signal,
    };
    const normalized = normalizePrompt(config);
    expect(normalized.messages).toBe(config.messages);
    expect(normalized.config).toBe(config);
  });
});

describe("a prompt without content is refused", () => {
  test.each([
    [""],
    [" \n\t\u00a0"],
    [null],
    [undefined],
    [[]],
    [user("")],
    [user([])],
    [user(["", text(" ")])],
    [[system(" "), user([])]],
    [{ messages: [] }],
    [{ messages: [user(" ")], callParams: {} }],
    [{ role: "user", content: null }],
    [{ role: "user", content: [] }],
  ])("%j", (result) => {
    expect(() => normalizePrompt(result)).toThrow(EmptyPromptError);
  });

  test("and so is one with a message without content", () => {
    for (const empty of [user(" "), assistant(""), { role: "user", content: [] }]) {
      expect(() => normalizePrompt([user("Hi"), empty])).toThrow("The prompt is empty: messages.1 has no content.");
    }
  });

  test("but a system prompt may be empty", () => {
    for (const message of [
      user(["", "a"]),
      user(image("https://example.com/a.png")),
      { role: "user", content: [{}] },
    ]) {
      expect(normalizePrompt([system(""), message]).messages).toHaveLength(2);
    }
  });

  test("white space is no content", () => {
    fc.assert(
      fc.property(fc.string(), (content) => {
        const normalize = (): unknown => normalizePrompt(content);
        if (content.trim() === "") expect(normalize).toThrow(EmptyPromptError);
        else expect(normalize).not.toThrow();
      }),
    );
  });
});

describe("what is no prompt is refused", () => {
  test.each([
    [42],
    [true],
    [() => "Hi"],
    [["Hi"]],
    [{ role: "user" }],
    [[{ content: "Hi" }]],
    [{}],
    [{ messages: "Hi" }],
  ])("%s", (result) => {
    expect(() => normalizePrompt(result)).toThrow(InvalidOptionError);
    expect(() => normalizePrompt(result)).toThrow(
      "Invalid prompt: the function must return text, messages (each with role and content) or { messages }.",
    );
  });

  test("so is a config with a key that does not exist", () => {
    expect(() => normalizePrompt({ messages: [user("Hi")], callParms: {} })).toThrow(
      'Invalid prompt: "callParms" is no key of a dynamic config, which has ' +
        "messages, tools, callParams, metadata, client, signal.",
    );
  });
});

// Types. The signature stands for that of a provider's `call`.

interface NativeParam {
  readonly role: "user" | "assistant";
  readonly content:
    | string
    | readonly { readonly type: "text"; readonly text: string; readonly cache_control?: object }[];
}
interface CallParams {
  readonly max_tokens?: number | undefined;
  readonly thinking?:
    | { readonly type: "enabled"; readonly budget_tokens: number }
    | { readonly type: "disabled" }
    | undefined;
}
interface Client {
  readonly baseURL: string;
}
type Result = PromptResult<NativeParam, CallParams, Client>;

function call<const A extends readonly unknown[], R extends Result>(
  _model: string,
  _options: { readonly stream?: boolean },
  fn: PromptFunction<A, R, CallParams>,
): (...args: A) => Promise<R> {
  if (typeof fn !== "function") throw new TypeError("expected a function");
  return async (...args) => await fn(...args);
}

interface NativeItem {
  readonly kind: "result";
  readonly output: string;
}
function callItems<const A extends readonly unknown[], R extends PromptResult<NativeItem, CallParams, Client>>(
  fn: PromptFunction<A, R, CallParams>,
): void {
  expect(fn).toBeTypeOf("function");
}

describe("what a prompt function may return, to the compiler", () => {
  const prompt = promptTemplate("MESSAGES: {history}\nUSER: Recommend a {genre} book");
  const options = { stream: true };

  test("text", async () => {
    const recommend = call("m", options, (genre: string) => `Recommend a ${genre} book`);
    expectTypeOf(recommend).parameters.toEqualTypeOf<[genre: string]>();
    expect(await recommend("fantasy")).toBe("Recommend a fantasy book");
  });

  test("the arguments of the function are those of the call", () => {
    expectTypeOf(call("m", options, () => "Hi")).parameters.toEqualTypeOf<[]>();
    expectTypeOf(call("m", options, (a: string, b?: number) => `${a}${b}`)).parameters.toEqualTypeOf<
      [a: string, b?: number | undefined]
    >();
    expectTypeOf(call("m", options, (...a: number[]) => `${a.length}`)).parameters.toEqualTypeOf<number[]>();
    expectTypeOf(call("m", options, async (a: { readonly b: string }) => a.b)).parameters.toEqualTypeOf<
      [a: { readonly b: string }]
    >();
  });

  test("messages, neutral and native", () => {
    call("m", options, (question: string) => user(question));
    call("m", options, (question: string) => ({ role: "user", content: question }));
    call("m", options, (question: string) => [system("Be brief."), { role: "user", content: question }]);
    call("m", options, (question: string) => [
      { role: "user", content: [{ type: "text", text: question, cache_control: { type: "ephemeral" } }] },
    ]);
    call("m", options, async (question: string) => [{ role: "user", content: question }]);
    call("m", options, (question: string): Message[] => [user([question, cacheControl()])]);
  });

  test("native messages without a role", () => {
    callItems((output: string) => ({ kind: "result", output }));
    callItems((output: string) => [user("Hi"), { kind: "result", output }]);
    callItems((output: string) => ({ messages: [{ kind: "result", output }] }));
    // @ts-expect-error "knd" is no key of a message.
    callItems((output: string) => ({ knd: "result", output }));
  });

  test("a template, and what a template gives", async () => {
    const recommend = call("m", options, prompt);
    expectTypeOf(recommend).parameters.toEqualTypeOf<
      [variables: { readonly history: readonly MessageLike[]; readonly genre: Scalar }]
    >();
    expect(await recommend({ genre: "fantasy", history: [] })).toEqual([user("Recommend a fantasy book")]);
    // @ts-expect-error A misspelt variable.
    await expect(recommend({ gerne: "fantasy", history: [] })).rejects.toThrow('"genre" is missing');
    call("m", options, promptTemplate("Recommend a book"));
    call("m", options, (book: { readonly genre: string }) => prompt({ genre: book.genre, history: [] }));
    call("m", options, (genre: string) => [...prompt({ genre, history: [] }), user("Quick!")]);
    call("m", options, (genre: string) => ({ messages: prompt({ genre, history: [] }), metadata: { genre } }));
    expectTypeOf(prompt({ genre: "", history: [] })).toEqualTypeOf<readonly PromptMessage[]>();
  });

  test("a dynamic config, whose literals do not widen", () => {
    call("m", options, (question: string) => ({
      messages: [{ role: "user", content: question }],
      callParams: { max_tokens: 5, thinking: { type: "enabled", budget_tokens: 5 } },
    }));
    call("m", options, async (question: string) => ({
      messages: [{ role: "user", content: question }],
      callParams: { thinking: { type: "disabled" } },
      client: { baseURL: "http://localhost", more: 1 },
      signal: AbortSignal.abort(),
    }));
    call("m", options, (question: string): DynamicConfig<NativeParam, CallParams, Client> => ({
      messages: [user(question)],
    }));
  });

  test("several of these", () => {
    call("m", options, (question: string) => (question ? question : { messages: [user("Hi")] }));
    call("m", options, async (question: string) => {
      if (question === "") return [user("Hi")];
      return { messages: [user(question)], ...(question.length > 9 && { callParams: { max_tokens: 5 } }) };
    });
  });

  test("anything, if it is any; and nothing, if it throws", () => {
    call("m", options, (question: string) => JSON.parse(question));
    call("m", options, (question: string): never => {
      throw new Error(question);
    });
  });

  test("whatever a generic wrapper lets through", () => {
    const wrap = <const A extends readonly unknown[], R extends Result>(fn: PromptFunction<A, R, CallParams>) =>
      call("m", options, fn);
    expectTypeOf(wrap((genre: string) => `Recommend a ${genre} book`)).parameters.toEqualTypeOf<[genre: string]>();
    const ofText = <A extends readonly unknown[]>(fn: (...args: A) => string) => call("m", options, fn);
    expectTypeOf(ofText((genre: string) => genre)).parameters.toEqualTypeOf<[genre: string]>();
  });

  test("but no key that a config does not have", () => {
    // @ts-expect-error "callParms" is no key of a dynamic config
    call("m", options, (a: string) => ({ messages: [user(a)], callParms: {} }));
    // @ts-expect-error "callParms" is no key of a dynamic config
    call("m", options, async (a: string) => ({ messages: [user(a)], callParms: {} }));
    // @ts-expect-error "callParms" is no key of a dynamic config
    call("m", options, () => ({ messages: [user("Hi")], callParms: {} }));
    // @ts-expect-error "callParms" is no key of a dynamic config
    call("m", options, async (a: string) => {
      await Promise.resolve();
      return { messages: [user(a)], callParms: {} };
    });
    // @ts-expect-error "tool" is no key of a dynamic config
    call("m", options, (a: string) => (a ? { messages: [user(a)] } : { messages: [user(a)], tool: 1 }));
    // @ts-expect-error "callParams.max_tokns" is no key of a dynamic config
    call("m", options, (a: string) => ({ messages: [user(a)], callParams: { max_tokens: 5, max_tokns: 5 } }));
    // @ts-expect-error "callParams.max_tokns" is no key of a dynamic config
    call("m", options, async (a: string) => ({ messages: [user(a)], callParams: { max_tokens: 5, max_tokns: 5 } }));
  });

  test("nor anything else", () => {
    // @ts-expect-error A misspelt key leaves the config without messages.
    call("m", options, (a: string) => ({ mesages: [user(a)] }));
    // @ts-expect-error A config needs messages.
    call("m", options, () => ({ callParams: { max_tokens: 5 } }));
    // @ts-expect-error A number is no prompt.
    call("m", options, (a: string) => a.length);
    // @ts-expect-error Nothing is no prompt.
    call("m", options, (a: string) => void a);
    // @ts-expect-error A role that does not exist.
    call("m", options, (a: string) => ({ role: "usr", content: a }));
    // @ts-expect-error A message without content.
    call("m", options, (a: string) => ({ messages: [{ role: "user", contnt: a }] }));
    // @ts-expect-error A parameter of the wrong type.
    call("m", options, (a: string) => ({ messages: [user(a)], callParams: { max_tokens: "5" } }));
    // @ts-expect-error The template itself: it is to be called.
    call("m", options, () => prompt);
  });

  test("the error names the key", () => {
    type Fn<R> = PromptFunction<[], R, CallParams>;
    expectTypeOf<
      Fn<{ messages: Message[]; callParms: 1 }>
    >().toEqualTypeOf<'"callParms" is no key of a dynamic config'>();
    expectTypeOf<
      Fn<{ messages: Message[]; callParams: { max_tokns: 1 } }>
    >().toEqualTypeOf<'"callParams.max_tokns" is no key of a dynamic config'>();
    expectTypeOf<Fn<string>>().toEqualTypeOf<() => string | PromiseLike<string>>();
  });
});
