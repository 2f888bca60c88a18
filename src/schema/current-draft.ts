import { isObject, type JsonObject } from "../json/object.ts";
import { setOwn } from "../json/own.ts";

/** What becomes of a keyword: its name and value, or null if it means nothing. */
type Rule = (value: unknown, schema: JsonObject) => readonly [keyword: string, value: unknown] | null;

const TYPES = new Set<unknown>(["array", "boolean", "integer", "null", "number", "object", "string"]);

/** The rules of the keywords that older drafts have in another form, that hold schemas, or that are often wrong. */
const RULES = new Map<string, Rule>([
  ...["$defs", "definitions", "dependentSchemas", "patternProperties", "properties"].map(rule(schemasByName)),
  ...["allOf", "anyOf", "oneOf", "prefixItems"].map(rule(schemaList)),
  ...["additionalProperties", "contains", "else", "if", "not", "propertyNames", "then"].map(rule(schemaOf)),
  ["items", (value) => (Array.isArray(value) ? ["prefixItems", value.map(schemaOf)] : ["items", schemaOf(value)])],
  ["additionalItems", (value, { items }) => (Array.isArray(items) ? ["items", schemaOf(value)] : null)],
  ["type", (value) => kept("type", typesIn(value))],
  ["required", (value) => kept("required", names(value))],
  ["minimum", (value, schema) => [schema["exclusiveMinimum"] === true ? "exclusiveMinimum" : "minimum", value]],
  ["maximum", (value, schema) => [schema["exclusiveMaximum"] === true ? "exclusiveMaximum" : "maximum", value]],
  ["exclusiveMinimum", (value) => kept("exclusiveMinimum", typeof value === "boolean" ? undefined : value)],
  ["exclusiveMaximum", (value) => kept("exclusiveMaximum", typeof value === "boolean" ? undefined : value)],
]);

/**
 * JSON Schema as providers check it, which is draft 2020-12, made of that of older drafts. Keywords whose values make no
 * sense are left out: one of them would make a provider refuse the whole request.
 *
 * @param given - Plain JSON.
 */
export function currentDraft(given: unknown): JsonObject {
  const schema: JsonObject = {};
  for (const [keyword, value] of Object.entries(isObject(given) ? given : {})) {
    const rule = RULES.get(keyword);
    const result = rule === undefined ? ([keyword, value] as const) : rule(value, given as JsonObject);
    if (result !== null) setOwn(schema, ...result);
  }
  return schema;
}

/** A schema may be a boolean, too. */
function schemaOf(value: unknown): JsonObject | boolean {
  return typeof value === "boolean" ? value : currentDraft(value);
}

function schemaList(value: unknown): unknown {
  return Array.isArray(value) && value.length > 0 ? value.map(schemaOf) : undefined;
}

function schemasByName(value: unknown): unknown {
  if (!isObject(value)) return undefined;
  const schemas: JsonObject = {};
  for (const [name, schema] of Object.entries(value)) setOwn(schemas, name, schemaOf(schema));
  return schemas;
}

function typesIn(value: unknown): unknown {
  const known = Array.isArray(value) ? [...new Set(value.filter((type) => TYPES.has(type)))] : value;
  return (Array.isArray(known) ? known.length > 0 : TYPES.has(known)) ? known : undefined;
}

function names(value: unknown): unknown {
  return Array.isArray(value) ? [...new Set(value.filter((name) => typeof name === "string"))] : undefined;
}

function kept(keyword: string, value: unknown): readonly [string, unknown] | null {
  return value === undefined ? null : [keyword, value];
}

/** The rule of a keyword whose value is read in this way. */
function rule(read: (value: unknown) => unknown): (keyword: string) => [string, Rule] {
  return (keyword) => [keyword, (value) => kept(keyword, read(value))];
}
