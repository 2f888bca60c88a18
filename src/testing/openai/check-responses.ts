/** What Responses refuses, in its own words as far as they are public. */

import { isJsonObject, type JsonObject, numberOf, objectsOf, textOf } from "../json.ts";
import { type Check, firstProblem, formatProblem, functionsProblem, names, needsTools, unknownField } from "./check.ts";
import { isKnownModel, reasons } from "./model-rules.ts";
import { invalid, missingParameter, type Problem } from "./problem.ts";
import type { ResponseStore } from "./store.ts";

/** A request to check. */
export interface ResponsesRequest {
  readonly body: JsonObject;
  /** Ids of models to accept besides the known ones. */
  readonly models: readonly string[];
  /** Parameters to accept besides the known ones. */
  readonly fields: readonly string[];
  readonly store: ResponseStore;
}

const COUNTED =
  "conversation input instructions model parallel_tool_calls personality previous_response_id reasoning text tool_choice " +
  "tools truncation";
const FIELDS = names(
  `${COUNTED} access_programs background background_options context_management image include max_output_tokens ` +
    "max_tool_calls metadata moderation prompt prompt_cache_key prompt_cache_options prompt_cache_retention " +
    "safety_identifier service_tier store stream stream_options temperature top_logprobs top_p user",
);
const COUNT_FIELDS = names(COUNTED);

const fieldsAreKnown =
  (known: ReadonlySet<string>): Check<ResponsesRequest> =>
  ({ body, fields }) =>
    unknownField(body, known, fields);

const modelExists: Check<ResponsesRequest> = ({ body: { model, prompt }, models }) => {
  if (model === undefined && prompt !== undefined) return null;
  if (typeof model !== "string") return missingParameter("model");
  if (isKnownModel(model, models)) return null;
  return invalid(`The requested model '${model}' does not exist.`, "model", "model_not_found");
};

const hasInput: Check<ResponsesRequest> = ({ body }) => {
  const { input } = body;
  const isElsewhere = ["previous_response_id", "prompt", "conversation"].some((name) => body[name] != null);
  if (input === undefined && !isElsewhere) {
    const message = "One of 'input', 'previous_response_id', 'prompt' or 'conversation' must be provided.";
    return invalid(message, null, "missing_required_parameter");
  }
  const isList = Array.isArray(input) && input.every(isJsonObject);
  if (input === undefined || typeof input === "string" || isList) return null;
  return invalid(
    "Invalid type for 'input': expected one of a string or array of input items.",
    "input",
    "invalid_type",
  );
};

const stateFits: Check<ResponsesRequest> = ({ body, store }) => {
  const { previous_response_id: previous, conversation, background, background_options, stream } = body;
  if (previous != null && conversation != null) {
    return invalid(
      "Mutually exclusive parameters: 'previous_response_id' and 'conversation'.",
      "previous_response_id",
      "mutually_exclusive_parameters",
    );
  }
  if (previous != null && store.find(textOf(previous)) === null) {
    return invalid(
      `Previous response with id '${textOf(previous)}' not found.`,
      "previous_response_id",
      "previous_response_not_found",
    );
  }
  if (background === true && body["store"] === false) {
    return invalid("Background mode requires 'store' to be true.", "background", "invalid_value");
  }
  const window = isJsonObject(background_options) ? (background_options["completion_window"] ?? "soonest") : "soonest";
  if (window === "soonest") return null;
  if (background !== true)
    return invalid("'completion_window' is only allowed in background mode.", "background_options");
  return stream === true
    ? invalid("'completion_window' is not allowed when 'stream' is true.", "background_options")
    : null;
};

const LEAST_OUTPUT = 16;

const numbersFit: Check<ResponsesRequest> = ({ body }) => {
  const limit = body["max_output_tokens"];
  if (limit != null && !(numberOf(limit) >= LEAST_OUTPUT)) {
    const message = `Invalid 'max_output_tokens': integer below minimum value. Expected a value >= ${LEAST_OUTPUT}, but got ${textOf(limit)} instead.`;
    return invalid(message, "max_output_tokens", "integer_below_min_value");
  }
  const { reasoning } = body;
  const isOff = isJsonObject(reasoning) && reasoning["effort"] === "none";
  const name = ["temperature", "top_p"].find((field) => body[field] != null && body[field] !== 1);
  if (name === undefined || isOff || !reasons(textOf(body["model"]))) return null;
  return invalid(`Unsupported parameter: '${name}' is not supported with this model.`, name, "unsupported_parameter");
};

