import { InvalidOptionError, messageOf } from "../errors.ts";
import { field, isObject } from "../json/object.ts";
import { checkNumber, notNegative, type NumberRange, positive, wholeFrom } from "../recovery/number-option.ts";
import { checkKeys } from "../schema/known-keys.ts";

/** The form that an option has, and what to say of any other. */
interface Form {
  readonly words: string;
  holds(value: unknown): boolean;
  /** The keys that it may have, if it is an object. */
  readonly keys?: readonly string[];
  /** The values of its keys, if they are numbers. */
  readonly range?: NumberRange;
  /** The key whose value must be true or false. */
  readonly flag?: string;
}

const isAny = (): boolean => true;
const anObject: Form = { words: "an object", holds: isObject };

/** The options of all calls. */
const FORMS: Readonly<Record<string, Form>> = {
  stream: {
    words: "true, false or { partialTools }",
    holds: (value) => typeof value === "boolean" || isObject(value),
    keys: ["partialTools"],
    flag: "partialTools",
  },
  tools: { words: "a list of tools", holds: Array.isArray },
  toolChoice: {
    words: '"auto", "any", "none" or { type }',
    holds: (value) => isObject(value) || ["auto", "any", "none"].includes(value as string),
    keys: ["type", "name", "parallel"],
    flag: "parallel",
  },
  callParams: anObject,
  client: { words: "", holds: isAny },
  signal: { words: "an AbortSignal", holds: (value) => typeof field(value, "aborted") === "boolean" },
  timeout: {
    words: "an object such as { total: 60_000 }, in milliseconds",
    holds: isObject,
    keys: ["connect", "firstContent", "idle", "total"],
    range: positive,
  },
  limit: {
    words: "an object such as { response: 1_000_000 }, in bytes",
    holds: isObject,
    keys: ["frame", "response"],
    range: positive,
  },
  retry: {
    words: "false or an object such as { attempts: 3 }",
    holds: (value) => value === false || isObject(value),
    keys: ["attempts", "delay", "maxDelay", "maxRetryAfter"],
    range: notNegative,
  },
  onInterrupt: {
    words: '"fail", "restart", "continue" or { continueWith }',
    holds: (value) =>
      typeof field(value, "continueWith") === "string" || ["fail", "restart", "continue"].includes(value as string),
    keys: ["continueWith"],
  },
  fallback: {
    words: "a model's id or a list",
    holds: (value) => typeof value === "string" || isObject(value) || Array.isArray(value),
  },
  budget: {
    words: "an object such as { cost: 0.5 }",
    holds: isObject,
    keys: ["outputTokens", "cost"],
    range: notNegative,
  },
  limiter: { words: "what limiter() returned", holds: (value) => typeof field(value, "enter") === "function" },
  metadata: anObject,
  prices: anObject,
  outputParser: { words: "a function", holds: (value) => typeof value === "function" },
};

/** What other libraries call these options. */
const ADVICE: Readonly<Record<string, string>> = {
  abortSignal: "signal",
  apiKey: "client: client({ apiKey })",
  maxRetries: "retry: { attempts }",
  maxTokens: "callParams: { max_tokens }",
  max_tokens: "callParams: { max_tokens }",
  messages: "the prompt function: it returns them",
  system: 'the prompt function: it returns { role: "system", content }',
  temperature: "callParams: { temperature }",
};

/**
 * Refuses options that mean nothing, that have another form, or with which a call would hang or never stop.
 *
 * @param further - The names of options that only calls of this entry have.
 * @param advice - What to write instead of options that only calls of another entry have.
 * @throws InvalidOptionError
 */
export function checkOptions(
  options: object,
  further: readonly string[],
  advice: Readonly<Record<string, string>>,
): void {
  checkKeys(options, [...Object.keys(FORMS), ...further], "", { ...ADVICE, ...advice });
  for (const [name, form] of Object.entries(FORMS)) {
    const value: unknown = field(options, name);
    if (value !== undefined) checkForm(name, value, form);
  }
  checkTools(field(options, "tools") ?? []);
  if (field(options, "outputParser") !== undefined && (field(options, "stream") ?? false) !== false) {
    throw new InvalidOptionError("outputParser", "a stream is parsed by the code that reads it.");
  }
}

function checkForm(name: string, value: unknown, { words, holds, keys, range, flag = "" }: Form): void {
  if (!holds(value)) throw new InvalidOptionError(name, `it must be ${words}, not ${shown(value)}.`);
  if (keys === undefined || !isObject(value)) return;
  checkKeys(value, keys, `${name}.`);
  const isOn = value[flag];
  if (isOn !== undefined && typeof isOn !== "boolean") {
    throw new InvalidOptionError(`${name}.${flag}`, `it must be true or false, not ${shown(isOn)}.`);
  }
  if (range === undefined) return;
  for (const [key, number] of Object.entries(value)) {
    checkNumber(`${name}.${key}`, number ?? undefined, key === "attempts" ? wholeFrom(1) : range);
  }
}

/** Refuses the parts of a dynamic config that have another form. @throws InvalidOptionError */
export function checkConfig(config: object): void {
  for (const name of ["tools", "callParams", "metadata", "signal"]) {
    const [value, form] = [field(config, name), FORMS[name]];
    if (value !== undefined && form !== undefined) checkForm(name, value, form);
  }
}

/** Refuses tools of which the model could not tell one from the other. @throws InvalidOptionError */
export function checkTools(tools: unknown): void {
  const names = new Set<unknown>();
  for (const tool of tools as readonly unknown[]) {
    if (!isObject(tool)) throw new InvalidOptionError("tools", `one of them is ${shown(tool)}.`);
    const { name } = tool;
    if (name !== undefined && names.has(name))
      throw new InvalidOptionError("tools", `two of them are named ${shown(name)}.`);
    names.add(name);
  }
}

function shown(value: unknown): string {
  if (typeof value === "string") return `"${messageOf(value, 100)}"`;
  return Array.isArray(value) ? "a list" : isObject(value) ? "an object" : messageOf(value, 100);
}
