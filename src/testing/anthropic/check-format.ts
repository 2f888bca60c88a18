/**
 * What the API refuses about structured outputs, in its own words as far as they are public. From
 * platform.claude.com/docs/en/build-with-claude/structured-outputs, read 2026-11-25.
 */

import type { Check } from "./check.ts";
import { isJsonObject, type JsonObject, objectsOf, textOf } from "../json.ts";

// `$schema` and `$id` do not constrain the value; `@ai-sdk/anthropic` sends them.
const KEYWORDS = (
  "type enum const default title description format pattern properties required additionalProperties items minItems " +
  "anyOf allOf $ref $defs definitions $schema $id"
).split(" ");
const FORMATS = "date-time time date duration email hostname uri ipv4 ipv6 uuid".split(" ");
const MOST_OPTIONAL = 24;
const MOST_UNIONS = 16;

const formatIsAccepted: Check = ({ body }) => {
  const config = body["output_config"];
  const format = isJsonObject(config) ? config["format"] : null;
  if (!isJsonObject(format)) return null;
  if (format["type"] !== "json_schema") return "output_config.format.type: Input should be 'json_schema'";
  const { schema } = format;
  if (!isJsonObject(schema)) return "output_config.format.schema: Field required";
  const problem = schemaProblem(schema);
  if (problem !== null) return `output_config.format.schema: ${problem}`;
  if (objectsOf(body["messages"]).at(-1)?.["role"] === "assistant" && !isPaused(body)) {
    return "output_config.format: not supported when the last message is of the assistant (prefill)";
  }
  const isCited = JSON.stringify(body["messages"] ?? []).includes('"citations":{"enabled":true}');
  return isCited && "output_config.format: citations are not supported with structured outputs";
};

/** The checks of structured outputs. */
export const formatChecks: readonly Check[] = [formatIsAccepted];

/** Whether the last message ends with a server tool's block: then it is a turn to be continued, not a prefill. */
function isPaused(body: JsonObject): boolean {
  const content = objectsOf(body["messages"]).at(-1)?.["content"];
  return /server_tool_use|mcp_tool_use|_tool_result$/.test(textOf(objectsOf(content).at(-1)?.["type"]));
}

/** The problem with a schema, or null. */
export function schemaProblem(root: JsonObject): string | null {
  if (![root, ...targetOf(root, root)].some(({ type }) => type === "object")) {
    return "The root of the schema must be an object";
  }
  const parts = [...partsOf(root)];
  for (const part of parts) {
    const problem = partProblem(part);
    if (problem !== null) return problem;
  }
  if (isRecursive(root)) return "Recursive schemas are not supported";
  const optional = parts.reduce((sum, { properties, required }) => sum + lengthOf(properties) - lengthOf(required), 0);
  if (optional > MOST_OPTIONAL) return `Too many optional parameters: ${optional}. The maximum is ${MOST_OPTIONAL}`;
  const unions = parts.filter(({ anyOf, type }) => anyOf !== undefined || Array.isArray(type)).length;
  return unions > MOST_UNIONS ? `Too many parameters with union types: ${unions}. The maximum is ${MOST_UNIONS}` : null;
}

function partProblem(part: JsonObject): string | null {
  const { type, $ref, properties, additionalProperties, minItems, format, allOf } = part;
  const unknown = Object.keys(part).find((key) => !KEYWORDS.includes(key));
  if (unknown !== undefined) return `For '${textOf(type)}' type, property '${unknown}' is not supported`;
  if ($ref !== undefined && !textOf($ref).startsWith("#")) return `External $ref is not supported: ${textOf($ref)}`;
  const says = ["type", "enum", "const", "anyOf", "allOf", "$ref"].some((key) => part[key] !== undefined);
  if (!says) return "Schema must have a 'type', 'enum', 'const', 'anyOf', 'allOf' or '$ref'";
  const isObject = type === "object" || (Array.isArray(type) && type.includes("object")) || properties !== undefined;
  if (isObject && additionalProperties !== false) {
    return "For 'object' type, 'additionalProperties' must be explicitly set to false";
  }
  if (minItems !== undefined && minItems !== 0 && minItems !== 1) {
    return "For 'array' type, 'minItems' values other than 0 or 1 are not supported";
  }
  if (format !== undefined && !FORMATS.includes(textOf(format))) return `Format '${textOf(format)}' is not supported`;
  if (objectsOf(allOf).some((one) => one["$ref"] !== undefined)) return "'allOf' with '$ref' is not supported";
  const values = [part["enum"] ?? [], part["const"] ?? null].flat();
  return values.some((value) => typeof value === "object" && value !== null)
    ? "Complex enum values are not supported"
    : null;
}

/** A schema and all its subschemas. */
function partsOf(root: JsonObject): JsonObject[] {
  const parts = [root];
  // The list grows while it is read.
  for (const part of parts) for (const subschema of subschemasOf(part)) parts.push(subschema);
  return parts;
}

function subschemasOf({ properties, $defs, definitions, items, anyOf, allOf }: JsonObject): readonly JsonObject[] {
  const named = [properties, $defs, definitions].filter(isJsonObject).flatMap((parts) => Object.values(parts));
  return [...named, items, ...objectsOf(anyOf), ...objectsOf(allOf)].filter(isJsonObject);
}

/** Whether following subschemas and references leads back to where it began: a depth-first search for a cycle. */
function isRecursive(root: JsonObject): boolean {
  const isFollowed = new Map<JsonObject, boolean>();
  const path = [root];
  for (let part = path.at(-1); part !== undefined; part = path.at(-1)) {
    if (isFollowed.has(part)) {
      isFollowed.set(part, true);
      path.pop();
      continue;
    }
    isFollowed.set(part, false);
    for (const next of [...subschemasOf(part), ...targetOf(part, root)]) {
      if (isFollowed.get(next) === false) return true;
      if (!isFollowed.has(next)) path.push(next);
    }
  }
  return false;
}

/** The target of a schema's own reference, in a list that is empty if there is none. */
function targetOf({ $ref }: JsonObject, root: JsonObject): readonly JsonObject[] {
  if (typeof $ref !== "string") return [];
  let target: unknown = root;
  for (const step of $ref.split("/").slice(1)) target = isJsonObject(target) ? target[step] : undefined;
  return isJsonObject(target) ? [target] : [];
}

function lengthOf(value: unknown): number {
  return Object.keys(value ?? {}).length;
}
