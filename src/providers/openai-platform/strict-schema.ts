import { field, isObject, type JsonObject } from "../../json/object.ts";
import { isEqual, setOwn } from "../../json/own.ts";
import type { JsonSchema } from "../../schema/json-schema.ts";

// The subset is that of the official SDK (openai 7.59.0, src/lib/transform.ts); the formats of strings and the limits are
// from developers.openai.com/api/docs/guides/structured-outputs.

/** A schema for a strict format, or why there is none. */
export type StrictSchema = { readonly schema: JsonSchema } | { readonly reason: string };

const KEPT =
  /^(type|enum|const|title|description|pattern|format|minimum|maximum|exclusiveM\w+|multipleOf|minItems|maxItems)$/;
/** What a model need not know, and what is made anew. */
const DROPPED =
  /^(\$schema|\$id|\$comment|required|additionalProperties|readOnly|writeOnly|deprecated|default|examples)$/;
const FORMATS = /^(date-time|time|date|duration|email|hostname|ipv4|ipv6|uuid)$/;
/** Patterns that look around a match, or back at what matched before. */
const UNUSUAL_PATTERN = /\(\?[=!<]|\\[1-9k]/;

const MOST_PROPERTIES = 5000;
const MOST_VALUES = 1000;
const DEEPEST = 10;

/** How far a schema has been converted. */
interface Converting {
  readonly root: JsonObject;
  properties: number;
  values: number;
  /** Once there is one, the result is discarded. */
  reason: string | null;
}

/**
 * Fits a schema into the subset of strict formats: closes its objects, makes optional properties required ones that may be
 * null, and moves constraints that cannot be enforced into descriptions. {@link withoutNulls} undoes the nulls.
 *
 * @returns The schema, or the reason why the result would mean something else, to be read in a warning.
 */
export function strictSchema(root: JsonSchema): StrictSchema {
  const converting: Converting = { root, properties: 0, values: 0, reason: null };
  const schema = strict(root, "", 0, converting);
  const { properties, values } = converting;
  if ("anyOf" in schema || "$ref" in schema) converting.reason ??= "the schema is not one object";
  if (properties > MOST_PROPERTIES) converting.reason ??= `there are more than ${MOST_PROPERTIES} properties`;
  if (values > MOST_VALUES) converting.reason ??= `there are more than ${MOST_VALUES} values of enums`;
  return converting.reason === null ? { schema: { ...schema, type: "object" } } : { reason: converting.reason };
}

/** @param place - The names of the properties that lead to the schema. */
function strict(given: unknown, place: string, depth: number, converting: Converting): JsonObject {
  const schema = withoutAllOf(isObject(given) ? given : {});
  const made: JsonObject = {};
  const told: string[] = [];
  const fail = (problem: string): void =>
    void (converting.reason ??= `${place === "" ? "the schema" : `"${place}"`} ${problem}`);
  const each = (parts: unknown, down: number, name = (key: string) => `${place}${place && "."}${key}`): JsonObject =>
    Object.fromEntries(
      Object.entries(parts ?? {}).map(([key, part]) => [key, strict(part, name(key), depth + down, converting)]),
    );
  if (depth > DEEPEST) fail(`is nested more than ${DEEPEST} levels deep`);
  if (converting.reason !== null) return made;
  const { $ref } = schema;
  for (const [key, value] of Object.entries(schema)) {
    if (key === "$defs" || key === "definitions") made[key] = each(value, 1 - depth, (name) => name);
    else if ($ref !== undefined || isImplied(key, value, schema)) continue;
    else if (KEPT.test(key) && !isTold(key, value)) made[key] = value;
    else if (key === "properties") made[key] = each(value, 1);
    else if (key === "items") made[key] = strict(value, `${place}[]`, depth + 1, converting);
    else if (key === "anyOf" || key === "oneOf") made["anyOf"] = Object.values(each(value, 0, () => place));
    else if (key.startsWith("$") || isStructure(key, value)) fail(`uses "${key}"`);
    else told.push(`${key}: ${JSON.stringify(value)}`);
  }
  // Only definitions may stand beside a reference.
  if ($ref !== undefined) {
    if (targetOf(schema, converting.root) === schema) fail("refers to something that is not there");
    return { ...made, $ref };
  }
  check(made, schema, fail, converting);
  if (isObject(made["properties"])) {
    made["properties"] = withNulls(made["properties"], schema, converting.root);
    made["required"] = Object.keys(Object(made["properties"]));
    made["additionalProperties"] = false;
  }
  if (told.length > 0) made["description"] = [made["description"], `(${told.join(", ")})`].filter(Boolean).join(" ");
  return made;
}

/** The same without an `allOf` of one part. */
function withoutAllOf(schema: JsonObject): JsonObject {
  const { allOf, ...rest } = schema;
  const [only, ...others] = Array.isArray(allOf) ? allOf : [];
  return isObject(only) && others.length === 0 ? { ...only, ...rest } : schema;
}

/** Whether a constraint cannot be enforced, although others of its kind can. */
function isTold(key: string, value: unknown): boolean {
  return key === "format" ? !FORMATS.test(String(value)) : key === "pattern" && UNUSUAL_PATTERN.test(String(value));
}

/** Whether a constraint goes without saying: a pattern that spells out a format, or the limits of safe integers. */
function isImplied(key: string, value: unknown, { format }: JsonObject): boolean {
  return (
    DROPPED.test(key) ||
    (key === "pattern" && FORMATS.test(String(format))) ||
    Math.abs(Number(value)) === Number.MAX_SAFE_INTEGER
  );
}

/** Whether a keyword gives the value structure, rather than narrowing it. An `allOf` of plain constraints only narrows. */
function isStructure(key: string, value: unknown): boolean {
  if (key !== "allOf") return typeof value === "object" && value !== null;
  return [value].flat().some((part) => !isObject(part) || "$ref" in part || Object.values(part).some(isObject));
}

function check(made: JsonObject, schema: JsonObject, fail: (problem: string) => void, converting: Converting): void {
  const { enum: values, const: only, properties, anyOf } = made;
  const known = only === undefined ? values : [only];
  // A format needs a type, even where there are values.
  if (Array.isArray(known)) {
    const [first, ...others] = new Set(known.map(typeName));
    made["type"] ??= others.length > 0 ? [first, ...others] : first;
  }
  const types = [made["type"]].flat();
  const { additionalProperties: further } = schema;
  const isOpen = further !== undefined && further !== false && !(further === true && properties !== undefined);
  if (types[0] === undefined && anyOf === undefined) fail("may be anything");
  const hasForm = properties !== undefined || known !== undefined || anyOf !== undefined;
  if (types.includes("object") && !hasForm) fail("may have any properties");
  else if (properties !== undefined && anyOf !== undefined) fail("has properties beside a choice");
  else if (isOpen) fail("may have further properties");
  if (types.includes("array") && !isObject(schema["items"])) fail("may have items of any kind");
  if (Array.isArray(known) && known.some((value) => Object(value) === value)) fail("is one of some objects or lists");
  converting.properties += Object.keys(properties ?? {}).length;
  if (Array.isArray(values)) converting.values += values.length;
}

/** JSON Schema's name of the type of a value. */
function typeName(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
}

/** The properties, of which those that were optional may also be null. */
function withNulls(properties: JsonObject, schema: JsonObject, root: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(properties).map(([name, made]) => [
      name,
      isMadeNullable(name, schema, root) && isObject(made) ? orNull(made) : made,
    ]),
  );
}

