import { field, isObject, type JsonObject } from "../../json/object.ts";
import type { ResponseFormat } from "../../schema/response-format.ts";
import type { FormatBody } from "../../provider/provider.ts";
import { joinSystem } from "./system.ts";
import { canonicalModel } from "./models.ts";
import type { AnthropicBody, AnthropicNative } from "./native.ts";
import type { AnthropicCallParams } from "./params.ts";

/** How a model is brought to give JSON of a format. */
export type FormatPlan =
  | { readonly way: "native"; readonly schema: JsonObject }
  | { readonly way: "tool" }
  | { readonly way: "words" };

/** The tool whose input is the reply, where a model has no structured output of its own. */
const RESPONSE_TOOL = "respond";

// What is said here of structured outputs, and their limits, is said in
// platform.claude.com/docs/en/build-with-claude/structured-outputs, read 2026-11-25.

/** Models with structured outputs: from 4.5 on. */
const NATIVE = /^claude-([a-z]+-([5-9]|4-[5-9])|mythos-preview$)/;
/** Models before those; all of them can be made to use a tool. */
const TOOL = /^claude-(3-|(opus|sonnet)-4(-\d)?$)/;

/**
 * Native structured output where the model has it and the schema fits. Else words; but a tool that it must use, where
 * the model is an older one: these all allow it, unless the call has tools of its own, or a budget for thinking.
 */
export function planFormat(
  model: string,
  { schema }: ResponseFormat,
  jsonMode: boolean,
  hasTools: boolean,
  { thinking }: Pick<AnthropicCallParams, "thinking">,
): FormatPlan {
  const id = canonicalModel(model);
  if (!jsonMode && NATIVE.test(id)) {
    const closed = closedSchema(schema);
    return closed === null ? { way: "words" } : { way: "native", schema: closed };
  }
  const canForce = !jsonMode && !hasTools && TOOL.test(id) && thinking?.type !== "enabled";
  return { way: canForce ? "tool" : "words" };
}

/** Makes the body of a request ask for JSON: of a format, or, in words, for any. */
export function formatBody(format: ResponseFormat | undefined, jsonMode: boolean): FormatBody<AnthropicNative> {
  return (body) => {
    const { tools, thinking, output_config, system } = body as AnthropicBody &
      AnthropicCallParams & { tools?: unknown };
    const plan = format && planFormat(body.model, format, jsonMode, tools !== undefined, { thinking });
    if (plan?.way === "native") {
      const config = { ...output_config, format: { type: "json_schema", schema: plan.schema } };
      return { body: { ...body, output_config: config }, jsonTool: null };
    }
    if (plan?.way === "tool") {
      const tool = { name: RESPONSE_TOOL, description: "Gives the reply.", input_schema: format?.schema };
      return {
        body: { ...body, tools: [tool], tool_choice: { type: "tool", name: RESPONSE_TOOL } },
        jsonTool: RESPONSE_TOOL,
      };
    }
    const words = { type: "text", text: formatInWords(format) };
    return { body: { ...body, system: joinSystem(system, [words]) }, jsonTool: null };
  };
}

/** What the model is told where its reply is to be JSON in words. */
function formatInWords(format: ResponseFormat | undefined): string {
  const like = format === undefined ? "" : ` that fits this JSON Schema:\n${JSON.stringify(format.schema)}\n`;
  return `Reply with one JSON object${like || " "}and with nothing else: no words around it, no code fence.`;
}

const MOST_OPTIONAL = 24;
const MOST_UNIONS = 16;
const FORMATS = /^(date-time|time|date|duration|email|hostname|uri|ipv4|ipv6|uuid)$/;

/**
 * The schema within the limits of structured outputs: objects are closed, and what cannot be enforced is told in the
 * description. Null where that would come to another schema: open objects, references in a circle, tuples, any value.
 */
