import fc from "fast-check";
import { JSONParser } from "@streamparser/json";
import { parse as jsonriver } from "jsonriver";
import { describe, expect, it } from "vitest";
import { incrementalJson } from "../../src/json/index.ts";
import { cuts, document, mutated, split } from "./grammar.ts";
import { difference } from "./reference.ts";

type Read = (fragments: readonly string[]) => Promise<unknown[]>;

/** The value after each fragment, copied; or the word "refused" at the end. */
const ours: Read = async (fragments) => {
  const json = incrementalJson();
  const values: unknown[] = [];
  try {
    for (const fragment of fragments) {
      json.push(fragment);
      values.push(structuredClone(json.value));
    }
    values.push(json.end());
  } catch {
    values.push("refused");
  }
  return values;
};

const river: Read = async (fragments) => {
  const values: unknown[] = [];
  try {
    for await (const value of jsonriver(stream(fragments))) values.push(structuredClone(value));
  } catch {
    values.push("refused");
  }
  return values;
};

async function* stream(fragments: readonly string[]): AsyncGenerator<string> {
  yield* fragments;
}

const streamparser: Read = async (fragments) => {
  const values: unknown[] = [];
  // A number alone ends with the text only if it may be followed by a space.
  const parser = new JSONParser({ separator: "" });
  parser.onValue = ({ value, stack }) => {
    if (stack.length === 0) values.push(value);
  };
  parser.onError = () => values.push("refused");
  try {
    for (const fragment of fragments) if (!parser.isEnded) parser.write(fragment);
    if (!parser.isEnded) parser.end();
  } catch {
    values.push("refused");
  }
  return values;
};
