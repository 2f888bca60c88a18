import type * as Sdk6 from "openai/resources/chat/completions/completions";
import type * as Sdk from "openai-7/resources/chat/completions/completions";
import { describe, expect, expectTypeOf, it } from "vitest";
import type { ChatMessageParam } from "../../src/providers/openai-chat/message-param.ts";
import type { OpenAIChatCallParams } from "../../src/providers/openai-chat/params.ts";
import type { ToolChoiceParam, ToolParam } from "../../src/providers/openai-chat/tool-param.ts";
import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatMessage,
  ChatUsage,
  Choice,
  FinishReason,
} from "../../src/providers/openai-chat/wire.ts";
import type { AsSdk, Known } from "../anthropic/sdk-types.ts";

type SdkParams = Sdk.ChatCompletionCreateParamsNonStreaming;
/** Set by the call itself. */
type NotParams = "model" | "messages" | "stream" | "tools";
type OnlyOurs = "extra_headers" | "extra_body" | "timeout";

describe("what the official SDK's types say", () => {
  it("is a ChatCompletionChunk, and a ChatCompletion, in 7 and 6", () => {
    expectTypeOf<Sdk.ChatCompletionChunk>().toExtend<ChatCompletionChunk>();
    expectTypeOf<Sdk6.ChatCompletionChunk>().toExtend<ChatCompletionChunk>();
    expectTypeOf<Sdk.ChatCompletion>().toExtend<ChatCompletion>();
    expectTypeOf<Sdk6.ChatCompletion>().toExtend<ChatCompletion>();
  });

  it("has no field that ours lack", () => {
    expectTypeOf<Exclude<keyof Sdk.ChatCompletion, keyof ChatCompletion>>().toBeNever();
    expectTypeOf<Exclude<keyof Sdk.ChatCompletionMessage, keyof ChatMessage>>().toBeNever();
    expectTypeOf<Exclude<keyof Sdk.ChatCompletion.Choice, keyof Choice>>().toBeNever();
    expectTypeOf<Exclude<keyof Sdk.ChatCompletionChunk, keyof ChatCompletionChunk>>().toBeNever();
    type Usage = NonNullable<Sdk.ChatCompletion["usage"]>;
    type Details<U> = U extends { prompt_tokens_details?: infer P } ? keyof NonNullable<P> : never;
    expectTypeOf<Exclude<keyof Usage, keyof ChatUsage>>().toBeNever();
    expectTypeOf<Exclude<Details<Usage>, Details<ChatUsage>>>().toBeNever();
  });

  it("names the finish reasons of the API; the others are those of other servers", () => {
    type Others = "error" | "model_length" | "eos" | "insufficient_system_resource";
    expectTypeOf<Exclude<Known<FinishReason>, Others>>().toEqualTypeOf<Sdk.ChatCompletion.Choice["finish_reason"]>();
  });
});

describe("OpenAIChatCallParams", () => {
  it("has exactly the parameters of the SDK", () => {
    expectTypeOf<Exclude<keyof SdkParams, keyof OpenAIChatCallParams>>().toEqualTypeOf<NotParams>();
    expectTypeOf<Exclude<keyof OpenAIChatCallParams, keyof SdkParams>>().toEqualTypeOf<OnlyOurs>();
  });

  it("takes the SDK's parameters, and gives some that the SDK takes", () => {
    expectTypeOf<Omit<SdkParams, NotParams>>().toExtend<OpenAIChatCallParams>();
    expectTypeOf<Omit<Sdk6.ChatCompletionCreateParamsNonStreaming, NotParams>>().toExtend<OpenAIChatCallParams>();
    expectTypeOf<AsSdk<Omit<OpenAIChatCallParams, OnlyOurs>>>().toExtend<Omit<Partial<SdkParams>, NotParams>>();
  });

  it("refuses misspelt parameters, and takes unknown ones in extra_body", () => {
    const params: OpenAIChatCallParams = { max_completion_tokens: 10, extra_body: { a_field_of_next_year: true } };
    // @ts-expect-error - the wire has no camelCase
    const misspelt: OpenAIChatCallParams = { maxTokens: 10 };
    expect([params, misspelt]).toHaveLength(2);
  });
});

describe("ChatMessageParam", () => {
  it("takes the SDK's messages, and those of replies", () => {
    expectTypeOf<Sdk.ChatCompletionMessageParam>().toExtend<ChatMessageParam>();
    expectTypeOf<Sdk6.ChatCompletionMessageParam>().toExtend<ChatMessageParam>();
    expectTypeOf<Sdk.ChatCompletionMessage>().toExtend<ChatMessageParam>();
  });

  it("names the same roles as the SDK", () => {
    expectTypeOf<ChatMessageParam["role"]>().toEqualTypeOf<Sdk.ChatCompletionMessageParam["role"]>();
  });
});

describe("ToolParam", () => {
  it("takes the SDK's tools and choices, and gives some that the SDK takes", () => {
    expectTypeOf<Sdk.ChatCompletionTool>().toExtend<ToolParam>();
    expectTypeOf<Sdk.ChatCompletionToolChoiceOption>().toExtend<ToolChoiceParam>();
    expectTypeOf<AsSdk<ToolParam>>().toExtend<Sdk.ChatCompletionTool>();
    expectTypeOf<AsSdk<ToolChoiceParam>>().toExtend<Sdk.ChatCompletionToolChoiceOption>();
  });
});
