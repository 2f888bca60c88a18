import { describe, expect, it } from "vitest";
import { MillraceError } from "../../src/errors.ts";
import { incrementalJson, type IncrementalJson, JsonSyntaxError } from "../../src/json/index.ts";
import { difference } from "./reference.ts";

/** What the value shows after each fragment. */
function shown(...fragments: readonly string[]): unknown[] {
  const json = incrementalJson();
  return fragments.map((fragment) => {
    json.push(fragment);
    return structuredClone(json.value);
  });
}

function errorOf(action: () => unknown): JsonSyntaxError {
  try {
    action();
  } catch (error) {
    if (error instanceof JsonSyntaxError) return error;
    throw error;
  }
  throw new Error("Nothing was thrown.");
}

function refused(text: string, json: IncrementalJson = incrementalJson()): JsonSyntaxError {
  return errorOf(() => {
    json.push(text);
    json.end();
  });
}

describe("what is shown", () => {
  it("grows with the text", () => {
    expect(shown('{"na', 'me": "Br', 'andon", "bo', 'oks": [1, 2', '0, "Mist', "born", '"]', "}")).toEqual([
      {},
      { name: "Br" },
      { name: "Brandon" },
      { name: "Brandon", books: [1] },
      { name: "Brandon", books: [1, 20, "Mist"] },
      { name: "Brandon", books: [1, 20, "Mistborn"] },
      { name: "Brandon", books: [1, 20, "Mistborn"] },
      { name: "Brandon", books: [1, 20, "Mistborn"] },
    ]);
  });

  it("is nothing before anything is certain", () => {
    expect(shown(" ", "\n", "4", "2", "e1")).toEqual([undefined, undefined, undefined, undefined, undefined]);
    expect(shown("t", "r", "u", "e")).toEqual([undefined, undefined, undefined, true]);
    expect(shown("[fal", "se")).toEqual([[], [false]]);
    expect(shown("[", "-", "1", ".", "5", "]")).toEqual([[], [], [], [], [], [-1.5]]);
  });

  it("has keys from when their value has begun", () => {
    expect(shown('{"a"', ":", " ", '"')).toEqual([{}, {}, {}, { a: "" }]);
    expect(shown('{"a":', "[", "]")).toEqual([{}, { a: [] }, { a: [] }]);
    expect(shown('{"a":', "1", "2", "}")).toEqual([{}, {}, {}, { a: 12 }]);
    expect(shown('{"a":1,"a":', "2", ',"b":')).toEqual([{ a: 1 }, { a: 1 }, { a: 2 }]);
  });

  it("has no half escapes, and surrogates as they come", () => {
    expect(shown('"a\\', "n", "\\u", "00", "e9", "\\ud83d", "\\ude00", '"')).toEqual([
      "a",
      "a\n",
      "a\n",
      "a\n",
      "a\né",
      "a\né\ud83d",
      "a\né😀",
      "a\né😀",
    ]);
    expect(shown('"\ud83d', "\ude00", '"')).toEqual(["\ud83d", "😀", "😀"]);
    expect(shown('"\\\\', "n", '\\\\"')).toEqual(["\\", "\\n", "\\n\\"]);
  });

  it("is one live object", () => {
    const json = incrementalJson();
    json.push('{"list": [');
    const { value } = json;
    json.push("1, 2, 3]");
    expect(json.value).toBe(value);
    expect(value).toEqual({ list: [1, 2, 3] });
  });

  it("is the same for a text of many kilobytes as for its characters", () => {
    const document = { text: 'é\ud83d\n"\\ '.repeat(3000), list: Array.from({ length: 3000 }, (_, i) => i - 0.5) };
    const text = JSON.stringify(document);
    for (const size of [1, 7, 1023, 1024, 1025, 4096, text.length]) {
      const json = incrementalJson();
      for (let at = 0; at < text.length; at += size) json.push(text.slice(at, at + size));
      expect(difference(json.end(), document)).toBeNull();
    }
  });
});

