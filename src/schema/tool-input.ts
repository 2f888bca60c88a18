import { shortened } from "../errors.ts";
import { isObject, type JsonObject } from "../json/object.ts";
import { isEqual } from "../json/own.ts";
import { currentDraft } from "./current-draft.ts";
import { type JsonSchema, liftDefinition, plainJson, toObjectSchema } from "./json-schema.ts";

/** What a model is shown of the input of a tool. */
export interface ShownInput {
  readonly schema: JsonObject;
  /** What the schema cannot say; else empty. */
  readonly note: string;
}

/** Providers take these in a part of a schema, but refuse the whole request if they are at the top of a tool's. */
const COMBINING = ["allOf", "anyOf", "oneOf"] as const;
/** The keywords of a part that {@link withoutCombining} merges without a loss. */
const MERGED = new Set(["type", "properties", "required", "title", "description"]);
/** The longest note, in characters. */
const LONGEST_NOTE = 2_000;

/**
 * Makes a foreign schema of a tool's input one that models accept: of an object, in the current draft, and with no
 * combining keyword at its top. For tools that validate their input themselves: what is lost here is not needed there.
 *
 * @throws SchemaError if JSON cannot hold it, or it describes something other than an object.
 */
export function shownInput(inputSchema: object): ShownInput {
  const lifted = liftDefinition(currentDraft(plainJson(inputSchema, "inputSchema")));
  const { type } = lifted;
  const isOpen = type === undefined || (Array.isArray(type) && type.includes("object"));
  return withoutCombining(toObjectSchema(isOpen ? { ...lifted, type: "object" } : lifted, "inputSchema"));
}

/** Gives the schema the properties of all its parts, and says the rest in words. */
function withoutCombining(given: JsonSchema): ShownInput {
  const schema: JsonObject = { ...given };
  const told: JsonObject = {};
  for (const keyword of COMBINING) {
    const listed = given[keyword];
    delete schema[keyword];
    if (!Array.isArray(listed)) continue;
    const parts = listed.filter(isObject).map((part) => liftDefinition({ ...definitionsOf(given), ...part }));
    schema["properties"] = joinProperties([schema, ...parts]);
    const needed = parts.map(requiredOf);
    // Of several forms, only what all of them need has to be there.
    const shared = keyword === "allOf" ? needed.flat() : (needed[0] ?? []).filter(isIn(needed));
    const required = new Set([...requiredOf(schema), ...shared]);
    if (required.size > 0) schema["required"] = [...required];
    if (keyword !== "allOf" || !listed.every(isMerged)) told[keyword] = listed;
  }
  const isWhole = Object.keys(told).length === 0;
  return { schema, note: isWhole ? "" : shortened(`The input must also fit: ${JSON.stringify(told)}`, LONGEST_NOTE) };
}

/** Parts may refer to the definitions of the whole. */
function definitionsOf({ $defs, definitions }: JsonObject): JsonObject {
  return { ...($defs !== undefined && { $defs }), ...(definitions !== undefined && { definitions }) };
}

/** All properties. One that has several schemas may fit any of them. */
function joinProperties(schemas: readonly JsonObject[]): JsonObject {
  const joined = new Map<string, unknown[]>();
  for (const { properties } of schemas) {
    for (const [name, schema] of Object.entries(isObject(properties) ? properties : {})) {
      const known = joined.get(name) ?? [];
      joined.set(name, known.some((other) => isEqual(other, schema)) ? known : [...known, schema]);
    }
  }
  return Object.fromEntries([...joined].map(([name, found]) => [name, found.length > 1 ? { anyOf: found } : found[0]]));
}

function requiredOf({ required }: JsonObject): readonly string[] {
  return Array.isArray(required) ? required.filter((name) => typeof name === "string") : [];
}

function isIn(lists: readonly (readonly string[])[]): (name: string) => boolean {
  return (name) => lists.every((list) => list.includes(name));
}

function isMerged(part: unknown): boolean {
  return isObject(part) && Object.keys(part).every((keyword) => MERGED.has(keyword));
}
