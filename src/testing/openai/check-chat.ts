/** What Chat Completions refuses, in its own words as far as they are public. */

import { isJsonObject, type JsonObject, objectsOf, textOf } from "../json.ts";
import { type Check, firstProblem, formatProblem, functionsProblem, names, needsTools, unknownField } from "./check.ts";
import type { DialectRules } from "./dialect.ts";
import { isKnownModel, reasons } from "./model-rules.ts";
import { invalid, missingParameter, notFound, type Problem } from "./problem.ts";

/** A request to check. */
export interface ChatRequest {
  readonly body: JsonObject;
  readonly rules: DialectRules;
  readonly isOpenAI: boolean;
  /** Ids of models to accept besides the known ones. */
  readonly models: readonly string[];
  /** Parameters to accept besides the known ones. */
  readonly fields: readonly string[];
}

const FIELDS = names(
  "audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens messages metadata " +
    "modalities model moderation n parallel_tool_calls prediction presence_penalty prompt_cache_key prompt_cache_options " +
    "prompt_cache_retention reasoning_effort response_format safety_identifier seed service_tier stop store stream " +
    "stream_options temperature tool_choice tools top_logprobs top_p user verbosity web_search_options",
);
const MISTRAL = [
  "random_seed",
  "prompt_mode",
  "safe_prompt",
  "document_image_limit",
  "document_page_limit",
  "guardrails",
];

const fieldsAreKnown: Check<ChatRequest> = ({ body, rules, isOpenAI, fields }) =>
  rules.isStrict ? unknownField(body, FIELDS, isOpenAI ? fields : [...MISTRAL, ...fields]) : null;

const modelExists: Check<ChatRequest> = ({ body, isOpenAI, models }) => {
  const { model } = body;
  if (typeof model !== "string") return invalid("you must provide a model parameter");
  if (!isOpenAI || isKnownModel(model, models)) return null;
  return notFound(`The model \`${model}\` does not exist or you do not have access to it.`, "model_not_found");
};

const hasMessages: Check<ChatRequest> = ({ body: { messages } }) => {
  if (messages === undefined) return missingParameter("messages");
  if (!Array.isArray(messages))
    return invalid("Invalid type for 'messages': expected an array of objects.", "messages", "invalid_type");
  const message =
    "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.";
  return messages.length === 0 ? invalid(message, "messages", "empty_array") : null;
};

const streamOptionsNeedStream: Check<ChatRequest> = ({ body }) =>
  body["stream_options"] != null && body["stream"] !== true
    ? invalid("The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options")
    : null;

const limitsFit: Check<ChatRequest> = ({ body, isOpenAI }) => {
  const { max_tokens, max_completion_tokens, model } = body;
  if (!isOpenAI || max_tokens == null) return null;
  if (max_completion_tokens != null) {
    return invalid("Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.");
  }
  const message =
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
  return reasons(textOf(model)) ? invalid(message, "max_tokens", "unsupported_parameter") : null;
};

const samplingFits: Check<ChatRequest> = ({ body, isOpenAI }) => {
  if (!isOpenAI || !reasons(textOf(body["model"])) || body["reasoning_effort"] === "none") return null;
  for (const [name, usual] of [
    ["temperature", 1],
    ["top_p", 1],
    ["presence_penalty", 0],
    ["frequency_penalty", 0],
  ] as const) {
    const value = body[name];
    if (value == null || value === usual) continue;
    const message = `Unsupported value: '${name}' does not support ${textOf(value)} with this model. Only the default (${usual}) value is supported.`;
    return invalid(message, name, "unsupported_value");
  }
  const message = "Unsupported parameter: 'stop' is not supported with this model.";
  return body["stop"] == null ? null : invalid(message, "stop", "unsupported_parameter");
};

const logprobsFit: Check<ChatRequest> = ({ body }) =>
  body["top_logprobs"] != null && body["logprobs"] !== true
    ? invalid("Invalid value for 'top_logprobs': 'logprobs' must be true if 'top_logprobs' is given.", "top_logprobs")
    : null;