describe("values", () => {
  it.each([
    "-0",
    "1e400",
    "123456789012345678901234567890",
    "0.1e-7",
    "5e-324",
    '"\\ud800"',
    '"\\ude00\\ud83d"',
    '{"b":1,"a":2,"1":3,"0":4,"b":5}',
    '{"__proto__":{"polluted":true},"constructor":1,"toString":2}',
    '{"a":{"__proto__":"x"},"__proto__":[1,{"__proto__":null}]}',
    " \t\n\r[ ] \n",
    '"\u2028\u007f"',
    "[[],{},[[]],[{}]]",
  ])("%s is what JSON.parse gives", (text) => {
    for (const fragments of [[text], [...text]]) {
      const json = incrementalJson();
      for (const fragment of fragments) {
        json.push(fragment);
        json.snapshot();
      }
      expect(difference(json.end(), JSON.parse(text))).toBeNull();
    }
  });

  it("never reach a prototype", () => {
    const json = incrementalJson();
    json.push('{"__proto__": {"polluted": 1, ');
    expect(difference(json.snapshot(), JSON.parse('{"__proto__": {"polluted": 1}}'))).toBeNull();
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    expect(Object.getPrototypeOf(json.value)).toBe(Object.prototype);
    const isKept = { value: { polluted: 1 }, writable: true, enumerable: true, configurable: true };
    expect(Object.getOwnPropertyDescriptor(json.value, "__proto__")).toEqual(isKept);
  });
});

describe("version", () => {
  it("rises only when more is shown", () => {
    const json = incrementalJson();
    const versions = ['{"a"', ":", '"', '"', ",", '"b":', "1", "2", ",", '"c":"x', "", "\\", "n", '"', "}", " "].map(
      (fragment) => {
        const { version } = json;
        json.push(fragment);
        return json.version > version;
      },
    );
    expect(versions).toEqual([1, 0, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 0, 0, 0].map((isHigher) => isHigher === 1));
  });
});

describe("complete", () => {
  it("is true once the document was read", () => {
    const json = incrementalJson();
    json.push('{"a": [1]');
    expect(json.complete).toBe(false);
    json.push("}");
    expect(json.complete).toBe(true);
    json.push(" \n");
    expect(json.complete).toBe(true);
    expect(json.end()).toEqual({ a: [1] });
  });

  it("waits for the end of a number", () => {
    const json = incrementalJson();
    json.push("42");
    expect(json.complete).toBe(false);
    expect(json.end()).toBe(42);
    expect(json.complete).toBe(true);
    expect(json.end()).toBe(42);
    const { version } = json;
    json.push(" ");
    expect([json.version, json.end()]).toEqual([version, 42]);
  });

  it("is known for each place", () => {
    const json = incrementalJson();
    expect(json.isComplete()).toBe(false);
    json.push('{"a": ["x", {"b": "y"}, {"c": [1, 2');
    const places = [
      [],
      ["a"],
      ["a", 0],
      ["a", "0"],
      ["a", 1],
      ["a", 1, "b"],
      ["a", 2],
      ["a", "2"],
      ["a", 2, "c"],
      ["a", 2, "c", 0],
    ];
    expect(places.map((path) => json.isComplete(path))).toEqual(
      [0, 0, 1, 1, 1, 1, 0, 0, 0, 1].map((isComplete) => isComplete === 1),
    );
    const nowhere = [["b"], ["a", 3], ["a", "length"], ["a", 0, 0], ["toString"], ["a", 2, "c", 0, "x"]];
    for (const path of nowhere) expect(json.isComplete(path)).toBe(false);
    json.push("]}]}");
    for (const path of places) expect(json.isComplete(path)).toBe(true);
    for (const path of nowhere) expect(json.isComplete(path)).toBe(false);
  });

  it("is false for an open string, also in place of another", () => {
    const json = incrementalJson();
    json.push('{"a": 1, "a"');
    expect(json.isComplete(["a"])).toBe(true);
    json.push(': "x');
    expect(json.isComplete(["a"])).toBe(false);
    json.push('"');
    expect(json.isComplete(["a"])).toBe(true);
  });
});

