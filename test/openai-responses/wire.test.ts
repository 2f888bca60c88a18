import type * as Sdk6 from "openai/resources/responses/responses";
import type * as Sdk7 from "openai-7/resources/responses/responses";
import { describe, expect, expectTypeOf, it } from "vitest";
import type { InputItem } from "../../src/providers/openai/input-item.ts";
import type { OutputItem } from "../../src/providers/openai/item.ts";
import type { UnknownVariant } from "../../src/providers/openai/open.ts";
import type { OpenAICallParams } from "../../src/providers/openai/params.ts";
import type { ToolParam } from "../../src/providers/openai/tool-param.ts";
import type { OpenAIEvent } from "../../src/providers/openai/wire.ts";
import { hasCorpus, recordings } from "../corpus.ts";

/** The members of `T` that are literals. */
type Known<T> = T extends string ? (string extends T ? never : T extends UnknownVariant["type"] ? never : T) : never;

/** The types of the members of `T` that are not of type `U`. */
type Odd<T, U> = T extends U ? never : T extends { readonly type?: infer Type } ? Type : T;

describe("what the official SDK's types say, in 6 and 7", () => {
  it("names the same events, but for some that are on the wire alone", () => {
    type Ours = Known<OpenAIEvent["type"]>;
    expectTypeOf<Exclude<Sdk6.ResponseStreamEvent["type"], Ours>>().toBeNever();
    expectTypeOf<Exclude<Sdk7.ResponseStreamEvent["type"], Ours>>().toBeNever();
    expectTypeOf<Exclude<Ours, Sdk7.ResponseStreamEvent["type"]>>().toEqualTypeOf<
      "keepalive" | "response.apply_patch_call_operation_diff.delta" | "response.apply_patch_call_operation_diff.done"
    >();
  });

  it("has events of the same form, but for what holds a response or an item, of which any member may be absent", () => {
    type Differing = Odd<Sdk7.ResponseStreamEvent, OpenAIEvent>;
    expectTypeOf<Exclude<Differing, `response.${"created" | "queued" | "in_progress"}`>>().toEqualTypeOf<
      | `response.${"completed" | "incomplete" | "failed"}`
      | `response.output_item.${"added" | "done"}`
      | "response.output_text.delta"
      | "response.output_text.done"
      // It is of no type there.
      | "response.output_text.annotation.added"
    >();
  });

  it("names the same items, tools and parameters", () => {
    expectTypeOf<Known<OutputItem["type"]>>().toEqualTypeOf<Sdk7.ResponseOutputItem["type"]>();
    expectTypeOf<Exclude<NonNullable<Sdk7.ResponseInputItem["type"]>, Known<InputItem["type"]>>>().toBeNever();
    expectTypeOf<Known<ToolParam["type"]>>().toEqualTypeOf<Sdk7.Tool["type"]>();
    type Ours = Exclude<keyof OpenAICallParams, "extra_headers" | "extra_body" | "timeout">;
    expectTypeOf<Ours>().toEqualTypeOf<
      Exclude<keyof Sdk7.ResponseCreateParamsBase, "model" | "input" | "stream" | "tools">
    >();
  });
});

describe.runIf(hasCorpus)("OpenAIEvent", () => {
  it("knows every recorded event but that of one cloud", () => {
    const known: Record<Known<OpenAIEvent["type"]>, true> = KNOWN;
    const seen = new Set(
      recordings("openai", "responses").flatMap(({ events }) => events.map(({ type }) => String(type))),
    );
    const unknown = [...seen].filter((type) => !(type in known));
    expect(unknown.toSorted()).toEqual(["response.reasoning_part.added", "response.reasoning_part.done"]);
  });
});

const tool = <Name extends string, State extends string>(name: Name, ...states: readonly State[]) =>
  Object.fromEntries(states.map((state) => [`response.${name}.${state}`, true])) as Record<
    `response.${Name}.${State}`,
    true
  >;

const KNOWN = {
  error: true,
  keepalive: true,
  "response.created": true,
  "response.queued": true,
  "response.in_progress": true,
  "response.completed": true,
  "response.incomplete": true,
  "response.failed": true,
  "response.output_text.annotation.added": true,
  "response.image_generation_call.partial_image": true,
  "response.compaction.compacting": true,
  ...tool("output_item", "added", "done"),
  ...tool("content_part", "added", "done"),
  ...tool("output_text", "delta", "done"),
  ...tool("refusal", "delta", "done"),
  ...tool("reasoning_text", "delta", "done"),
  ...tool("reasoning_summary_part", "added", "done"),
  ...tool("reasoning_summary_text", "delta", "done"),
  ...tool("function_call_arguments", "delta", "done"),
  ...tool("custom_tool_call_input", "delta", "done"),
  ...tool("mcp_call_arguments", "delta", "done"),
  ...tool("code_interpreter_call_code", "delta", "done"),
  ...tool("apply_patch_call_operation_diff", "delta", "done"),
  ...tool("shell_call_command", "added", "delta", "done"),
  ...tool("shell_call_output_content", "delta", "done"),
  ...tool("web_search_call", "in_progress", "searching", "completed"),
  ...tool("file_search_call", "in_progress", "searching", "completed"),
  ...tool("code_interpreter_call", "in_progress", "interpreting", "completed"),
  ...tool("image_generation_call", "in_progress", "generating", "completed"),
  ...tool("mcp_list_tools", "in_progress", "completed", "failed"),
  ...tool("mcp_call", "in_progress", "completed", "failed"),
  ...tool("audio", "delta", "done"),
  ...tool("audio.transcript", "delta", "done"),
} as const;
