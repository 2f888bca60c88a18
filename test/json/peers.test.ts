import { JSONParser } from "@streamparser/json";
import fc from "fast-check";
import { parse } from "jsonriver";
import { describe, expect, it } from "vitest";
import { incrementalJson } from "../../src/json/index.ts";
import { cuts, mutated, paddedDocument, split } from "./grammar.ts";
import { difference } from "./reference.ts";

/** Reads fragments, and gives copies of the values that it showed on the way; throws on what is no JSON. */
type Peer = (fragments: readonly string[]) => Promise<unknown[]>;

const ours: Peer = async (fragments) => {
  const json = incrementalJson();
  const values = fragments.map((fragment) => {
    json.push(fragment);
    return structuredClone(json.value);
  });
  return [...values, json.end()];
};

const jsonriver: Peer = async (fragments) => {
  const values: unknown[] = [];
  for await (const value of parse(stream(fragments))) values.push(structuredClone(value));
  return values;
};

const streamparser: Peer = async (fragments) => {
  const values: unknown[] = [];
  let error: Error | undefined;
  const parser = new JSONParser();
  parser.onValue = ({ value, stack }) => {
    if (stack.length === 0) values.push(value);
  };
  parser.onError = (found) => {
    error ??= found;
  };
  for (const fragment of fragments) if (error === undefined) parser.write(fragment);
  if (error === undefined && !parser.isEnded) parser.end();
  if (error !== undefined) throw error;
  if (values.length !== 1) throw new Error(`${values.length} values`);
  return values;
};

async function* stream(fragments: readonly string[]): AsyncGenerator<string> {
  yield* fragments;
}

/** Without what is not there, or is the same as before. */
function changes(values: readonly unknown[]): unknown[] {
  return values.filter((value, i) => value !== undefined && (i === 0 || difference(value, values[i - 1]) !== null));
}

describe("jsonriver", () => {
  it("shows the same values on the way", async () => {
    await fc.assert(
      fc.asyncProperty(paddedDocument, cuts, async (text, places) => {
        const fragments = split(text, places);
        expect(difference(changes(await ours(fragments)), changes(await jsonriver(fragments)))).toBeNull();
      }),
      { numRuns: 300 },
    );
  });
});

/** It reads UTF-8: half a surrogate pair becomes U+FFFD, and byte order marks are skipped wherever they are, escaped ones too. */
function isReadByStreamparser(fragments: readonly string[]): boolean {
  return fragments.every((fragment) => !/\p{Surrogate}|\ufeff/u.test(fragment)) && !/\\ufeff/i.test(fragments.join(""));
}

describe.each([
  ["jsonriver", jsonriver, () => true],
  ["@streamparser/json", streamparser, isReadByStreamparser],
])("%s", (_, peer, isFit) => {
  it("takes the same texts, for the same values", async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(paddedDocument, mutated), cuts, async (text, places) => {
        const fragments = split(text, places);
        fc.pre(isFit(fragments));
        const [mine, other] = await Promise.allSettled([ours(fragments), peer(fragments)]);
        expect(mine.status).toBe(other.status);
        if (mine.status === "rejected" || other.status === "rejected") return;
        expect(difference(mine.value.at(-1), other.value.at(-1))).toBeNull();
      }),
      { numRuns: 500 },
    );
  });
});
