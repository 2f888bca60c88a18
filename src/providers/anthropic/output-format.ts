import { InvalidOptionError } from "../../errors.ts";
import { field, isObject, type JsonObject } from "../../json/object.ts";
import type { ResponseFormat } from "../../schema/response-format.ts";
import type { FormatBody } from "../../provider/provider.ts";
import { joinSystem } from "./system.ts";
import { canonicalModel } from "./models.ts";
import type { AnthropicBody, AnthropicNative } from "./native.ts";
import type { AnthropicCallParams } from "./params.ts";

/** How to make a model reply with JSON of a given format. */
export type FormatPlan =
  | { readonly way: "native"; readonly schema: JsonObject }
  | { readonly way: "tool" }
  | { readonly way: "words" };

/** The tool whose input is the reply, for models without structured outputs. */
const RESPONSE_TOOL = "respond";

// The facts about structured outputs and their limits are from
// platform.claude.com/docs/en/build-with-claude/structured-outputs, read 2026-11-25.

/** Models with structured outputs: 4.5 and later. */
const NATIVE = /^claude-([a-z]+-([5-9]|4-[5-9])|mythos-preview$)/;
/** Earlier models, all of which can be forced to use a tool. */
const TOOL = /^claude-(3-|(opus|sonnet)-4(-\d)?$)/;

/**
 * Picks native structured output if the model has it and the schema fits. Older models get a tool that they must use,
 * unless the call has tools of its own or a thinking budget, which rule that out. In all other cases the prompt asks for
 * JSON in words.
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

/**
 * Makes the body of a request ask for JSON: of a given format, or any JSON object if there is none.
 *
 * @throws InvalidOptionError if the format's schema is nested too deeply to be processed.
 */
export function formatBody(format: ResponseFormat | undefined, jsonMode: boolean): FormatBody<AnthropicNative> {
  const formatted = formatter(format, jsonMode);
  return (body) => {
    try {
      return formatted(body);
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      throw new InvalidOptionError("responseModel", "its JSON Schema is nested too deeply.", { cause });
    }
  };
}

function formatter(format: ResponseFormat | undefined, jsonMode: boolean): FormatBody<AnthropicNative> {
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

/** The instruction for a model whose reply is not held to a format by other means. */
function formatInWords(format: ResponseFormat | undefined): string {
  const like = format === undefined ? "" : ` that fits this JSON Schema:\n${JSON.stringify(format.schema)}\n`;
  return `Reply with one JSON object${like || " "}and with nothing else: no words around it, no code fence.`;
}

const MOST_OPTIONAL = 24;
const MOST_UNIONS = 16;
const FORMATS = /^(date-time|time|date|duration|email|hostname|uri|ipv4|ipv6|uuid)$/;

/**
 * Fits a schema into the limits of structured outputs: closes its objects, and moves constraints that cannot be enforced
 * into descriptions.
 *
 * @returns Null if the result would mean something else, as for open objects, recursion, tuples and unconstrained values.
 */
export function closedSchema(root: JsonObject): JsonObject | null {
  const closing: Closing = { root, followed: new Map([["#", true]]), fits: true, optional: 0, unions: 0 };
  const closed = close(root, closing);
  return closing.fits && closing.optional <= MOST_OPTIONAL && closing.unions <= MOST_UNIONS ? closed : null;
}

interface Closing {
  readonly root: JsonObject;
  /** The references seen so far, and whether each is still being followed. */
  readonly followed: Map<string, boolean>;
  /** Once false, the result is discarded. */
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
    // Only definitions may stand beside a reference.
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

/** Whether a keyword gives the value structure, rather than narrowing it. An `allOf` of plain constraints only narrows. */
function isStructure(key: string, value: unknown): boolean {
  if (key !== "allOf") return isObject(value) || key === "prefixItems";
  return [value].flat().some((part) => !isObject(part) || "$ref" in part || Object.values(part).some(isNested));
}

function isNested(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

/** Whether a constraint goes without saying: a pattern that spells out a format, or the limits of safe integers. */
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
  // Its optional parameters and unions are counted where it is defined.
  const { optional, unions } = closing;
  close(target, closing);
  Object.assign(closing, { optional, unions });
  closing.followed.set(ref, false);
}
