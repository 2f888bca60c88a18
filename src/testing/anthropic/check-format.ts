/**
 * What the API refuses about structured outputs: platform.claude.com/docs/en/build-with-claude/structured-outputs, read
 * 2026-11-25. Its own words, as far as they are public.
 */

import type { Check } from "./check.ts";
import { isJsonObject, type JsonObject, objectsOf } from "./json.ts";

const KEYWORDS = (
  "type enum const default title description format pattern properties required additionalProperties items minItems " +
  "anyOf allOf $ref $defs definitions"
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

/** What is checked of structured outputs. */
export const formatChecks: readonly Check[] = [formatIsAccepted];

/** The last message ends with a tool of the server's: it is a turn that goes on, and no prefill. */
function isPaused(body: JsonObject): boolean {
  const content = objectsOf(body["messages"]).at(-1)?.["content"];
  return /server_tool_use|mcp_tool_use|_tool_result$/.test(String(objectsOf(content).at(-1)?.["type"]));
}

/** What is wrong with a schema, or null. */
export function schemaProblem(root: JsonObject): string | null {
  if (root["type"] !== "object") return "The root of the schema must be an object";
  const parts = [...partsOf(root)];
  for (const part of parts) {
    const problem = partProblem(part);
    if (problem !== null) return problem;
  }
  if (parts.some((part) => leadsBack(part, root))) return "Recursive schemas are not supported";
  const optional = parts.reduce((sum, { properties, required }) => sum + lengthOf(properties) - lengthOf(required), 0);
  if (optional > MOST_OPTIONAL) return `Too many optional parameters: ${optional}. The maximum is ${MOST_OPTIONAL}`;
  const unions = parts.filter(({ anyOf, type }) => anyOf !== undefined || Array.isArray(type)).length;
  return unions > MOST_UNIONS ? `Too many parameters with union types: ${unions}. The maximum is ${MOST_UNIONS}` : null;
}

function partProblem(part: JsonObject): string | null {
  const { type, $ref, properties, additionalProperties, minItems, format, allOf } = part;
  const unknown = Object.keys(part).find((key) => !KEYWORDS.includes(key));
  if (unknown !== undefined) return `For '${String(type)}' type, property '${unknown}' is not supported`;
  if ($ref !== undefined && !String($ref).startsWith("#")) return `External $ref is not supported: ${String($ref)}`;
  const says = ["type", "enum", "const", "anyOf", "allOf", "$ref"].some((key) => part[key] !== undefined);
  if (!says) return "Schema must have a 'type', 'enum', 'const', 'anyOf', 'allOf' or '$ref'";
  const isObject = type === "object" || (Array.isArray(type) && type.includes("object")) || properties !== undefined;
  if (isObject && additionalProperties !== false) {
    return "For 'object' type, 'additionalProperties' must be explicitly set to false";
  }
  if (minItems !== undefined && minItems !== 0 && minItems !== 1) {
    return "For 'array' type, 'minItems' values other than 0 or 1 are not supported";
  }
  if (format !== undefined && !FORMATS.includes(String(format))) return `Format '${String(format)}' is not supported`;
  if (objectsOf(allOf).some((one) => one["$ref"] !== undefined)) return "'allOf' with '$ref' is not supported";
  const values = [part["enum"] ?? [], part["const"] ?? null].flat();
  return values.some((value) => typeof value === "object" && value !== null)
    ? "Complex enum values are not supported"
    : null;
}

/** The schema and all in it. */
function* partsOf(schema: JsonObject): Generator<JsonObject> {
  yield schema;
  const { properties, $defs, definitions, items, anyOf, allOf } = schema;
  const named = [properties, $defs, definitions].filter(isJsonObject).flatMap((parts) => Object.values(parts));
  for (const part of [...named, items, ...objectsOf(anyOf), ...objectsOf(allOf)]) {
    if (isJsonObject(part)) yield* partsOf(part);
  }
}

/** Whether a part refers to something that refers to it, by whatever way. */
function leadsBack(part: JsonObject, root: JsonObject): boolean {
  const seen = new Set<JsonObject>();
  const next = referredBy(part, root);
  for (let target = next.pop(); target !== undefined; target = next.pop()) {
    if ([...partsOf(target)].includes(part)) return true;
    if (!seen.has(target)) next.push(...referredBy(target, root));
    seen.add(target);
  }
  return false;
}

function referredBy(schema: JsonObject, root: JsonObject): JsonObject[] {
  return [...partsOf(schema)].flatMap(({ $ref }) => {
    if (typeof $ref !== "string") return [];
    let target: unknown = root;
    for (const step of $ref.split("/").slice(1)) target = isJsonObject(target) ? target[step] : undefined;
    return isJsonObject(target) ? [target] : [];
  });
}

function lengthOf(value: unknown): number {
  return Object.keys(value ?? {}).length;
}