export function closedSchema(root: JsonObject): JsonObject | null {
  const closing: Closing = { root, followed: new Map([["#", true]]), fits: true, optional: 0, unions: 0 };
  const closed = close(root, closing);
  return closing.fits && closing.optional <= MOST_OPTIONAL && closing.unions <= MOST_UNIONS ? closed : null;
}

interface Closing {
  readonly root: JsonObject;
  /** References, and whether they are being followed still. */
  readonly followed: Map<string, boolean>;
  /** Once it is false, what is made does not matter. */
  fits: boolean;
  optional: number;
  unions: number;
}

function close(schema: unknown, closing: Closing): JsonObject {
  const given = isObject(schema) ? schema : {};
  const closed: JsonObject = {};
  const told: string[] = [];
  for (const [key, value] of Object.entries(given)) {
    if (/^(\$ref|type|enum|const|default|title|description|required)$/.test(key)) closed[key] = value;
    else if (/^(properties|\$defs|definitions)$/.test(key)) closed[key] = closeEach(value, closing);
    else if (key === "items") closed[key] = close(value, closing);
    else if (key === "anyOf" || key === "oneOf") closed["anyOf"] = Object.values(closeEach(value, closing));
    else if (key === "format" && FORMATS.test(String(value))) closed[key] = value;
    else if (key === "minItems" && Number(value) <= 1) closed[key] = value;
    else if (key === "additionalProperties" || isStructure(key, value)) closing.fits &&= value === false;
    else if (!isImplied(key, value, given)) told.push(`${key}: ${JSON.stringify(value)}`);
  }
  check(closed, closing);
  if (typeof closed["$ref"] === "string") {
    follow(closed["$ref"], closing);
    // Nothing may stand beside a reference, but for the definitions.
    return Object.fromEntries(Object.entries(closed).filter(([key]) => key.startsWith("$") || key === "definitions"));
  }
  if (closed["properties"] !== undefined) closed["additionalProperties"] = false;
  if (told.length > 0)
    closed["description"] = [closed["description"], `(${told.join(", ")})`].filter(Boolean).join(" ");
  return closed;
}

function closeEach(parts: unknown, closing: Closing): JsonObject {
  return Object.fromEntries(Object.entries(parts ?? {}).map(([name, part]) => [name, close(part, closing)]));
}

/** What shapes the value, rather than narrowing it. Of `allOf` only conditions without a shape are not. */
function isStructure(key: string, value: unknown): boolean {
  if (key !== "allOf") return isObject(value) || key === "prefixItems";
  return [value].flat().some((part) => !isObject(part) || "$ref" in part || Object.values(part).some(isNested));
}

function isNested(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

/** What need not be told: a pattern that spells out a format, and the limits of integers. */
function isImplied(key: string, value: unknown, { format }: JsonObject): boolean {
  return (key === "pattern" && FORMATS.test(String(format))) || Math.abs(Number(value)) === Number.MAX_SAFE_INTEGER;
}

function check(
  { type, enum: values, const: value, properties, required, anyOf, $ref }: JsonObject,
  closing: Closing,
): void {
  const isTyped = [type, values, value, properties, anyOf, $ref].some((keyword) => keyword !== undefined);
  const isOpen = properties === undefined && [type].flat().includes("object");
  if (!isTyped || isOpen || [values, value].flat().some(isNested)) closing.fits = false;
  if (anyOf !== undefined || Array.isArray(type)) closing.unions++;
  closing.optional += Object.keys(properties ?? {}).length - (Array.isArray(required) ? required.length : 0);
}

function follow(ref: string, closing: Closing): void {
  const isUnderWay = closing.followed.get(ref);
  if (isUnderWay) closing.fits = false;
  if (isUnderWay !== undefined) return;
  closing.followed.set(ref, true);
  const target = ref.split("/").reduce<unknown>((at, step) => (step === "#" ? closing.root : field(at, step)), null);
  // What it counts is counted where it stands.
  const { optional, unions } = closing;
  close(target, closing);
  Object.assign(closing, { optional, unions });
  closing.followed.set(ref, false);
}
