import { InvalidOptionError } from "../errors.ts";
import { field, isObject } from "../json/object.ts";
import {
  aFlag,
  aFunction,
  anObject,
  anything,
  aSignal,
  aText,
  checkForm,
  checkOptions,
  type Form,
  type Forms,
  needed,
  notNegative,
  positive,
  shown,
  wholeFrom,
} from "../schema/option-form.ts";

const isText = (value: unknown): boolean => typeof value === "string";
const aNumber: Form = { words: "a number", holds: Number.isFinite };

/** The forms of the options of all calls. */
export const callForms = {
  stream: {
    words: "true, false or { partialTools }",
    holds: (value) => typeof value === "boolean" || isObject(value),
    keys: { partialTools: aFlag },
  },
  tools: { words: "a list of tools", holds: Array.isArray, each: () => needed(anObject) },
  toolChoice: {
    words: '"auto", "any", "none" or { type }',
    holds: (value) => isObject(value) || ["auto", "any", "none"].includes(value as string),
    keys: { type: aText, name: aText, parallel: aFlag },
  },
  params: {
    words: "an object such as { maxTokens: 500 }",
    holds: isObject,
    keys: {
      maxTokens: wholeFrom(0),
      temperature: notNegative,
      topP: notNegative,
      topK: notNegative,
      stop: { words: "a string or a list of strings", holds: (value) => [value].flat().every(isText) },
      seed: aNumber,
      frequencyPenalty: aNumber,
      presencePenalty: aNumber,
      reasoning: {
        words: '"none", "low", "medium", "high" or { maxTokens }',
        holds: (value) => isObject(value) || ["none", "low", "medium", "high"].includes(value as string),
        keys: { maxTokens: positive },
      },
    },
  },
  callParams: anObject,
  client: anything,
  signal: aSignal,
  timeout: {
    words: "an object such as { total: 60_000 }, in milliseconds",
    holds: isObject,
    keys: { connect: positive, firstContent: positive, idle: positive, total: positive },
  },
  limit: {
    words: "an object such as { response: 1_000_000 }, in bytes",
    holds: isObject,
    keys: { frame: positive, response: positive },
  },
  retry: {
    words: "false or an object such as { attempts: 3 }",
    holds: (value) => value === false || isObject(value),
    keys: { attempts: wholeFrom(1), delay: notNegative, maxDelay: notNegative, maxRetryAfter: notNegative },
  },
  onInterrupt: {
    words: '"fail", "restart", "continue" or { continueWith }',
    holds: (value) =>
      typeof field(value, "continueWith") === "string" || ["fail", "restart", "continue"].includes(value as string),
    keys: { continueWith: aText },
  },
  fallback: {
    words: "a model's id or a list",
    holds: (value) => typeof value === "string" || isObject(value) || Array.isArray(value),
  },
  budget: {
    words: "an object such as { cost: 0.5 }",
    holds: isObject,
    keys: { outputTokens: notNegative, cost: notNegative },
  },
  limiter: { words: "what limiter() returned", holds: (value) => typeof field(value, "enter") === "function" },
  metadata: anObject,
  prices: anObject,
  outputParser: aFunction,
} satisfies Forms;

/** What other libraries call these options. */
const ADVICE: Readonly<Record<string, string>> = {
  abortSignal: "signal",
  apiKey: "client: client({ apiKey })",
  maxRetries: "retry: { attempts }",
  maxTokens: "params: { maxTokens }",
  max_tokens: "params: { maxTokens }",
  messages: "the prompt function: it returns them",
  system: 'the prompt function: it returns { role: "system", content }',
  temperature: "params: { temperature }",
};

/**
 * Refuses options that mean nothing, that have another form, or with which a call would hang or never stop.
 *
 * @param further - The forms of options that only calls of this entry have.
 * @param advice - What to write instead of options that only calls of another entry have.
 * @throws InvalidOptionError
 */
export function checkCallOptions(options: object, further: Forms, advice: Readonly<Record<string, string>>): void {
  checkOptions(options, { ...callForms, ...further }, "", { ...ADVICE, ...advice });
  checkTools(field(options, "tools") ?? []);
  if (field(options, "outputParser") !== undefined && (field(options, "stream") ?? false) !== false) {
    throw new InvalidOptionError("outputParser", "a stream is parsed by the code that reads it.");
  }
}

/** Refuses the parts of a dynamic config that have another form. @throws InvalidOptionError */
export function checkConfig(config: object): void {
  for (const name of ["tools", "callParams", "metadata", "signal"] as const) {
    checkForm(name, field(config, name), callForms[name]);
  }
}

/** Refuses tools of which the model could not tell one from the other. @throws InvalidOptionError */
export function checkTools(tools: unknown): void {
  const names = new Set<unknown>();
  for (const tool of tools as readonly object[]) {
    const name = field(tool, "name");
    if (name !== undefined && names.has(name))
      throw new InvalidOptionError("tools", `two of them are named ${shown(name)}.`);
    names.add(name);
  }
}