const toolsFit: Check<ResponsesRequest> = ({ body }) => {
  const tools = objectsOf(body["tools"]);
  const untyped = tools.findIndex(({ type }) => typeof type !== "string");
  if (untyped !== -1) return missingParameter(`tools[${untyped}].type`);
  const nested = tools.findIndex(({ type, function: inner }) => type === "function" && inner !== undefined);
  if (nested !== -1) return missingParameter(`tools[${nested}].name`);
  const declared = tools.flatMap((fields, index) =>
    fields["type"] === "function" || fields["type"] === "custom" ? [{ fields, place: `tools[${index}]` }] : [],
  );
  const problem = functionsProblem(declared) ?? needsTools(body);
  if (problem !== null) return problem;
  const choice = body["tool_choice"];
  if (!isJsonObject(choice) || (choice["type"] !== "function" && choice["type"] !== "custom")) return null;
  const isThere = declared.some(({ fields }) => fields["name"] === choice["name"]);
  const message = `Tool choice '${textOf(choice["name"])}' not found in 'tools' parameter.`;
  return isThere ? null : invalid(message, "tool_choice");
};

const formatFits: Check<ResponsesRequest> = ({ body: { text, input, instructions } }) => {
  const format = isJsonObject(text) ? text["format"] : undefined;
  if (!isJsonObject(format)) return null;
  if (format["type"] !== "json_object") {
    return format["type"] === "json_schema" ? formatProblem(format, "text.format", "text.format.schema") : null;
  }
  const message =
    "Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'.";
  return /json/i.test(JSON.stringify([input, instructions])) ? null : invalid(message, "input");
};

const USER_PARTS = names("input_text input_image input_file input_audio");
const ASSISTANT_PARTS = names("output_text refusal");
/** Fields that only the SDK, or only responses, have. */
const RESPONSE_ONLY = names("parsed parsed_arguments output_text created_by obfuscation copilot_usage");

const itemsFit: Check<ResponsesRequest> = ({ body: { input } }) => {
  const items = objectsOf(input);
  for (const [index, item] of items.entries()) {
    const place = `input[${index}]`;
    const only = Object.keys(item).find((name) => RESPONSE_ONLY.has(name));
    if (only !== undefined)
      return invalid(`Unknown parameter: '${place}.${only}'.`, `${place}.${only}`, "unknown_parameter");
    const problem = itemProblem(item, place);
    if (problem !== null) return problem;
    const next = items[index + 1];
    if (item["type"] === "configuration_update" && next?.["type"] === "configuration_update") {
      return invalid("Two 'configuration_update' items may not follow each other.", `input[${index + 1}]`);
    }
    if (item["type"] === "compaction_trigger" && next !== undefined) {
      return invalid("A 'compaction_trigger' must be the last item.", place);
    }
  }
  return null;
};

function itemProblem(item: JsonObject, place: string): Problem | null {
  const { type = "role" in item ? "message" : undefined, role, content } = item;
  if (type === undefined) return missingParameter(`${place}.type`);
  if (type === "reasoning" && !Array.isArray(item["summary"])) return missingParameter(`${place}.summary`);
  if (type === "function_call" || type === "custom_tool_call") {
    const field = type === "function_call" ? "arguments" : "input";
    const missing = ["call_id", "name", field].find((name) => typeof item[name] !== "string");
    return missing === undefined ? null : missingParameter(`${place}.${missing}`);
  }
  if (type === "function_call_output" || type === "custom_tool_call_output") {
    return typeof item["call_id"] === "string" && item["output"] !== undefined
      ? null
      : missingParameter(`${place}.output`);
  }
  if (type !== "message") return null;
  if (!/^(user|assistant|system|developer)$/.test(textOf(role))) {
    const message = `Invalid value: '${textOf(role)}'. Supported values are: 'assistant', 'system', 'developer', and 'user'.`;
    return invalid(message, `${place}.role`, "invalid_value");
  }
  if (typeof content === "string") return null;
  if (!Array.isArray(content)) return missingParameter(`${place}.content`);
  const known = role === "assistant" ? ASSISTANT_PARTS : USER_PARTS;
  const wrong = objectsOf(content).findIndex((part) => !known.has(textOf(part["type"])));
  if (wrong === -1) return null;
  const found = textOf(objectsOf(content)[wrong]?.["type"]);
  const values = [...known].map((name) => `'${name}'`).join(", ");
  const message = `Invalid value: '${found}'. Supported values are: ${values}.`;
  return invalid(message, `${place}.content[${wrong}]`, "invalid_value");
}

const CALLS = names("function_call custom_tool_call computer_call local_shell_call apply_patch_call");
const OUTPUTS = names(
  "function_call_output custom_tool_call_output computer_call_output local_shell_call_output apply_patch_call_output",
);

