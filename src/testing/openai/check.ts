import type { IncomingHttpHeaders } from "node:http";
import { isJsonObject, type JsonObject, textOf } from "../json.ts";
import { strictProblem } from "./check-schema.ts";
import { invalid, type Problem, unknownParameter } from "./problem.ts";

/** Finds one kind of problem in a request. */
export type Check<Request> = (request: Request) => Problem | null;

/** The first problem that a check finds. */
export function firstProblem<Request>(checks: readonly Check<Request>[], request: Request): Problem | null {
  for (const check of checks) {
    const problem = check(request);
    if (problem !== null) return problem;
  }
  return null;
}

/** The problem with a request's credentials, or null. */
export function keyProblem(
  headers: IncomingHttpHeaders,
  apiKey: string | undefined,
  isNeeded: boolean,
): Problem | null {
  const azure = headers["api-key"];
  const key = typeof azure === "string" ? azure : /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1];
  if (key === undefined) {
    const message =
      "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth " +
      "(i.e. Authorization: Bearer YOUR_KEY). You can obtain an API key from https://platform.openai.com/account/api-keys.";
    return isNeeded || apiKey !== undefined ? { ...invalid(message), status: 401 } : null;
  }
  if (apiKey === undefined || key === apiKey) return null;
  const shown = key.length > 12 ? `${key.slice(0, 8)}*****${key.slice(-4)}` : "*****";
  const message = `Incorrect API key provided: ${shown}. You can find your API key at https://platform.openai.com/account/api-keys.`;
  return { ...invalid(message, null, "invalid_api_key"), status: 401 };
}

/** A parameter that is not known, unless it is one of those that the fake is told to accept. */
export function unknownField(
  body: JsonObject,
  known: ReadonlySet<string>,
  accepted: readonly string[],
): Problem | null {
  const name = Object.keys(body).find((field) => !known.has(field) && !accepted.includes(field));
  return name === undefined ? null : unknownParameter(name);
}

/** A set of names, from a list of words. */
export function names(words: string): ReadonlySet<string> {
  return new Set(words.split(/\s+/));
}

const NAME = /^[a-zA-Z0-9_-]+$/;
const LONGEST_NAME = 64;

/** The problem with a name of a tool or a format. */
function nameProblem(name: unknown, param: string): Problem | null {
  if (typeof name !== "string")
    return invalid(`Missing required parameter: '${param}'.`, param, "missing_required_parameter");
  if (!NAME.test(name)) {
    const message = `Invalid '${param}': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`;
    return invalid(message, param, "invalid_value");
  }
  const isLong = name.length > LONGEST_NAME;
  const message = `Invalid '${param}': string too long. Expected a string with maximum length ${LONGEST_NAME}, but got a string with length ${name.length} instead.`;
  return isLong ? invalid(message, param, "string_above_max_length") : null;
}

/** A function as a tool of either API, and where its fields are. */
export interface DeclaredFunction {
  readonly fields: JsonObject;
  readonly place: string;
}

/** The problem with the functions of a request: their names, and strict schemas. */
export function functionsProblem(functions: readonly DeclaredFunction[]): Problem | null {
  const known = new Set<string>();
  for (const { fields, place } of functions) {
    const wrong = nameProblem(fields["name"], `${place}.name`);
    if (wrong !== null) return wrong;
    const name = textOf(fields["name"]);
    if (known.has(name)) return invalid(`Invalid 'tools': the name '${name}' is used twice.`, "tools", "invalid_value");
    known.add(name);
    const schema = fields["parameters"];
    const strict = fields["strict"] === true ? strictProblem(schema, `function '${name}'`) : null;
    if (strict !== null) return invalid(strict, `${place}.parameters`, "invalid_function_parameters");
    const isObject = schema == null || (isJsonObject(schema) && schema["type"] === "object");
    const message = `Invalid schema for function '${name}': schema must be a JSON Schema of 'type: "object"', got 'type: "${textOf(Object(schema)["type"] ?? "None")}"'.`;
    if (!isObject) return invalid(message, `${place}.parameters`, "invalid_function_parameters");
  }
  return null;
}

/** The problem with a strict format, or null. */
export function formatProblem(format: unknown, place: string, schemaPlace: string): Problem | null {
  if (!isJsonObject(format)) return null;
  const wrong = nameProblem(format["name"], `${place}.name`);
  if (wrong !== null) return wrong;
  if (format["strict"] !== true) return null;
  const message = strictProblem(format["schema"], `response_format '${textOf(format["name"])}'`);
  return message === null ? null : invalid(message, schemaPlace, "invalid_json_schema");
}

/** Parameters that need tools. */
export function needsTools(body: JsonObject): Problem | null {
  const hasTools = Array.isArray(body["tools"]) && body["tools"].length > 0;
  const name = ["tool_choice", "parallel_tool_calls"].find((field) => body[field] != null && body[field] !== "none");
  if (hasTools || name === undefined) return null;
  return invalid(`Invalid value for '${name}': '${name}' is only allowed when 'tools' are specified.`, name);
}