describe("a fault", () => {
  it.each([
    ["", 0, "incomplete"],
    ["  ", 2, "incomplete"],
    ['{"a": [1, 2', 11, "incomplete"],
    ['"abc\\u00', 8, "incomplete"],
    ["[tru", 4, "incomplete"],
    ["-", 1, "incomplete"],
    ["1.", 2, "incomplete"],
    ["1e+", 3, "incomplete"],
    ["[1,]", 3, "unexpected"],
    ["[,1]", 1, "unexpected"],
    ['{"a" 1}', 5, "unexpected"],
    ['{"a": 1,}', 8, "unexpected"],
    ["{a: 1}", 1, "unexpected"],
    ["[1}", 2, "unexpected"],
    ['{"a": 1]', 7, "unexpected"],
    ["[01]", 2, "unexpected"],
    ["[1.]", 3, "unexpected"],
    ["[.5]", 1, "unexpected"],
    ["[+1]", 1, "unexpected"],
    ["[1-2]", 2, "unexpected"],
    ["[1e5.2]", 4, "unexpected"],
    ["[1..0", 3, "unexpected"],
    ["-01", 2, "unexpected"],
    ["[truE]", 4, "unexpected"],
    ["[nul1]", 4, "unexpected"],
    ["[undefined]", 1, "unexpected"],
    ["[NaN]", 1, "unexpected"],
    ['["\\x"]', 3, "unexpected"],
    ['["\\u12G4"]', 6, "unexpected"],
    ["\\u0e", 0, "unexpected"],
    ['["a\nb"]', 3, "unexpected"],
    ['["a\u0000"]', 3, "unexpected"],
    ["'a'", 0, "unexpected"],
    ["1 2", 2, "unexpected"],
    ["{} {", 3, "unexpected"],
    ["\ufeff{}", 0, "unexpected"],
    ["[1\u00a0]", 2, "unexpected"],
    ["/**/1", 0, "unexpected"],
  ] as const)("in %j is at %i: %s", (text, position, reason) => {
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
    for (const fragments of [[text], [...text]]) {
      const json = incrementalJson();
      const error = errorOf(() => {
        for (const fragment of fragments) json.push(fragment);
        json.end();
      });
      expect(error).toMatchObject({ position, reason, code: "json_syntax", name: "JsonSyntaxError" });
      expect(error).toBeInstanceOf(MillraceError);
      const problem =
        reason === "incomplete" ? "the text ends too early" : `unexpected ${JSON.stringify(text.charAt(position))}`;
      expect(error.message).toBe(`Invalid JSON at position ${position}: ${problem}.`);
    }
  });

  it("is found at once, and where it is, far into the text", () => {
    const json = incrementalJson();
    const text = `[${'"abcdefghij", '.repeat(1000)}`;
    for (let at = 0; at < text.length; at += 12) json.push(text.slice(at, at + 12));
    expect(errorOf(() => json.push("1 2")).position).toBe(text.length + 2);
    expect(refused(`${text}1 2`).position).toBe(text.length + 2);
  });

  it("leaves what came before it, and is thrown again", () => {
    const json = incrementalJson();
    json.push('{"a": [1], "b": "xy');
    const error = errorOf(() => json.push("z\u0001"));
    expect(error.value).toEqual({ a: [1], b: "xyz" });
    expect(json.value).toBe(error.value);
    expect(json.snapshot()).toEqual(error.value);
    expect(json.isComplete(["a"])).toBe(true);
    expect(json.isComplete(["b"])).toBe(false);
    expect(json.complete).toBe(false);
    expect(errorOf(() => json.push('"}'))).toBe(error);
    expect(errorOf(() => json.end())).toBe(error);
  });

  it("does not complete what is followed by more", () => {
    const json = incrementalJson();
    json.push("{}");
    expect(json.complete).toBe(true);
    errorOf(() => json.push("{"));
    expect(json.complete).toBe(false);
  });

  it("is not shown with the model's words", () => {
    const error = refused('{"secret": "words" x');
    expect(error.message).toBe('Invalid JSON at position 19: unexpected "x".');
    expect(JSON.stringify(error) + String(error)).not.toMatch(/secret|words/);
    expect(Object.keys(error)).not.toContain("value");
    expect(error.value).toEqual({ secret: "words" });
  });
});

describe("depth", () => {
  const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);

  it("is limited", () => {
    expect(difference(readAll(nested(1000)), JSON.parse(nested(1000)))).toBeNull();
    const error = refused(nested(1001));
    expect(error).toMatchObject({ reason: "depth", position: 1000 });
    expect(error.message).toBe("Invalid JSON at position 1000: deeper than 1000 levels (maxDepth).");
    expect(refused('{"a":{"b":[', incrementalJson({ maxDepth: 2 }))).toMatchObject({ reason: "depth", position: 10 });
    expect(refused("[", incrementalJson({ maxDepth: 0 }))).toMatchObject({ reason: "depth", position: 0 });
    expect(readAll('"a"', 0)).toBe("a");
  });

  it("of a million does not overflow the stack", () => {
    const depth = 1_000_000;
    const json = incrementalJson({ maxDepth: Infinity });
    json.push(nested(depth).slice(0, depth));
    // A copy of so much is not due before.
    json.push(" ".repeat(depth));
    let found = 0;
    for (let value = json.snapshot(); Array.isArray(value); value = value[0]) found++;
    expect(found).toBe(depth);
    expect(json.isComplete([0, 0, 0])).toBe(false);
    json.push("]".repeat(depth));
    expect(json.complete).toBe(true);
  });

  function readAll(text: string, maxDepth?: number): unknown {
    const json = incrementalJson({ maxDepth });
    json.push(text);
    return json.end();
  }
});