const toolsFit: Check<ChatRequest> = ({ body }) => {
  const tools = objectsOf(body["tools"]);
  const declared = tools.flatMap((tool, index) => {
    const kind = tool["type"] === "custom" ? "custom" : "function";
    const fields = tool[kind];
    return [{ fields: isJsonObject(fields) ? fields : {}, place: `tools[${index}].${kind}` }];
  });
  const problem = functionsProblem(declared) ?? needsTools(body);
  if (problem !== null) return problem;
  const choice = body["tool_choice"];
  const chosen = isJsonObject(choice) ? (choice["function"] ?? choice["custom"]) : undefined;
  if (!isJsonObject(chosen)) return null;
  const isThere = declared.some(({ fields }) => fields["name"] === chosen["name"]);
  const message = `Invalid value for 'tool_choice': '${textOf(chosen["name"])}' is not among the 'tools'.`;
  return isThere ? null : invalid(message, "tool_choice", "invalid_value");
};

const formatFits: Check<ChatRequest> = ({ body }) => {
  const { response_format: format, messages } = body;
  if (!isJsonObject(format)) return null;
  const message =
    "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.";
  if (format["type"] === "json_object")
    return /json/i.test(JSON.stringify(messages)) ? null : invalid(message, "messages");
  return formatProblem(format["json_schema"], "response_format.json_schema", "response_format");
};

const ROLES = names("developer system user assistant tool function");
const MESSAGE_FIELDS: Readonly<Record<string, ReadonlySet<string>>> = {
  developer: names("role content name"),
  system: names("role content name"),
  user: names("role content name"),
  assistant: names("role content name refusal tool_calls audio function_call"),
  tool: names("role content tool_call_id"),
  function: names("role content name"),
};
const USER_PARTS = names("text image_url input_audio file");
const ASSISTANT_PARTS = names("text refusal");

/** What the servers' own fields of an assistant's message are, which only strict servers refuse. */
const messagesFit: Check<ChatRequest> = (request) => {
  for (const [index, message] of objectsOf(request.body["messages"]).entries()) {
    const problem = messageProblem(message, index, request);
    if (problem !== null) return problem;
  }
  return null;
};

function messageProblem(message: JsonObject, index: number, { rules, isOpenAI, fields }: ChatRequest): Problem | null {
  const place = `messages[${index}]`;
  const role = textOf(message["role"]);
  if (!ROLES.has(role))
    return invalid(
      `Invalid value: '${role}'. Supported values are: ${[...ROLES].map((name) => `'${name}'`).join(", ")}.`,
      `${place}.role`,
      "invalid_value",
    );
  if (role === "developer" && !rules.knowsDeveloper) {
    return invalid(
      `${place}.role: unknown variant \`developer\`, expected one of \`system\`, \`user\`, \`assistant\`, \`tool\``,
    );
  }
  if (isOpenAI) {
    const unknown = Object.keys(message).find(
      (name) => MESSAGE_FIELDS[role]?.has(name) !== true && !fields.includes(name),
    );
    if (unknown !== undefined)
      return invalid(`Unknown parameter: '${place}.${unknown}'.`, `${place}.${unknown}`, "unknown_parameter");
  }
  return contentProblem(message, role, place);
}

function contentProblem(message: JsonObject, role: string, place: string): Problem | null {
  const { content } = message;
  const mayBeEmpty =
    role === "assistant" && ["tool_calls", "function_call", "audio", "refusal"].some((name) => message[name] != null);
  if (content == null) {
    const message = "Invalid value for 'content': expected a string, got null.";
    return mayBeEmpty ? null : invalid(message, `${place}.content`);
  }
  if (typeof content === "string") return null;
  if (!Array.isArray(content) || content.length === 0) {
    return invalid(
      `Invalid type for '${place}.content': expected a string or a list of parts.`,
      `${place}.content`,
      "invalid_type",
    );
  }
  const known = role === "user" ? USER_PARTS : role === "assistant" ? ASSISTANT_PARTS : names("text");
  const wrong = objectsOf(content).findIndex((part) => !known.has(textOf(part["type"])));
  if (wrong === -1) return null;
  const type = textOf(objectsOf(content)[wrong]?.["type"]);
  const values = [...known].map((name) => `'${name}'`).join(", ");
  return invalid(
    `Invalid value: '${type}'. Supported values are: ${values}.`,
    `${place}.content[${wrong}].type`,
    "invalid_value",
  );
}

