import { isObject, type JsonObject } from "../../json/object.ts";
import type { ResponseFormat } from "../../schema/response-format.ts";
import { canonicalModel } from "./models.ts";
import type { AnthropicCallParams } from "./params.ts";

/** How a model is brought to give JSON of a format. */
export type FormatPlan =
  | { readonly way: "native"; readonly schema: JsonObject }
  | { readonly way: "tool" }
  | { readonly way: "words" };

/** The tool whose input is the reply, where a model has no structured output of its own. */
export const RESPONSE_TOOL = "respond";

/** Models with structured output: platform.claude.com/docs/en/build-with-claude/structured-outputs, read 2026-08-22. */
const NATIVE = /^claude-((fable|mythos|opus|sonnet|haiku)-([5-9]|4-[5-9])|opus-4-1$)/;
/** Models before those; all of them can be made to use a tool. */
const TOOL = /^claude-(3-|(opus|sonnet)-4)/;

/**
 * Native structured output where the model has it and the schema fits; else a tool that it must use, where the model
 * allows that; else words. Tools of the call, or thinking with a budget, rule out the tool.
 */
export function planFormat(
  model: string,
  { schema }: ResponseFormat,
  jsonMode: boolean,
  hasTools: boolean,
  { thinking }: AnthropicCallParams,
): FormatPlan {
  const id = canonicalModel(model);
  const closed = jsonMode || !NATIVE.test(id) ? null : closedSchema(schema);
  if (closed !== null) return { way: "native", schema: closed };
  const canForce = !jsonMode && !hasTools && TOOL.test(id) && thinking?.type !== "enabled";
  return canForce ? { way: "tool" } : { way: "words" };
}

/** What the model is told where its reply is to be JSON in words. */
export function formatInWords(format: ResponseFormat | undefined): string {
  const like = format === undefined ? "" : ` that fits this JSON Schema:\n${JSON.stringify(format.schema)}\n`;
  return `Reply with one JSON object${like || " "}and with nothing else: no words around it, no code fence.`;
}

/** Keywords that structured outputs do not take; the model is told of them in words. */
const IN_WORDS =
  /^(minimum|maximum|exclusiveMinimum|exclusiveMaximum|multipleOf|minLength|maxLength|maxItems|uniqueItems|pattern|minProperties|maxProperties)$/;

/** The schema within the limits of structured outputs; null where it cannot be: open objects, references in a circle. */
export function closedSchema(schema: JsonObject, path: readonly string[] = [], root = schema): JsonObject | null {
  const closed: JsonObject = {};
  const told: string[] = [];
  for (const [key, value] of Object.entries(schema)) {
    if (IN_WORDS.test(key) || (key === "minItems" && Number(value) > 1)) told.push(`${key}: ${JSON.stringify(value)}`);
    else closed[key] = value;
  }
  const { $ref, type, additionalProperties, properties, description } = schema;
  if (typeof $ref === "string") {
    if (!$ref.startsWith("#/") || path.includes($ref)) return null;
    const target = $ref
      .slice(2)
      .split("/")
      .reduce<unknown>((at, step) => (isObject(at) ? at[step] : undefined), root);
    return isObject(target) && closedSchema(target, [...path, $ref], root) ? closed : null;
  }
  if (type === "object" || properties !== undefined) {
    if (isObject(additionalProperties) || additionalProperties === true) return null;
    closed["additionalProperties"] = false;
  }
  if (told.length > 0) closed["description"] = [description, `(${told.join(", ")})`].filter(Boolean).join(" ");
  for (const key of ["properties", "$defs", "definitions"]) {
    if (!isObject(closed[key])) continue;
    const parts = Object.entries(closed[key]).map(([name, part]) => [name, closedPart(part, path, root)]);
    if (parts.some(([, part]) => part === null)) return null;
    closed[key] = Object.fromEntries(parts);
  }
  for (const key of ["items", "anyOf", "oneOf", "allOf", "prefixItems"]) {
    if (closed[key] === undefined) continue;
    const parts = [closed[key]].flat().map((part) => closedPart(part, path, root));
    if (parts.includes(null)) return null;
    closed[key] = Array.isArray(closed[key]) ? parts : parts[0];
  }
  return closed;
}

function closedPart(part: unknown, path: readonly string[], root: JsonObject): unknown {
  return isObject(part) ? closedSchema(part, path, root) : part;
}
