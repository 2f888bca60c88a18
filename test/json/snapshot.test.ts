import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type IncrementalJson, incrementalJson } from "../../src/json/index.ts";
import { cuts, paddedDocument, split } from "./grammar.ts";
import { difference, hasDuplicateKeys, type Path, places } from "./reference.ts";

function deepFreeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const key of Reflect.ownKeys(value)) deepFreeze(Object.getOwnPropertyDescriptor(value, key)?.value);
}

function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, key) => Object.getOwnPropertyDescriptor(inner ?? {}, key)?.value, value);
}

/** Every snapshot of a document, read in fragments of that length. */
function snapshots(text: string, length: number, each: (json: IncrementalJson, snapshot: unknown) => void): unknown {
  const json = incrementalJson();
  for (let start = 0; start < text.length; start += length) {
    json.push(text.slice(start, start + length));
    each(json, json.snapshot());
  }
  return json.end();
}

describe("a snapshot", () => {
  it("never changes, and nothing is written to it", () => {
    fc.assert(
      fc.property(paddedDocument, cuts, (text, places) => {
        const json = incrementalJson();
        const taken: { snapshot: unknown; before: unknown }[] = [];
        for (const piece of split(text, places)) {
          json.push(piece);
          const snapshot = json.snapshot();
          taken.push({ snapshot, before: structuredClone(json.value) });
          // Writing to what is frozen throws.
          deepFreeze(snapshot);
        }
        expect(difference(json.end(), JSON.parse(text))).toBeNull();
        for (const { snapshot, before } of taken) expect(difference(snapshot, before)).toBeNull();
      }),
      { numRuns: 300 },
    );
  });

  it("shares with the last one all that is the same", () => {
    fc.assert(
      fc.property(paddedDocument, cuts, (text, cutPlaces) => {
        // A key that comes again may write what was there.
        fc.pre(!hasDuplicateKeys(text));
        const json = incrementalJson();
        let last: unknown;
        for (const piece of split(text, cutPlaces)) {
          json.push(piece);
          const snapshot = json.snapshot();
          for (const path of last === undefined ? [] : places(last)) {
            const [before, now] = [at(last, path), at(snapshot, path)];
            if (difference(before, now) === null) expect(now).toBe(before);
          }
          last = snapshot;
        }
        expect(json.end()).toBe(json.snapshot());
      }),
      { numRuns: 300 },
    );
  });

  it("keeps its branches when what was shown open is closed", () => {
    const json = incrementalJson();
    json.push('{"a": [{"b": 1');
    json.push(', "c": 2 ');
    json.push(", ");
    const open = json.snapshot();
    expect(open).toEqual({ a: [{ b: 1, c: 2 }] });
    json.push('"c": 3}');
    json.snapshot();
    json.push("]");
    const closed = json.snapshot();
    json.push(', "d": 4, "e": "x');
    const later = json.snapshot();
    expect(at(later, ["a"])).toBe(at(closed, ["a"]));
    expect(at(later, ["a", 0])).toBe(at(closed, ["a", 0]));
    expect(at(later, ["a", 0])).not.toBe(at(open, ["a", 0]));
    expect(later).toEqual({ a: [{ b: 1, c: 3 }], d: 4, e: "x" });
  });

  it("is the same one while nothing more is shown", () => {
    const json = incrementalJson();
    json.push('[{"a": 1},');
    const snapshot = json.snapshot();
    json.push(" {");
    expect(json.snapshot()).not.toBe(snapshot);
    json.push(' "b"');
    const other = json.snapshot();
    json.push(" : ");
    expect(json.snapshot()).toBe(other);
    expect(at(other, [0])).toBe(at(snapshot, [0]));
  });

  it("has __proto__ as an own property, at the open end too", () => {
    const json = incrementalJson();
    json.push('{"__proto__": {"__proto__": [1], "x": {');
    const snapshot = json.snapshot();
    expect(difference(snapshot, JSON.parse('{"__proto__": {"__proto__": [1], "x": {}}}'))).toBeNull();
    json.push('"__proto__": "y');
    expect(difference(json.snapshot(), JSON.parse('{"__proto__":{"__proto__":[1],"x":{"__proto__":"y"}}}'))).toBeNull();
    expect(difference(snapshot, JSON.parse('{"__proto__": {"__proto__": [1], "x": {}}}'))).toBeNull();
  });
});