const callsAreAnswered: Check<ChatRequest> = ({ body }) => {
  let open = new Set<string>();
  let isAfterCalls = false;
  for (const [index, message] of objectsOf(body["messages"]).entries()) {
    const param = `messages.[${index}].role`;
    if (message["role"] === "tool") {
      const id = textOf(message["tool_call_id"]);
      if (!isAfterCalls) {
        return invalid(
          "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
          param,
        );
      }
      if (!open.delete(id)) {
        return invalid(
          `Invalid parameter: 'tool_call_id' of '${id}' not found in 'tool_calls' of previous message.`,
          `messages.[${index}].tool_call_id`,
        );
      }
      continue;
    }
    if (open.size > 0) return unanswered(open, param);
    const ids = objectsOf(message["tool_calls"]).map(({ id }) => textOf(id));
    open = new Set(ids);
    if (open.size < ids.length)
      return invalid(`Duplicate value for 'tool_call_id' in messages.[${index}].tool_calls.`, param);
    isAfterCalls = ids.length > 0;
  }
  return open.size > 0 ? unanswered(open, "messages") : null;
};

function unanswered(open: ReadonlySet<string>, param: string): Problem {
  const message =
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. " +
    `The following tool_call_ids did not have response messages: ${[...open].join(", ")}`;
  return invalid(message, param);
}

const callsFit: Check<ChatRequest> = ({ body, rules }) => {
  for (const [index, message] of objectsOf(body["messages"]).entries()) {
    const calls = objectsOf(message["tool_calls"]);
    for (const [place, call] of calls.entries()) {
      const problem = callProblem(call, `messages[${index}].tool_calls[${place}]`, rules);
      if (problem !== null) return problem;
    }
    if (calls.length > 0 && rules.wants === "reasoning_content" && typeof message["reasoning_content"] !== "string") {
      return invalid("The `reasoning_content` in the thinking mode must be passed back to the API.");
    }
  }
  return null;
};

function callProblem(call: JsonObject, place: string, rules: DialectRules): Problem | null {
  const { id, type = rules.hasCallType ? undefined : "function" } = call;
  const part = call[textOf(type)];
  if (typeof id !== "string") return missingParameter(`${place}.id`);
  if (type !== "function" && type !== "custom") return missingParameter(`${place}.type`);
  const field = type === "function" ? "arguments" : "input";
  if (!isJsonObject(part) || typeof part["name"] !== "string") return missingParameter(`${place}.${type}.name`);
  const text = part[field];
  if (typeof text !== "string") {
    return invalid(
      `Invalid type for '${place}.${type}.${field}': expected a string.`,
      `${place}.${type}.${field}`,
      "invalid_type",
    );
  }
  if (rules.callId !== null && !rules.callId.test(id)) {
    return invalid(`Tool call id was ${id} but must be a-z, A-Z, 0-9, with a length of 9.`, null, "3280");
  }
  if (rules.parsesArguments && type === "function" && !isJson(text))
    return invalid(`Failed to parse ${place}.function.arguments as JSON: ${text}`);
  const { extra_content } = call;
  const isSigned = isJsonObject(extra_content) && isJsonObject(extra_content["google"]);
  if (rules.wants === "thought_signature" && !isSigned) {
    return invalid("Function call is missing a thought_signature in functionCall parts.");
  }
  return null;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const CHECKS: readonly Check<ChatRequest>[] = [
  modelExists,
  hasMessages,
  fieldsAreKnown,
  streamOptionsNeedStream,
  limitsFit,
  samplingFits,
  logprobsFit,
  messagesFit,
  callsAreAnswered,
  callsFit,
  toolsFit,
  formatFits,
];

/** What is wrong with a request, or null. */
export function chatProblem(request: ChatRequest): Problem | null {
  return firstProblem(CHECKS, request);
}
