import { describe, expect, it } from "vitest";
import { wellFormedJson } from "../../src/json/stringify.ts";
import { chatViews } from "../../src/providers/openai-chat/view.ts";
import { dialectNamed } from "../../src/providers/openai-chat/dialects.ts";
import { openAIChat } from "../../src/providers/openai-chat/provider.ts";
import { hasCorpus } from "../corpus.ts";
import { isSweep, sample } from "../sample.ts";
import { chatProblems } from "./chat-problems.ts";
import { chatRecordings } from "./chat-recordings.ts";
import { ChatBytes, decodeEvents } from "./chat-steps.ts";

/** At how many of its events a recording is cut; in a sweep at all. */
const CUTS = isSweep ? Infinity : 12;

describe.runIf(hasCorpus)("the next request after a recorded reply", () => {
  it.each(chatRecordings().map((recording) => [recording.file, recording] as const))(
    "%s, cut anywhere",
    (file, { bytes }) => {
      const text = Buffer.from(bytes).toString("latin1");
      const ends = [...text.matchAll(/\n\r?\n/g)].map(({ index, 0: blank }) => index + blank.length);
      for (const end of [...sample(ends.slice(0, -1), CUTS, file), bytes.length]) {
        const reply = new ChatBytes();
        try {
          for (const _ of reply.push(bytes.subarray(0, end)));
          for (const _ of reply.end());
        } catch {
          // What came before an error is part of the conversation.
        }
        const { decoder } = reply;
        const items = openAIChat.sendable(decoder.items());
        const calls = decoder.toolInputs.filter(({ state }) => state === "complete" || state === "invalid");
        const results = items.length === 0 ? [] : calls.map(({ id }) => ({ id, content: "done", isError: false }));
        const messages = [
          { role: "user", content: "x" },
          ...items,
          ...openAIChat.toolResults(results),
          { role: "user", content: "y" },
        ];
        expect([end, chatProblems({ model: "m", messages })]).toEqual([end, []]);
        const content = chatViews.content(decoder.message);
        if (content.trim() !== "") expect(JSON.stringify(items)).toContain(JSON.stringify(content).slice(1, -1));
      }
    },
  );
});

describe("what goes back of a turn", () => {
  const call = {
    index: 0,
    id: "a",
    type: "function",
    function: { name: "f", arguments: "{}" },
    extra_content: { google: { thought_signature: "s" } },
  };
  const delta = {
    content: "Hm.",
    reasoning_content: "Hm",
    reasoning_details: [{ type: "reasoning.text", text: "Hm", index: 0 }],
    annotations: [{ type: "url_citation" }],
    tool_calls: [call],
  };
  const turn = (dialect: string, finish_reason = "tool_calls") =>
    decodeEvents([{ choices: [{ index: 0, delta, finish_reason }] }], undefined, dialectNamed(dialect)).decoder.items();
  const { index: _, extra_content, ...sent } = call;

  it("is what each server wants, and nothing that only replies have", () => {
    const plain = { role: "assistant", content: "Hm.", tool_calls: [sent] };
    expect(turn("openai")).toEqual([plain]);
    expect(turn("deepseek")).toEqual([{ ...plain, reasoning_content: "Hm" }]);
    expect(turn("openrouter")).toEqual([{ ...plain, reasoning_details: delta.reasoning_details }]);
    expect(turn("gemini")).toEqual([{ ...plain, tool_calls: [{ ...sent, extra_content }] }]);
  });

  it("is nothing after a refusal", () => {
    expect(turn("openai", "content_filter")).toEqual([]);
    const refused = decodeEvents([
      { choices: [{ index: 0, delta: { content: "", refusal: "No." }, finish_reason: "stop" }] },
    ]).decoder;
    expect([refused.items(), refused.canContinue]).toEqual([[], false]);
    expect(chatViews.commonFinishReasons(refused.message)).toEqual(["content_filter"]);
  });

  it.each(['{"a":"\ud83d"}', String.raw`{"a":"\ud83d"}`, '{"a":"\ud83d', String.raw`{"a":"\ud83d`])(
    "has no half of a character in input, which servers read as JSON: %j",
    (text) => {
      const tool_calls = [{ ...call, function: { name: "f", arguments: text } }];
      const { decoder } = decodeEvents([
        { choices: [{ index: 0, delta: { tool_calls }, finish_reason: "tool_calls" }] },
      ]);
      const results = openAIChat.toolResults([{ id: "a", content: "done", isError: false }]);
      const messages = [{ role: "user", content: "x" }, ...decoder.items(), ...results];
      // The body is repaired as a whole before it is sent.
      expect(chatProblems(JSON.parse(wellFormedJson(JSON.stringify({ model: "m", messages }))))).toEqual([]);
    },
  );

  it("is audio by its id", () => {
    const audio = { id: "audio_1", data: btoa("x"), transcript: "x", expires_at: 9 };
    const { decoder } = decodeEvents([{ choices: [{ index: 0, delta: { audio }, finish_reason: "stop" }] }]);
    expect(openAIChat.sendable(decoder.items())).toEqual([{ role: "assistant", audio: { id: "audio_1" } }]);
    expect(openAIChat.accessors(decoder.message)).toMatchObject({ audio: new Uint8Array([120]), audioTranscript: "x" });
  });
});
