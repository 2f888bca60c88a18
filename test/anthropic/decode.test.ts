import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteDecoder } from "../anthropic-steps.ts";

type Json = Record<string, unknown>;

const text = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: "grapheme-ascii", maxLength: 12 }) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 8 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "",
      '"',
      "\\",
      '\\"',
      "}",
      '"}',
      '"}}',
      "\n",
      "\u2028",
      "é",
      "😀",
      "\ud83d",
      "\ude00",
      "\ufeff",
      "\0",
    ),
  },
);

const deltaOf = (index: number): fc.Arbitrary<Json> =>
  fc.oneof(
    text.map((value) => ({ type: "content_block_delta", index, delta: { type: "text_delta", text: value } })),
    text.map((value) => ({ type: "content_block_delta", index, delta: { type: "thinking_delta", thinking: value } })),
    text.map((value) => ({
      type: "content_block_delta",
      index,
      delta: { type: "input_json_delta", partial_json: value },
    })),
    text.map((value) => ({ type: "content_block_delta", index, delta: { text: value, type: "text_delta" } })),
    text.map((value) => ({ type: "content_block_delta", delta: { type: "text_delta", text: value }, index })),
    text.map((value) => ({ type: "content_block_delta", index, delta: { type: "text_delta", text: value }, later: 1 })),
    text.map((value) => ({
      type: "content_block_delta",
      index,
      other: { text: value },
      delta: { type: "text_delta", text: value },
    })),
    text.map((value) => ({ type: "content_block_delta", index, delta: { type: "signature_delta", signature: value } })),
    fc.constant({ type: "ping" }),
    fc.json().map((json) => ({ type: "unknown", of: JSON.parse(json) as unknown })),
  );

/** Whether a block has the field that a delta is for: others break the protocol. */
function fits({ type, ...fields }: Json, { delta }: Json): boolean {
  const kind = (delta as Json | undefined)?.["type"];
  if (kind === "text_delta") return "text" in fields;
  if (kind === "thinking_delta" || kind === "signature_delta") return type === "thinking";
  return kind !== "input_json_delta" || String(type).endsWith("tool_use");
}

const blocks = fc.constantFrom<Json[]>(
  [{ type: "text", text: "" }],
  [
    { type: "thinking", thinking: "", signature: "" },
    { type: "text", text: "", citations: null },
  ],
  [
    { type: "tool_use", id: "t", name: "n", input: {} },
    { type: "text", text: "" },
  ],
  [
    { type: "text", text: "a" },
    { type: "future", text: "" },
    { type: "server_tool_use", id: "s", name: "n" },
  ],
);

const messages = blocks.chain((starts) =>
  fc
    .array(
      fc.nat(starts.length - 1).chain((index) => deltaOf(index).filter((event) => fits(starts[index] ?? {}, event))),
      { maxLength: 60 },
    )
    .map((deltas): Json[] => [
      { type: "message_start", message: { id: "m", content: [], usage: { output_tokens: 1 } } },
      ...starts.map((content_block, index) => ({ type: "content_block_start", index, content_block })),
      ...deltas,
      ...starts.map((_, index) => ({ type: "content_block_stop", index })),
      { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 2 } },
      { type: "message_stop" },
    ]),
);

/** How a server may write an event: padding, escapes, spaces, line ends, comments. */
const style = fc.record({
  spaces: fc.nat(20),
  ascii: fc.boolean(),
  loose: fc.boolean(),
  named: fc.boolean(),
  lineEnd: fc.constantFrom("\n", "\n", "\n", "\r\n", "\r"),
  comment: fc.boolean(),
});

type Style = typeof style extends fc.Arbitrary<infer Value> ? Value : never;

function encode(event: Json, { spaces, ascii, loose, named, lineEnd, comment }: Style): string {
  let json = JSON.stringify(event);
  if (loose) json = json.replace(/^\{"type":/, '{ "type" : ');
  // eslint-disable-next-line no-control-regex
  if (ascii)
    json = json.replace(/[^\0-\x7f]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
  const padded = `${json.slice(0, -1)}${" ".repeat(spaces)}}`;
  const name = named ? `event: ${String(event["type"])}${lineEnd}` : "";
  return `${comment ? `: hello${lineEnd}` : ""}${name}data: ${padded}${lineEnd}${lineEnd}`;
}

function decode(bytes: Uint8Array, cuts: readonly number[], runs: boolean): { events: unknown[][]; message: unknown } {
  const decoding = new ByteDecoder(runs);
  const chunks: { chunk: unknown; content: string; thinking: string }[] = [];
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  let start = 0;
  for (const end of [...places, bytes.length]) {
    for (const { chunk } of decoding.push(bytes.slice(start, end))) chunks.push(chunk);
    start = end;
  }
  const { message } = decoding.decoder;
  return { events: chunks.map(({ chunk, content, thinking }) => [chunk, content, thinking]), message };
}

describe("AnthropicDecoder", () => {
  it("gives what was encoded, by the fast path and the plain one, however the bytes are split", () => {
    fc.assert(
      fc.property(
        messages,
        fc.infiniteStream(style),
        fc.array(fc.nat(), { maxLength: 12 }),
        fc.boolean(),
        (events, styles, cuts, uniform) => {
          const first = styles.next().value as Style;
          const body = events.map((event) => encode(event, uniform ? first : (styles.next().value as Style))).join("");
          const bytes = new TextEncoder().encode(body);
          const expected = events.filter(({ type }) => type !== "ping");
          const plain = decode(bytes, cuts, false);
          expect(plain.events.map((event) => event[0])).toEqual(expected);
          expect(decode(bytes, cuts, true)).toEqual(plain);
          expect(decode(bytes, [], true)).toEqual(plain);
        },
      ),
      { numRuns: 600 },
    );
  });

  it("keeps to the chunks that were taken: the message is never ahead of them", () => {
    const deltas = ["a", "b", "c", "d", "e"].map((value) => ({
      type: "content_block_delta",
      index: 0,
      delta: { type: "text_delta", text: value },
    }));
    const events = [
      { type: "message_start", message: { content: [] } },
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
      ...deltas,
    ];
    const decoding = new ByteDecoder();
    const { decoder } = decoding;
    const bytes = new TextEncoder().encode(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(""));
    let seen = "";
    for (const { chunk } of decoding.push(bytes)) {
      seen += chunk.content;
      expect(decoder.message?.content.map((block) => Reflect.get(block, "text")).join("")).toBe(seen);
    }
    expect(seen).toBe("abcde");
  });

  it("gives the same key order as JSON.parse on the short way", () => {
    const line = (value: string): string =>
      `data: {"delta": {"type": "text_delta", "z": 1, "text": ${JSON.stringify(value)}}, "index": 0, "type": "content_block_delta"}\n\n`;
    const last = (value: string): string =>
      `data: {"index":0,"__proto__":{"a":1},"type":"content_block_delta","delta":{"type":"text_delta","text":${JSON.stringify(value)}}}\n\n`;
    const start =
      'data: {"type":"message_start","message":{"content":[]}}\n\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n';
    const bytes = new TextEncoder().encode(start + ["a", "b", "c"].map((value) => line(value) + last(value)).join(""));
    expect(JSON.stringify(decode(bytes, [], true))).toBe(JSON.stringify(decode(bytes, [], false)));
  });
});
