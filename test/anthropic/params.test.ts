import type { AnthropicBeta as SdkBeta } from "@anthropic-ai/sdk/resources/beta/beta";
import type * as Beta from "@anthropic-ai/sdk/resources/beta/messages/messages";
import type * as Sdk from "@anthropic-ai/sdk/resources/messages/messages";
import { describe, expect, expectTypeOf, it } from "vitest";
import type { ContentBlockParam } from "../../src/providers/anthropic/content.ts";
import type { AnthropicBeta, AnthropicCallParams } from "../../src/providers/anthropic/params.ts";
import type { MessageParam } from "../../src/providers/anthropic/params.ts";
import type { ToolChoice, ToolParam } from "../../src/providers/anthropic/tool-param.ts";
import type { ContentBlock } from "../../src/providers/anthropic/wire.ts";
import type { AsSdk, Known } from "./sdk-types.ts";

type SdkParams = Beta.MessageCreateParamsNonStreaming;
/** Set by the call itself, or headers, which go into `extra_headers`. */
type NotParams = "model" | "messages" | "stream" | "tools" | "user_profile_id" | "workspace_id";
/** Only ours, and the sampling parameters, which SDK 1.0 dropped but older models still accept. */
type OnlyOurs = "extra_headers" | "extra_body" | "timeout" | "temperature" | "top_p" | "top_k";

describe("AnthropicCallParams", () => {
  it("has exactly the parameters of the SDK", () => {
    expectTypeOf<Exclude<keyof SdkParams, keyof AnthropicCallParams>>().toEqualTypeOf<NotParams>();
    expectTypeOf<Exclude<keyof Sdk.MessageCreateParams, keyof AnthropicCallParams>>().toEqualTypeOf<NotParams>();
    expectTypeOf<Exclude<keyof AnthropicCallParams, keyof SdkParams>>().toEqualTypeOf<OnlyOurs>();
  });

  it("takes the SDK's parameters", () => {
    expectTypeOf<Omit<SdkParams, NotParams>>().toExtend<AnthropicCallParams>();
    expectTypeOf<Omit<Sdk.MessageCreateParams, NotParams>>().toExtend<AnthropicCallParams>();
  });

  it("gives parameters that the SDK takes", () => {
    expectTypeOf<AsSdk<Omit<AnthropicCallParams, OnlyOurs>>>().toExtend<Omit<Partial<SdkParams>, NotParams>>();
  });

  it("lists no beta that the SDK does not list", () => {
    expectTypeOf<Known<AnthropicBeta>>().toExtend<Known<SdkBeta>>();
  });

  it("refuses misspelt parameters, and takes unknown ones in extra_body", () => {
    const params: AnthropicCallParams = {
      max_tokens: 10,
      betas: ["a-beta-of-next-year"],
      extra_body: { a_field_of_next_year: true },
      system: undefined,
    };
    // @ts-expect-error - the wire has no camelCase
    const misspelt: AnthropicCallParams = { maxTokens: 10 };
    expect([params, misspelt]).toHaveLength(2);
  });
});

describe("MessageParam", () => {
  it("takes the SDK's messages", () => {
    expectTypeOf<Sdk.MessageParam>().toExtend<MessageParam>();
    // A system message of the beta API may omit its content. Ours may not.
    expectTypeOf<Exclude<Beta.BetaMessageParam, Beta.BetaSystemMessageParam>>().toExtend<MessageParam>();
    expectTypeOf<Beta.BetaSystemMessageParam & { content: string }>().toExtend<MessageParam>();
  });

  it("gives messages that the SDK takes", () => {
    expectTypeOf<AsSdk<MessageParam>>().not.toBeNever();
    expectTypeOf<AsSdk<MessageParam>>().toExtend<Beta.BetaMessageParam>();
  });

  it("takes back every block of a reply", () => {
    expectTypeOf<ContentBlock>().toExtend<ContentBlockParam>();
    expectTypeOf<Sdk.ContentBlock>().toExtend<ContentBlockParam>();
    expectTypeOf<Beta.BetaContentBlock>().toExtend<ContentBlockParam>();
  });

  it("names the same blocks as the SDK", () => {
    expectTypeOf<Known<ContentBlockParam["type"]>>().toEqualTypeOf<Beta.BetaContentBlockParam["type"]>();
  });

  it("refuses a block that is misspelt", () => {
    // @ts-expect-error - there is no such block
    const block: ContentBlockParam = { type: "txt", text: "Hi" };
    expect(block.type).toBe("txt");
  });
});

describe("ToolParam", () => {
  it("takes the SDK's tools and choices", () => {
    expectTypeOf<Sdk.ToolUnion>().toExtend<ToolParam>();
    expectTypeOf<Beta.BetaToolUnion>().toExtend<ToolParam>();
    expectTypeOf<Beta.BetaToolChoice>().toExtend<ToolChoice>();
  });

  it("gives tools and choices that the SDK takes", () => {
    expectTypeOf<AsSdk<ToolParam>>().toExtend<Beta.BetaToolUnion>();
    expectTypeOf<AsSdk<ToolChoice>>().toExtend<Beta.BetaToolChoice>();
  });

  it("names the same tools as the SDK", () => {
    expectTypeOf<ToolParam["type"]>().toEqualTypeOf<Beta.BetaToolUnion["type"] | undefined>();
  });
});
