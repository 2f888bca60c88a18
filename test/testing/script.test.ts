import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { demoReply, events, fakeAnthropic, replyMessage, type Script } from "millrace/testing";
import { foldEvents } from "../../src/testing/anthropic/fold.ts";
import type { JsonObject } from "../../src/testing/json.ts";
import { replyEvents } from "../../src/testing/anthropic/reply-events.ts";
import { splitEvenly, splitWords } from "../../src/testing/split.ts";
import { seededRandom } from "../../src/testing/random.ts";
import { params, post } from "./client.ts";

const asked = { model: "claude-sonnet-5-5", inputTokens: 10 };

const input = fc.dictionary(fc.string(), fc.jsonValue());
const anyBlock: fc.Arbitrary<JsonObject> = fc.oneof(
  fc.record({ type: fc.constant("text"), text: fc.string() }),
  fc.record({ type: fc.constant("thinking"), thinking: fc.string(), signature: fc.string() }),
  fc.record({ type: fc.constant("redacted_thinking"), data: fc.string() }),
  fc.record({ type: fc.constant("tool_use"), id: fc.string(), name: fc.string(), input }),
  fc.record({ type: fc.constant("mcp_tool_use"), id: fc.string(), name: fc.string(), server_name: fc.string(), input }),
);

describe("a message made into a reply", () => {
  it("adds up to itself", () => {
    fc.assert(
      fc.property(fc.array(anyBlock), fc.string(), fc.nat(), (content, id, output_tokens) => {
        const usage = { input_tokens: 3, output_tokens };
        const message = { id, model: "m", content, stop_reason: "end_turn", usage };
        const wire = replyEvents(replyMessage(message), asked, seededRandom(1));
        const folded = foldEvents(wire.map(({ data }) => data).filter((data) => typeof data !== "string"));
        // Through JSON, as over the wire: -0 is 0.
        expect(JSON.parse(JSON.stringify(folded))).toMatchObject(JSON.parse(JSON.stringify(message)));
      }),
    );
  });
});

describe("pieces", () => {
  it("of a text add up to it, without splitting characters", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 9 }), (text, count) => {
        expect(splitWords(text).join("")).toBe(text);
        const pieces = splitEvenly(text, count);
        expect(pieces.join("")).toBe(text);
        expect(pieces.length).toBeLessThanOrEqual(count);
        expect(pieces.some((piece) => /\p{Surrogate}/u.test(piece))).toBe(false);
      }),
    );
  });
});

describe("replies", () => {
  const text = async (url: string): Promise<unknown> => {
    const { body, status } = await post(url, { ...params, stream: false });
    const { content, error } = JSON.parse(body.toString()) as {
      content?: { text: string }[];
      error?: { message: string };
    };
    return status === 200 ? content?.[0]?.text : error?.message;
  };

  it("come in turn, and the last one repeats", async () => {
    await using server = await fakeAnthropic({ replies: ["one", "two"] });
    expect([await text(server.url), await text(server.url), await text(server.url)]).toEqual(["one", "two", "two"]);
  });

  it("come from a function of the request", async () => {
    const replies = async ({ index, body }: { index: number; body: Record<string, unknown> }): Promise<Script> => {
      if (index === 1) throw new Error("no reply");
      return `${index} ${String(body["model"])}`;
    };
    await using server = await fakeAnthropic({ replies });
    expect(await text(server.url)).toBe("0 claude-sonnet-5-5");
    expect(await text(server.url)).toBe("The fake server: no reply");
  });

  it("have a default", async () => {
    await using server = await fakeAnthropic();
    expect(await text(server.url)).toMatch(/scripted/);
    await using empty = await fakeAnthropic({ replies: [] });
    expect(await text(empty.url)).toMatch(/`replies` is an empty list/);
  });

  it("are played even if they make no sense", async () => {
    await using server = await fakeAnthropic({
      replies: events([{ type: "content_block_delta", index: 7, delta: { type: "text_delta", text: "lost" } }, "{"]),
    });
    expect((await post(server.url)).body.toString()).toContain('"index":7');
    expect((await post(server.url, { ...params, stream: false })).status).toBe(200);
  });
});

describe("the demonstration", () => {
  it.each(["Recommend a fantasy book", "A sci-fi book", "A detective novel", "What shall I read?", "Hello"])(
    "answers %j",
    async (prompt) => {
      const script = demoReply(prompt);
      expect(script).toEqual(demoReply(prompt));
      expect(script.options.pace).toBe(15);
      const wire = replyEvents(script, asked, seededRandom(0));
      const message = foldEvents(wire.map(({ data }) => data).filter((data) => typeof data !== "string"));
      const [{ text = "" } = {}] = message["content"] as { text?: string }[];
      const sentences = text.split(/[.:] (?=[A-Z*y])|\.$/).filter(Boolean);
      expect(sentences.length).toBeGreaterThanOrEqual(3);
      const { output_tokens } = message["usage"] as { output_tokens: number };
      expect(output_tokens).toBeGreaterThan(40);
      expect(output_tokens).toBeLessThan(70);
    },
  );
});