const callsAreAnswered: Check<ResponsesRequest> = ({ body, store }) => {
  const earlier = earlierItems(body["previous_response_id"], store);
  const open = new Set<string>();
  const known = new Set<string>();
  for (const item of [...earlier, ...objectsOf(body["input"])]) {
    const type = textOf(item["type"]);
    const id = textOf(item["call_id"]);
    if (CALLS.has(type)) {
      if (known.has(id))
        return invalid(
          `Duplicate item found with call_id ${id}. Remove duplicate items from your input and try again.`,
          "input",
        );
      known.add(id);
      open.add(id);
    } else if (OUTPUTS.has(type) && !open.delete(id)) {
      const message = known.has(id)
        ? `Duplicate output found for function call with call_id ${id}.`
        : `No tool call found for function call output with call_id ${id}.`;
      return body["conversation"] == null ? invalid(message, "input") : null;
    }
  }
  const [first] = open;
  return first === undefined ? null : invalid(`No tool output found for function call ${first}.`, "input");
};

/** The items that a response has before the new ones: its own input and output, and those of the ones before it. */
function earlierItems(id: unknown, store: ResponseStore): readonly JsonObject[] {
  const response = typeof id === "string" ? store.find(id) : null;
  if (response === null) return [];
  const { body, events } = response;
  const output = events.flatMap(({ data }) =>
    isJsonObject(data) && data["type"] === "response.output_item.done" && isJsonObject(data["item"])
      ? [data["item"]]
      : [],
  );
  return [...earlierItems(body["previous_response_id"], store), ...objectsOf(body["input"]), ...output];
}

const reasoningFits: Check<ResponsesRequest> = ({ body, store }) => {
  const items = objectsOf(body["input"]);
  for (const [index, item] of items.entries()) {
    const problem = placeProblem(item, items[index - 1], items[index + 1], store) ?? tokenProblem(item, body, store);
    if (problem !== null) return problem;
  }
  return null;
};

/** Reasoning and the item that it led to belong together. Items that were not sent by this server are not checked. */
function placeProblem(
  item: JsonObject,
  before: JsonObject | undefined,
  after: JsonObject | undefined,
  store: ResponseStore,
): Problem | null {
  const { id, type } = item;
  if (type === "reasoning") {
    const isOther = after === undefined || isUser(after) || OUTPUTS.has(textOf(after["type"]));
    // As recorded: a message of the model without its id may be any.
    const isNameless = id !== undefined && after?.["role"] === "assistant" && after["id"] === undefined;
    const isFollowed = !isOther && !isNameless;
    const message = `Item '${textOf(id)}' of type 'reasoning' was provided without its required following item.`;
    return isFollowed ? null : invalid(message, "input");
  }
  const needed = typeof id === "string" ? store.sent(id)?.reasoning : null;
  if (needed == null || before?.["id"] === needed) return null;
  // Without its id, nobody can tell which reasoning it is.
  if (before?.["type"] === "reasoning" && before["id"] === undefined) return null;
  const kind = textOf(type ?? "message");
  const message = `Item '${textOf(id)}' of type '${kind}' was provided without its required 'reasoning' item: '${needed}'.`;
  return invalid(message, "input");
}

function isUser({ role, type }: JsonObject): boolean {
  return type !== "reasoning" && role !== undefined && role !== "assistant";
}

function tokenProblem(item: JsonObject, body: JsonObject, store: ResponseStore): Problem | null {
  const { id, type, encrypted_content: token } = item;
  if (type === "item_reference" && store.sent(textOf(id)) === undefined) return notPersisted(id);
  if (type !== "reasoning") return null;
  if (token == null) return body["store"] === false && typeof id === "string" ? notPersisted(id) : null;
  const isWrong = store.isBegun(textOf(token)) || (store.tokenOf(textOf(id)) ?? token) !== token;
  const message = `The encrypted content for item ${textOf(id)} could not be verified.`;
  return isWrong ? invalid(message, null, "invalid_encrypted_content") : null;
}

function notPersisted(id: unknown): Problem {
  const message =
    `Item with id '${textOf(id)}' not found. Items are not persisted when \`store\` is set to false. ` +
    "Try again with `store` set to true, or remove this item from your input.";
  return { ...invalid(message, "input"), status: 404 };
}

const SHARED: readonly Check<ResponsesRequest>[] = [
  modelExists,
  hasInput,
  stateFits,
  itemsFit,
  callsAreAnswered,
  reasoningFits,
  toolsFit,
  formatFits,
];

/** What is wrong with a request for a response, or null. */
export function responsesProblem(request: ResponsesRequest): Problem | null {
  return firstProblem([fieldsAreKnown(FIELDS), ...SHARED, numbersFit], request);
}

/** What is wrong with a request that counts tokens, or null. */
export function countProblem(request: ResponsesRequest): Problem | null {
  return firstProblem([fieldsAreKnown(COUNT_FIELDS), ...SHARED], request);
}
