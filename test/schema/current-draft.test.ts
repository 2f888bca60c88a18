import { describe, expect, test } from "vitest";
import { currentDraft } from "../../src/schema/current-draft.ts";

const text = { type: "string" };

describe("JSON Schema of an older draft", () => {
  test.each<[what: string, given: object, current: object]>([
    ["an exclusive limit as a flag", { minimum: 1, exclusiveMinimum: true }, { exclusiveMinimum: 1 }],
    ["a flag that is off", { maximum: 9, exclusiveMaximum: false }, { maximum: 9 }],
    ["a flag without a limit", { exclusiveMaximum: true }, {}],
    ["an exclusive limit of today", { exclusiveMinimum: 0, maximum: 9 }, { exclusiveMinimum: 0, maximum: 9 }],
    ["a tuple", { items: [text, {}], additionalItems: false }, { prefixItems: [text, {}], items: false }],
    ["a list with further items", { items: text, additionalItems: false }, { items: text }],
    ["required as a flag", { properties: { a: { type: "string", required: true } } }, { properties: { a: text } }],
    ["names that repeat", { required: ["a", "a", 5, "b"] }, { required: ["a", "b"] }],
    [
      "a type that does not exist",
      { properties: { a: { type: "any" }, b: { type: ["float", "null"] } } },
      { properties: { a: {}, b: { type: ["null"] } } },
    ],
    ["types that do not exist", { type: ["int", 5] }, {}],
    ["properties that are a list", { properties: [text] }, {}],
    [
      "a property without a schema",
      { properties: { a: null, b: true, c: "text" } },
      { properties: { a: {}, b: true, c: {} } },
    ],
    ["an empty choice", { anyOf: [], oneOf: text, allOf: [text] }, { allOf: [text] }],
    [
      "an old form deep inside",
      { items: { not: { $defs: { A: { minimum: 1, exclusiveMinimum: true } } } } },
      { items: { not: { $defs: { A: { exclusiveMinimum: 1 } } } } },
    ],
  ])("becomes that of today: %s", (_, given, current) => {
    expect(currentDraft(given)).toEqual(current);
  });

  test("keeps what it does not know, and values that only look like schemas", () => {
    const given = {
      $ref: "#/definitions/A",
      definitions: { A: text },
      default: { type: "any", required: true },
      enum: [{ items: [1] }],
      const: { exclusiveMinimum: true },
      nullable: true,
      "x-order": 3,
    };
    expect(currentDraft(given)).toEqual(given);
    const named = JSON.parse('{"properties":{"__proto__":{"type":"string"},"items":{"type":"any"}}}') as object;
    expect(JSON.stringify(currentDraft(named))).toBe('{"properties":{"__proto__":{"type":"string"},"items":{}}}');
  });

  test.each([null, undefined, 5, "text", []])("is empty if it is not a schema: %j", (given) => {
    expect(currentDraft(given)).toEqual({});
  });
});
