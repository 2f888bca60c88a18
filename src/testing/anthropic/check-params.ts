/** What the API refuses about the fields of a request, in its own words as far as they are public. */

import { type Check, type CheckedRequest, continuesThread } from "./check.ts";
import { isJsonObject, type JsonObject, numberOf, objectsOf, textOf } from "../json.ts";

const SAMPLING = ["temperature", "top_p", "top_k"];

/** The API version that removed the sampling parameters; see platform.claude.com/docs/en/api/versioning. */
export const STRICT_VERSION = "2026-10-21";

/** The check that comes before those of the fields. */
export const maxTokensIsThere: Check = ({ body }) => {
  if (body["max_tokens"] === undefined) return "max_tokens: Field required";
  const maxTokens = numberOf(body["max_tokens"]);
  if (!Number.isInteger(maxTokens)) return "max_tokens: Input should be a valid integer";
  return maxTokens < 0 && "max_tokens: must be greater than or equal to 0";
};

const maxTokensIsInReach: Check = ({ body, model, betas }) => {
  const limit = betas.has("output-300k-2026-03-24") ? 300_000 : model.maxTokens;
  const maxTokens = numberOf(body["max_tokens"]);
  return (
    maxTokens > limit &&
    `max_tokens: ${maxTokens} > ${limit}, which is the maximum allowed number of output tokens for ${model.id}`
  );
};

const zeroMaxTokensIsAlone: Check = ({ body }) => {
  if (body["max_tokens"] !== 0) return null;
  if (body["stream"] === true) return "max_tokens: 0 is not supported when `stream` is true";
  if (thinkingType(body) === "enabled") return "max_tokens: 0 is not supported with `thinking`";
  if (field(body, "output_config")["format"] != null)
    return "max_tokens: 0 is not supported with `output_config.format`";
  return isForced(body) && "max_tokens: 0 is not supported with this `tool_choice`";
};

const samplingIsAccepted: Check = ({ body, model, version }) => {
  const given = SAMPLING.filter((name) => body[name] !== undefined && body[name] !== null);
  if (version === STRICT_VERSION && given.length > 0) return `${given[0]}: Extra inputs are not permitted`;
  for (const name of given) {
    const value = numberOf(body[name]);
    if (Number.isNaN(value)) return `${name}: Input should be a valid number`;
    const isNeutral = (name === "temperature" && value === 1) || (name === "top_p" && value >= 0.99 && value <= 1);
    if (!model.sampling && !isNeutral) return `\`${name}\` is deprecated for this model.`;
    if (name !== "top_k" && (value < 0 || value > 1)) return `${name}: range: 0..1`;
    if (value < 0) return `${name}: Input should be greater than or equal to 0`;
  }
  return (
    given.includes("temperature") &&
    given.includes("top_p") &&
    "`temperature` and `top_p` cannot both be specified for this model. Please use only one."
  );
};

const thinkingIsAccepted: Check = ({ body, model }) => {
  const type = thinkingType(body);
  if (type === null || model.thinking.includes(type)) return null;
  if (type === "adaptive") return "adaptive thinking is not supported on this model";
  const instead =
    type === "enabled"
      ? ' Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.'
      : " Thinking defaults to adaptive mode when not specified.";
  return `"thinking.type.${type}" is not supported for this model.${instead}`;
};

const thinkingBudgetFits: Check = ({ body, betas }) => {
  if (thinkingType(body) !== "enabled") return null;
  const budget = field(body, "thinking")["budget_tokens"];
  if (budget === undefined) return "thinking.enabled.budget_tokens: Field required";
  if (!Number.isInteger(budget)) return "thinking.enabled.budget_tokens: Input should be a valid integer";
  if (numberOf(budget) < 1024) return "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024";
  const mayExceed = betas.has("interleaved-thinking-2025-05-14");
  return (
    numberOf(budget) >= numberOf(body["max_tokens"]) &&
    !mayExceed &&
    "`max_tokens` must be greater than `thinking.budget_tokens`."
  );
};

const effortIsAccepted: Check = ({ body, model }) => {
  const given = field(body, "output_config")["effort"];
  if (given === undefined || given === null) return null;
  if (model.effort.length === 0) return "This model does not support the effort parameter.";
  const effort = textOf(given);
  if (!model.effort.includes(effort)) {
    return `This model does not support effort level '${effort}'. Supported levels: ${model.effort.join(", ")}.`;
  }
  return (
    !model.thinkingOffAtAnyEffort &&
    thinkingType(body) === "disabled" &&
    ["xhigh", "max"].includes(effort) &&
    `"thinking.type.disabled" is not supported for this model at effort level '${effort}'.`
  );
};

const toolsAreWellFormed: Check = ({ body }) => {
  const names = new Set<string>();
  for (const [index, tool] of objectsOf(body["tools"]).entries()) {
    const isCustom = (tool["type"] ?? "custom") === "custom";
    const name = textOf(tool["name"] ?? "");
    if (isCustom && !/^[a-zA-Z0-9_-]{1,128}$/.test(name)) {
      return `tools.${index}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'`;
    }
    if (isCustom && !isJsonObject(tool["input_schema"])) return `tools.${index}.custom.input_schema: Field required`;
    if (name !== "" && names.has(name)) return "tools: Tool names must be unique.";
    names.add(name);
  }
  return null;
};

const toolChoiceIsAccepted: Check = ({ body, model }) => {
  const choice = body["tool_choice"];
  if (!isJsonObject(choice) || continuesThread(body)) return null;
  const tools = objectsOf(body["tools"]);
  if (tools.length === 0) return "tool_choice: tool_choice may only be specified while providing tools.";
  if (isForced(body) && !model.forcedTools) {
    return 'tool_choice: type "tool" and "any" are not supported for this model.';
  }
  if (isForced(body) && thinkingType(body) === "enabled") {
    return "Thinking may not be enabled when tool_choice forces tool use.";
  }
  const isUnknown = choice["type"] === "tool" && !tools.some(({ name }) => name === choice["name"]);
  return isUnknown && `Tool '${textOf(choice["name"])}' not found in provided tools`;
};

/** The checks of a request for a message. */
export const messageParams: readonly Check[] = [
  samplingIsAccepted,
  thinkingIsAccepted,
  thinkingBudgetFits,
  effortIsAccepted,
  maxTokensIsInReach,
  zeroMaxTokensIsAlone,
  toolsAreWellFormed,
  toolChoiceIsAccepted,
];

/** The checks of a request that only counts tokens. */
export const countParams: readonly Check[] = [
  thinkingIsAccepted,
  thinkingBudgetFits,
  toolsAreWellFormed,
  toolChoiceIsAccepted,
];

function field(body: CheckedRequest["body"], name: string): JsonObject {
  const value = body[name];
  return isJsonObject(value) ? value : {};
}

function thinkingType(body: JsonObject): string | null {
  const { type } = field(body, "thinking");
  return typeof type === "string" ? type : null;
}

function isForced(body: JsonObject): boolean {
  return ["any", "tool"].includes(textOf(field(body, "tool_choice")["type"]));
}