describe("snapshots of what is wide", () => {
  const numbers = JSON.stringify(Array.from({ length: 60_000 }, (_, i) => (i * 7) % 100_003));
  const keys = JSON.stringify(Object.fromEntries(Array.from({ length: 1500 }, (_, i) => [`key ${i}`, i])));
  const inner = JSON.stringify({ id: 1, list: Array.from({ length: 5000 }, (_, i) => ({ id: i })), text: "end" });

  it.each([
    ["an array", numbers, 1],
    ["an object", keys, 3],
    ["an array in an object", inner, 1],
  ])("copy %s so seldom that the work stays in proportion to the text", (_, text, weight) => {
    let [copied, last] = [0, undefined as unknown];
    const value = snapshots(text, 12, (_json, snapshot) => {
      if (snapshot !== last) copied += weight * Math.max(size(snapshot), size(at(snapshot, ["list"])));
      last = snapshot;
    });
    expect(difference(value, JSON.parse(text))).toBeNull();
    // Up to weight 128 all is copied every 12 characters, above it an element a character, or one every two.
    expect(copied / text.length).toBeLessThan(128 / 12 + 5);
    expect(copied / text.length).toBeGreaterThan(0.5);
  });

  it.each([
    ["an array", numbers, 1],
    ["an object", keys, 3],
  ])("of %s are at most a character an element late, two of what is very wide", (_, text, weight) => {
    let late = 0;
    let [shownSize, shownAt, end] = [0, 0, 0];
    snapshots(text, 12, (json, snapshot) => {
      end += 12;
      if (size(snapshot) !== shownSize) [shownSize, shownAt] = [size(snapshot), end];
      const isBehind = size(snapshot) < size(json.value);
      if (size(json.value) * weight <= 120) expect(isBehind).toBe(false);
      if (isBehind) late++;
      const all = size(json.value) * weight;
      if (isBehind) expect(end - shownAt).toBeLessThanOrEqual(all + Math.max(0, all - 16_384) + 12);
    });
    expect(late).toBeGreaterThan(100);
  });

  it("are exact once it is closed, and say so by a new version", () => {
    const json = incrementalJson();
    json.push(`{"list": ${numbers.slice(0, -30)}`);
    const early = json.snapshot();
    json.push(numbers.slice(-30, -1));
    json.push(" ");
    expect(size(at(json.snapshot(), ["list"]))).toBe(size(at(early, ["list"])));
    const { version } = json;
    json.push("]");
    expect(json.version).toBeGreaterThan(version);
    expect(difference(json.snapshot(), { list: JSON.parse(numbers) })).toBeNull();
    json.push("}");
    expect(json.end()).toBe(json.snapshot());
  });

  it("are exact at the end of every document", () => {
    for (const text of [numbers, keys, inner]) {
      for (const length of [12, 1000, text.length]) {
        let last: unknown;
        const value = snapshots(text, length, (_json, snapshot) => {
          last = snapshot;
        });
        expect(last).toBe(value);
      }
    }
  });
});

describe("a long string", () => {
  it("costs no more for each fragment as it grows", () => {
    const text = JSON.stringify({ content: "A line of text.\n".repeat(150_000) });
    const start = performance.now();
    const value = snapshots(text, 12, () => {});
    // Copied for each fragment it would be 250 GB.
    expect(performance.now() - start).toBeLessThan(10_000);
    expect(value).toEqual(JSON.parse(text));
  });
});

function size(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  return typeof value === "object" && value !== null ? Object.keys(value).length : 0;
}
