import { describe, expect, expectTypeOf, it } from "vitest";
import * as z from "zod";
import {
  type CommonMessage,
  document,
  image,
  system,
  tool,
  type ToolCallPart,
  type ToolOutput,
  user,
} from "../../src/index.ts";
import { call, client, type MessageParam } from "../../src/providers/anthropic/index.ts";
import { fakeAnthropic, reply, text, thinking, toolUse } from "../../src/testing/index.ts";

const MODEL = "claude-sonnet-5-5";
const lookUp = tool({ name: "look_up", input: z.object({ title: z.string() }), call: () => "found" });
const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

describe("common messages", () => {
  it("hold the conversation in neutral parts, and other blocks as they are", async () => {
    await using server = await fakeAnthropic({
      replies: [reply(thinking("Hm."), text("I look."), toolUse("look_up", { title: "Mistborn" })), "It was found."],
    });
    const options = { client: client({ apiKey: "k", baseURL: server.url }), tools: [lookUp] };
    const pictures = user(["Look.", image(PNG), document("https://example.com/a.pdf", { title: "A" })]);
    const first = await call(MODEL, options, () => [pictures])();
    const outputs = [[first.tools[0], new Error("no")]] as unknown as readonly ToolOutput[];
    const second = await call(MODEL, options, () => first.history(outputs))();
    const id = first.tool?.id;
    expect(second.commonMessages).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "Look." },
          { type: "image", data: Buffer.from(PNG).toString("base64"), mediaType: "image/png" },
          { type: "document", url: "https://example.com/a.pdf", title: "A" },
        ],
        native: { provider: "anthropic", items: [first.messages[0]] },
      },
      {
        role: "assistant",
        content: [
          { type: "native", provider: "anthropic", block: expect.objectContaining({ thinking: "Hm." }) },
          { type: "text", text: "I look." },
          { type: "toolCall", id, name: "look_up", args: { title: "Mistborn" } },
        ],
        native: { provider: "anthropic", items: [first.messageParam] },
      },
      {
        role: "user",
        content: [{ type: "toolResult", id, content: "no", isError: true }],
        native: { provider: "anthropic", items: first.toolMessageParams(outputs) },
      },
    ]);
    expect(second.commonMessageParam).toEqual({
      role: "assistant",
      content: [{ type: "text", text: "It was found." }],
      native: { provider: "anthropic", items: [second.messageParam] },
    });
    expect(second.commonUserMessageParam).toEqual(second.commonMessages.at(-1));
    expect(first.commonTools).toEqual([{ type: "toolCall", id, name: "look_up", args: { title: "Mistborn" } }]);
  });

  it("are sent as the native messages that they were made of", async () => {
    await using server = await fakeAnthropic({ replies: ["Yes.", "Yes."] });
    const options = { client: client({ apiKey: "k", baseURL: server.url }) };
    const native: MessageParam[] = [
      { role: "user", content: "Mistborn?" },
      {
        role: "assistant",
        content: [{ type: "tool_use", id: "toolu_1", name: "look_up", input: { title: "Mistborn" } }],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "toolu_1", content: [{ type: "text", text: "found" }] },
          { type: "document", source: { type: "text", media_type: "text/plain", data: "A text" } },
        ],
      },
    ];
    const { commonMessages } = await call(MODEL, options, () => native)();
    expect((await call(MODEL, options, () => commonMessages)()).messages).toEqual(native);
    expect((await call(MODEL, options, () => ({ messages: commonMessages }))()).messages).toEqual(native);
  });

  it("hold what was given, but for the instructions, as JSON can hold it", async () => {
    await using server = await fakeAnthropic({ replies: ["Yes."] });
    const options = { client: client({ apiKey: "k", baseURL: server.url }) };
    const { commonMessages } = await call(MODEL, options, () => [system("Look well."), user([image(PNG)])])();
    const data = Buffer.from(PNG).toString("base64");
    expect(commonMessages).toEqual([{ role: "user", content: [{ type: "image", data, mediaType: "image/png" }] }]);
  });

  it("are missing where there is nothing to send back", async () => {
    await using server = await fakeAnthropic({ replies: ["Hi"] });
    const stream = call(MODEL, { stream: true, client: client({ apiKey: "k", baseURL: server.url }) }, () => "x")();
    expect([stream.commonMessageParam, stream.commonTools]).toEqual([null, []]);
    expect(() => stream.commonMessages).toThrow("not known before");
    for await (const _ of stream) break;
    expectTypeOf(stream.commonMessages).toEqualTypeOf<readonly CommonMessage[]>();
    expectTypeOf(stream.commonTools).toEqualTypeOf<readonly ToolCallPart[]>();
  });
});
