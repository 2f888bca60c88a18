import { describe, expect, it } from "vitest";
import { isMillraceError } from "../../src/errors.ts";
import { openai } from "../../src/providers/openai/provider.ts";
import { hasCorpus, recordings } from "../corpus.ts";
import { ByteDecoder } from "./steps.ts";

const VALUES = [
  "null",
  "{}",
  "[]",
  "-1",
  "1e308",
  "0.5",
  "true",
  '""',
  '"x"',
  '{"toString":1}',
  '{"__proto__":{"a":1}}',
  "[[null]]",
  '{"type":1}',
];
const ROUNDS = 12;

/** A small generator of numbers, so that a failure can be repeated. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return Math.floor((state / 4_294_967_296) * below);
  };
}

/** The JSON of an event with one of its values replaced. */
function spoilt(event: object, pick: (below: number) => number): string {
  const json = JSON.stringify(event);
  let places = 0;
  JSON.stringify(event, (_key, value: unknown) => (places++, value));
  const chosen = 1 + pick(Math.max(1, places - 1));
  let place = 0;
  const marked = JSON.stringify(event, (_key, value: unknown) => (place++ === chosen ? "\u0001" : value));
  return marked.includes(String.raw`"\u0001"`)
    ? marked.replace(String.raw`"\u0001"`, VALUES[pick(VALUES.length)] ?? "null")
    : json;
}

describe.runIf(hasCorpus)("a reply in which any value may be anything", () => {
  const all = recordings("openai", "responses").filter(({ bytes }) => bytes.length < 50_000);

  it.each(all.map((recording, seed) => [recording.file, recording, seed] as const))("%s", (file, { events }, seed) => {
    const pick = numbers(seed + 1);
    for (let round = 0; round < ROUNDS; round++) {
      const every = 1 + pick(6);
      const frames = events.map(
        (event, at) => `data: ${at % every === 0 ? spoilt(event, pick) : JSON.stringify(event)}\n\n`,
      );
      const bytes = new ByteDecoder();
      const { decoder } = bytes;
      let shown: unknown;
      try {
        for (const frame of frames) {
          for (const { chunk, tools } of bytes.push(new TextEncoder().encode(frame))) {
            shown = [
              JSON.stringify(chunk),
              chunk.usage,
              chunk.costMetadata,
              tools.map(({ input }) => [input.id, input.text]),
            ];
          }
        }
      } catch (error) {
        if (!isMillraceError(error)) throw new Error(`${file}, round ${round}`, { cause: error });
      }
      const { message, toolInputs, canContinue } = decoder;
      const items = openai.sendable(decoder.items());
      const views = [
        ...[openai.views.id, openai.views.model, openai.views.content, openai.views.thinking].map((view) =>
          view(message),
        ),
        openai.views.commonFinishReasons(message),
        openai.views.usage(decoder, "reported"),
        openai.views.cost(decoder, "gpt-5.5", "reported", undefined),
        openai.accessors(message),
        openai.common(items),
        toolInputs.map(({ id, name, text, state }) => [id, name, text, state]),
      ];
      expect([shown, views, canContinue].length).toBe(3);
    }
  });
});
