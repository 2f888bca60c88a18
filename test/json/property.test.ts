import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { incrementalJson, JsonSyntaxError } from "../../src/json/index.ts";
import { cuts, document, mutated, paddedDocument, split } from "./grammar.ts";
import { difference, hasDuplicateKeys, places, prefixOf } from "./reference.ts";

const runs = { numRuns: 100 };

/** What `JSON.parse` says, or the word "refused". */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return "refused";
  }
}

describe("the corpus", () => {
  it("holds what is hard: faults that are still JSON, duplicate keys, every kind of token", () => {
    const texts = fc.sample(paddedDocument, { numRuns: 3000, seed: 1 });
    for (const kind of [/"__proto__"\s*:/, /\\ud83d/, /-0[,\]}]/, /[eE][+-]\d/, /"a"[^]*"a"/, /\[\s+\]/, /: ?true/]) {
      expect(texts.filter((text) => kind.test(text)).length, String(kind)).toBeGreaterThan(3);
    }
    const faulty = fc.sample(mutated, { numRuns: 1000, seed: 1 }).map(parsed);
    expect(faulty.filter((value) => value === "refused").length).toBeGreaterThan(300);
    expect(faulty.filter((value) => value !== "refused").length).toBeGreaterThan(50);
  });

  it("is read by the reference as JSON.parse reads it", () => {
    fc.assert(
      fc.property(document, (text) => {
        // The space lets a number alone be certain.
        expect(difference(prefixOf(`${text} `), { value: JSON.parse(text), open: [] })).toBeNull();
      }),
      runs,
    );
  });
});

describe("every prefix", () => {
  it("shows what the reference shows, live and in snapshots, and what of it is complete", () => {
    fc.assert(
      fc.property(paddedDocument, (text) => {
        const json = incrementalJson();
        for (let length = 1; length <= text.length; length++) {
          json.push(text.slice(length - 1, length));
          const { value, open } = prefixOf(text.slice(0, length));
          expect(difference(json.value, value)).toBeNull();
          expect(difference(json.snapshot(), value)).toBeNull();
          const opened = new Set(open.map((path) => JSON.stringify(path)));
          for (const path of value === undefined ? [] : places(value)) {
            const isWhole = !opened.has(JSON.stringify(path));
            if (json.isComplete(path) !== isWhole) expect.fail(`${text.slice(0, length)}: ${JSON.stringify(path)}`);
          }
        }
        expect(difference(json.end(), JSON.parse(text))).toBeNull();
        expect(json.complete).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it("has another version exactly if it shows something else", () => {
    fc.assert(
      fc.property(paddedDocument, cuts, (text, places) => {
        // A key that comes again may write what was there.
        fc.pre(!hasDuplicateKeys(text));
        const json = incrementalJson();
        let [version, shown] = [json.version, json.snapshot()];
        for (const piece of split(text, places)) {
          json.push(piece);
          const isSame = difference(json.snapshot(), shown) === null;
          expect(json.version !== version).toBe(!isSame);
          if (json.version === version) expect(json.snapshot()).toBe(shown);
          expect(json.version).toBeGreaterThanOrEqual(version);
          [version, shown] = [json.version, json.snapshot()];
        }
      }),
      runs,
    );
  });
});

describe("a document", () => {
  it("ends as JSON.parse reads it, however it was split", () => {
    fc.assert(
      fc.property(paddedDocument, cuts, fc.boolean(), (text, places, hasSnapshots) => {
        const json = incrementalJson();
        for (const piece of split(text, places)) {
          json.push(piece);
          if (hasSnapshots) json.snapshot();
        }
        const value = json.end();
        expect(difference(value, JSON.parse(text))).toBeNull();
        expect(json.value).toBe(value);
        expect(json.snapshot()).toBe(value);
        expect(json.end()).toBe(value);
      }),
      runs,
    );
  });

  it("of many kilobytes too, in one piece and in a few", () => {
    fc.assert(
      fc.property(fc.array(document, { minLength: 60, maxLength: 200 }), cuts, (texts, places) => {
        const text = `[${texts.join(",")}]`;
        for (const pieces of [[text], split(text, places)]) {
          const json = incrementalJson();
          for (const piece of pieces) json.push(piece);
          expect(difference(json.end(), JSON.parse(text))).toBeNull();
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe("a text with faults", () => {
  it("is taken exactly if JSON.parse takes it, and refused where no document goes on like that", () => {
    fc.assert(
      fc.property(mutated, cuts, (text, places) => {
        const json = incrementalJson();
        const expected = parsed(text);
        let error: unknown;
        try {
          for (const piece of split(text, places)) json.push(piece);
          expect(difference(json.end(), expected)).toBeNull();
        } catch (caught) {
          error = caught;
        }
        if (error === undefined) return;
        if (!(error instanceof JsonSyntaxError)) throw error;
        expect(expected).toBe("refused");
        expect(json.complete).toBe(false);
        expect(() => json.push(" ")).toThrow(error);
        expect(() => json.end()).toThrow(error);
        expectPosition(text, error);
        // What came before the fault is readable.
        expect(difference(json.snapshot(), json.value)).toBeNull();
        expect(error.value).toBe(json.value);
      }),
      { numRuns: 600 },
    );
  });
});

/** All before the position could be JSON; the character there could not. */
function expectPosition(text: string, error: JsonSyntaxError): void {
  expect(error.reason).toBe(error.position === text.length ? "incomplete" : "unexpected");
  const good = incrementalJson();
  good.push(text.slice(0, error.position));
  // What ends a number may be at fault itself.
  const differs = difference(error.value, good.value) !== null;
  if (differs) good.push(" ");
  expect(difference(error.value, good.value)).toBeNull();
  if (error.reason === "unexpected") {
    // With the character, however much follows.
    for (const rest of ["", " ", '"', "0", "]", "}", '":0}', "e", "u0000"]) {
      const bad = incrementalJson();
      expect(() => {
        bad.push(text.slice(0, error.position + 1) + rest);
        bad.end();
      }).toThrow(JsonSyntaxError);
    }
  }
}
