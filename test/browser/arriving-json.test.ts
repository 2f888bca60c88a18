import fc from "fast-check";
import { expect, it } from "vitest";
import { ArrivingJson } from "../../src/browser/arriving-json.ts";
import { mutated, paddedDocument } from "../json/grammar.ts";
import { difference, prefixOf } from "../json/reference.ts";

it("shows of every prefix what the parser of millrace/json shows", () => {
  fc.assert(
    fc.property(paddedDocument, (text) => {
      const json = new ArrivingJson();
      for (let length = 1; length <= text.length; length++) {
        json.push(text.slice(length - 1, length));
        expect(difference(json.read(), prefixOf(text.slice(0, length)).value)).toBeNull();
      }
    }),
    { numRuns: 25 },
  );
});

it("keeps what it had where a text is not JSON", () => {
  fc.assert(
    fc.property(mutated, (text) => {
      const json = new ArrivingJson();
      for (const character of text) {
        json.push(character);
        json.read();
      }
    }),
    { numRuns: 25 },
  );
  const json = new ArrivingJson();
  json.push('{"a": [1, "two');
  expect(json.read()).toEqual({ a: [1, "two"] });
  json.push('" }, nonsense');
  expect(json.read()).toEqual({ a: [1, "two"] });
});

it("stays cheap when a long text is read after every piece", () => {
  const json = new ArrivingJson();
  json.push('{"text": "');
  const start = performance.now();
  for (let piece = 0; piece < 50_000; piece++) {
    json.push("word ");
    json.read();
  }
  expect(performance.now() - start).toBeLessThan(1_000);
});
