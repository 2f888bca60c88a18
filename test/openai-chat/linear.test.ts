import { expect, it } from "vitest";
import { ChatBytes } from "./chat-steps.ts";

/** How long it takes to decode these frames, in milliseconds: the best of three. */
function timeOf(frames: readonly string[]): number {
  const times = Array.from({ length: 3 }, () => {
    const start = performance.now();
    const bytes = new ChatBytes();
    for (const frame of frames) for (const _ of bytes.push(new TextEncoder().encode(frame)));
    for (const _ of bytes.end());
    return performance.now() - start;
  });
  return Math.min(...times);
}

const framed = (delta: object, more: object = {}): string =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta, ...more }] })}\n\n`;
const fragment = (index: number, args: string, more: object = {}) => ({
  tool_calls: [{ index, ...more, function: { name: "f", arguments: args } }],
});

it.each<[string, (count: number) => string[]]>([
  [
    "fragments that look like whole inputs",
    (count) => [framed(fragment(0, '{"a":')), ...Array.from({ length: count }, () => framed(fragment(0, "{}")))],
  ],
  [
    "calls, and finish reasons again and again",
    (count) => [
      ...Array.from({ length: count }, (_, index) => framed(fragment(index, "{}", { id: `a${index}` }))),
      ...Array.from({ length: count }, () => framed({}, { finish_reason: "tool_calls" })),
    ],
  ],
  [
    "one event with many choices",
    (count) => [
      `data: ${JSON.stringify({ choices: Array.from({ length: count }, (_, index) => ({ index: 0, delta: fragment(index, "{}") })) })}\n\n`,
    ],
  ],
  [
    "details of reasoning",
    (count) =>
      Array.from({ length: count }, (_, index) =>
        framed({ reasoning_details: [{ type: "reasoning.text", index, text: "x" }] }),
      ),
  ],
  ["audio", (count) => Array.from({ length: count }, () => framed({ audio: { data: btoa("abcdefg") } }))],
])("work is linear in %s", (_, framesOf) => {
  timeOf(framesOf(100));
  const [few, many] = [timeOf(framesOf(500)), timeOf(framesOf(4_000))];
  // Eight times as much: 64 times as long, if it were not.
  expect(many).toBeLessThan(few * 28 + 20);
});
