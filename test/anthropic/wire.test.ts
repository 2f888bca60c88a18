import type * as Beta from "@anthropic-ai/sdk/resources/beta/messages/messages";
import type * as Sdk from "@anthropic-ai/sdk/resources/messages/messages";
import type * as Beta0 from "anthropic-sdk-0/resources/beta/messages/messages";
import type * as Sdk0 from "anthropic-sdk-0/resources/messages/messages";
import { describe, expect, expectTypeOf, it } from "vitest";
import type { UnknownVariant } from "../../src/providers/anthropic/open.ts";
import type { TextDelta } from "../../src/providers/anthropic/wire.ts";
import type { AnthropicEvent, AnthropicMessage, AnthropicUsage } from "../../src/providers/anthropic/wire.ts";
import type { ContentBlock, FinishReason, MessageStartEvent } from "../../src/providers/anthropic/wire.ts";
import { recordings } from "../corpus.ts";
import type { Known } from "./sdk-types.ts";

describe("what the official SDK's types say", () => {
  it("is an AnthropicEvent, in GA and beta, in 1.12 and 0.137", () => {
    expectTypeOf<Sdk.RawMessageStreamEvent>().toExtend<AnthropicEvent>();
    expectTypeOf<Beta.BetaRawMessageStreamEvent>().toExtend<AnthropicEvent>();
    expectTypeOf<Sdk0.RawMessageStreamEvent>().toExtend<AnthropicEvent>();
    expectTypeOf<Beta0.BetaRawMessageStreamEvent>().toExtend<AnthropicEvent>();
  });

  it("is an AnthropicMessage, and its usage an AnthropicUsage", () => {
    expectTypeOf<Sdk.Message>().toExtend<AnthropicMessage>();
    expectTypeOf<Beta.BetaMessage>().toExtend<AnthropicMessage>();
    expectTypeOf<Sdk0.Message>().toExtend<AnthropicMessage>();
    expectTypeOf<Beta0.BetaMessage>().toExtend<AnthropicMessage>();
    expectTypeOf<Sdk.Usage>().toExtend<AnthropicUsage>();
    expectTypeOf<Beta.BetaUsage>().toExtend<AnthropicUsage>();
  });

  it("has no field that AnthropicMessage and AnthropicUsage lack, and none that only they have", () => {
    expectTypeOf<keyof Beta.BetaMessage>().toEqualTypeOf<keyof AnthropicMessage>();
    expectTypeOf<keyof Beta.BetaUsage>().toEqualTypeOf<keyof AnthropicUsage>();
  });

  it("names the same events, but for ping and error, which the SDK keeps to itself", () => {
    expectTypeOf<Known<AnthropicEvent["type"]>>().toEqualTypeOf<
      Beta.BetaRawMessageStreamEvent["type"] | "ping" | "error"
    >();
  });

  it("names the same blocks, deltas and stop reasons", () => {
    type Deltas = Extract<AnthropicEvent, { type: "content_block_delta" }>["delta"]["type"];
    expectTypeOf<Known<ContentBlock["type"]>>().toEqualTypeOf<Beta.BetaContentBlock["type"]>();
    expectTypeOf<Known<Deltas>>().toEqualTypeOf<Beta.BetaRawContentBlockDelta["type"]>();
    expectTypeOf<Known<FinishReason>>().toEqualTypeOf<Beta.BetaStopReason>();
  });
});

describe("AnthropicEvent", () => {
  const textOf = (event: AnthropicEvent): string => {
    switch (event.type) {
      case "message_start":
        expectTypeOf(event).toEqualTypeOf<MessageStartEvent>();
        return "";
      case "content_block_delta":
        if (event.delta.type !== "text_delta") return "";
        expectTypeOf(event.delta).toEqualTypeOf<TextDelta>();
        return event.delta.text;
      case "content_block_start":
        return event.content_block.type === "text" ? event.content_block.text : "";
      case "content_block_stop":
      case "message_delta":
      case "message_stop":
      case "ping":
      case "error":
        return "";
      default:
        expectTypeOf(event).toEqualTypeOf<UnknownVariant>();
        expectTypeOf(event.type).toExtend<string>();
        expectTypeOf(event["anything"]).toBeUnknown();
        return "";
    }
  };

  it("narrows on its type, with all that is not known in the default case", () => {
    expect(textOf({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hi" } })).toBe("Hi");
    expect(textOf({ type: "ping" })).toBe("");
  });

  it("refuses a type that is not known, where it is written down", () => {
    // @ts-expect-error - a misspelt type is no unknown event
    const misspelt: AnthropicEvent = { type: "mesage_stop" };
    expect(textOf(misspelt)).toBe("");
  });

  it("holds every recorded event: those it knows have their fields, and there are no others", () => {
    const known: Record<Known<AnthropicEvent["type"]>, readonly string[]> = {
      message_start: ["message"],
      content_block_start: ["index", "content_block"],
      content_block_delta: ["index", "delta"],
      content_block_stop: ["index"],
      message_delta: ["delta"],
      message_stop: [],
      ping: [],
      error: ["error"],
    };
    for (const { file, events } of recordings("anthropic")) {
      for (const event of events) {
        const { type } = event;
        const fields = known[type as keyof typeof known];
        expect(fields, `${file}: ${String(type)}`).toBeDefined();
        expect(Object.keys(event), file).toEqual(expect.arrayContaining([...fields]));
      }
    }
  });
});

describe("FinishReason", () => {
  it("is open", () => {
    const reason: FinishReason = "moon_phase";
    expectTypeOf(reason).toExtend<string>();
    expectTypeOf<"end_turn">().toExtend<FinishReason>();
  });
});