function orNull(made: JsonObject): JsonObject {
  const { type, anyOf } = made;
  if (Array.isArray(anyOf)) return { ...made, anyOf: [...(anyOf as unknown[]), { type: "null" }] };
  const isPlain = type !== undefined && made["enum"] === undefined && made["const"] === undefined;
  return isPlain ? { ...made, type: [...[type].flat(), "null"] } : { anyOf: [made, { type: "null" }] };
}

/** Whether null stands for a property that is left out. */
function isMadeNullable(name: string, { properties, required }: JsonObject, root: JsonObject): boolean {
  const isOptional = !(Array.isArray(required) && required.includes(name));
  return isOptional && !fits(null, field(properties, name), root);
}

/**
 * Makes what turns a value of the strict format, whole or not, into a value of the schema that it was made of: without the
 * nulls that stand for properties that were left out. Values must not change afterwards: for one that it knows, it gives
 * the same again.
 */
export function withoutNulls(schema: JsonSchema): (value: unknown) => unknown {
  const stripping = { root: schema, known: new WeakMap() };
  return (value) => stripped(value, schema, stripping);
}

interface Stripping {
  readonly root: JsonObject;
  /** What came of the parts of earlier values. */
  readonly known: WeakMap<object, object>;
}

function stripped(value: unknown, schema: unknown, stripping: Stripping): unknown {
  if (typeof value !== "object" || value === null) return value;
  const { known } = stripping;
  const made = known.get(value) ?? withoutItsNulls(value, schema, stripping);
  known.set(value, made);
  return made;
}

