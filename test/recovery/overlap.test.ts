import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Overlap } from "../../src/recovery/overlap.ts";

/** The plain twin: tries every length, the longest first. */
function repetition(before: string, text: string, withheld: number): number {
  for (let length = Math.min(before.length, text.length); length > 0; length--) {
    if ((length >= 16 || length === withheld) && before.endsWith(text.slice(0, length))) return length;
  }
  return 0;
}

function found(before: string, pieces: readonly string[], withheld: number): number {
  const overlap = new Overlap(before, withheld);
  for (const piece of pieces) {
    const length = overlap.push(piece);
    if (length !== null) return length;
  }
  return overlap.push("", true) ?? -1;
}

function piecesOf(text: string, sizes: readonly number[]): string[] {
  const pieces: string[] = [];
  let at = 0;
  for (const size of sizes) {
    pieces.push(text.slice(at, at + size));
    at += size;
  }
  return [...pieces, text.slice(at)];
}

const letters = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 60 });

describe("a repetition", () => {
  it("is found as trying every length finds it, however the continuation is cut", () => {
    fc.assert(
      fc.property(
        letters,
        letters,
        letters,
        fc.nat(20),
        fc.array(fc.nat(9), { maxLength: 12 }),
        (start, end, rest, withheld, sizes) => {
          const [before, text] = [start + end, end + rest];
          expect(found(before, piecesOf(text, sizes), withheld)).toBe(repetition(before, text, withheld));
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it("is known as soon as the continuation can be told from all that came before", () => {
    const overlap = new Overlap("The quick brown fox jumps over the lazy dog", 0);
    expect(overlap.push("over the lazy d")).toBeNull();
    expect(overlap.push("og. And then")).toBe("over the lazy dog".length);
    expect(new Overlap("The quick brown fox", 0).push("Once")).toBe(0);
  });

  it("is looked for in linear time", () => {
    const steps = (length: number): number => {
      let reads = 0;
      const before = "a".repeat(length);
      const overlap = new Overlap(before, 0);
      // Counts what is compared: the pieces are as short as tokens are.
      const charCodeAt = String.prototype.charCodeAt;
      String.prototype.charCodeAt = function (index) {
        reads++;
        return charCodeAt.call(this, index);
      };
      try {
        for (let at = 0; at < length; at += 4) overlap.push("aaaa");
        overlap.push("b");
      } finally {
        String.prototype.charCodeAt = charCodeAt;
      }
      return reads;
    };
    expect(steps(40_000) / steps(10_000)).toBeLessThan(6);
  });
});