function withoutItsNulls(value: object, given: unknown, stripping: Stripping): object {
  const { root } = stripping;
  const schema = targetOf(withoutAllOf(isObject(given) ? given : {}), root);
  const branches = branchesOf(schema);
  if (branches !== null) {
    const fitting = branches.find((branch) => fits(value, branch, root));
    return withoutItsNulls(value, fitting, stripping);
  }
  if (Array.isArray(value)) return value.map((item) => stripped(item, schema["items"], stripping));
  const { properties } = schema;
  const kept: JsonObject = {};
  for (const [name, part] of Object.entries(value)) {
    const isKnown = Object.hasOwn(Object(properties), name);
    if (part === null && isKnown && isMadeNullable(name, schema, root)) continue;
    setOwn(kept, name, isKnown ? stripped(part, field(properties, name), stripping) : part);
  }
  return kept;
}

/** The schemas of a choice among several, or null. */
function branchesOf({ anyOf, oneOf }: JsonObject): readonly unknown[] | null {
  const found = anyOf ?? oneOf;
  return Array.isArray(found) ? found : null;
}

/** Whether a value may be meant by a schema, as far as its type, its keys and its fixed values tell. */
function fits(value: unknown, given: unknown, root: JsonObject): boolean {
  const schema = targetOf(withoutAllOf(isObject(given) ? given : {}), root);
  const branches = branchesOf(schema);
  if (branches !== null) return branches.some((branch) => fits(value, branch, root));
  const { type, enum: values, const: only, properties } = schema;
  if (only !== undefined) return isEqual(value, only);
  if (Array.isArray(values)) return values.some((known) => isEqual(value, known));
  const types = [type].flat();
  const name = typeName(value);
  if (type !== undefined && !types.includes(name) && !(name === "number" && types.includes("integer"))) return false;
  if (!isObject(value) || !isObject(properties)) return true;
  return Object.entries(value).every(([key, part]) => {
    const expected = field(properties, key);
    const isFixed = isObject(expected) && ("const" in expected || "enum" in expected);
    return expected !== undefined && (!isFixed || part === null || fits(part, expected, root));
  });
}

/** The schema that a reference leads to. A schema without one, or whose reference leads nowhere, is given back. */
function targetOf(schema: JsonObject, root: JsonObject): JsonObject {
  let target = schema;
  for (let hops = 0; typeof target["$ref"] === "string" && hops < DEEPEST; hops++) {
    const [start, ...steps] = target["$ref"].split("/");
    const follow = (at: unknown, step: string): unknown => field(at, step.replaceAll("~1", "/").replaceAll("~0", "~"));
    const found = steps.reduce(follow, start === "#" ? root : undefined);
    if (!isObject(found)) return schema;
    target = found;
  }
  return target;
}
