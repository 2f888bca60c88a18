import { InvalidOptionError, messageOf } from "../errors.ts";
import { isObject, type JsonObject } from "../json/object.ts";
import { checkKeys } from "./known-keys.ts";

/** The form that an option has. */
export interface Form {
  /** How an error describes it. */
  readonly words: string;
  holds(value: unknown): boolean;
  /** The forms of its keys, if it is an object. It may not have others. */
  readonly keys?: Forms;
  /** The form of the value under a key, if it may have any keys. */
  each?(key: string): Form;
  /** Whether it may not be left out. */
  readonly isNeeded?: boolean;
}

/** The forms of options by their names. */
export type Forms = Readonly<Record<string, Form>>;

/** For options that are checked by the code that they are for. */
export const anything: Form = { words: "", holds: () => true };
export const aFlag: Form = { words: "true or false", holds: (value) => typeof value === "boolean" };
export const aFunction: Form = { words: "a function", holds: (value) => typeof value === "function" };
export const anObject: Form = { words: "an object", holds: isObject };
export const aText: Form = { words: "a string", holds: (value) => typeof value === "string" };
export const aList: Form = { words: "a list", holds: Array.isArray };
export const aSignal: Form = {
  words: "an AbortSignal",
  holds: (value) => isObject(value) && typeof value["aborted"] === "boolean",
};
export const positive: Form = { words: "a number greater than 0", holds: (value) => isNumber(value) && value > 0 };
export const notNegative: Form = { words: "a number of at least 0", holds: (value) => isNumber(value) && value >= 0 };

/** The form of something that may not be left out. */
export function needed(form: Form): Form {
  return { ...form, isNeeded: true };
}

/** `Infinity` counts as whole. */
export function wholeFrom(least: number): Form {
  return {
    words: `a whole number of at least ${least}`,
    holds: (value) => isNumber(value) && value >= least && (Number.isInteger(value) || value === Infinity),
  };
}

/**
 * Refuses options that mean nothing, or that have another form. One that is undefined was left out.
 *
 * @param place - What stands before a name in the error: `"timeout."`, for example.
 * @param advice - For names that other libraries have: what to write instead.
 * @throws InvalidOptionError
 */
export function checkOptions(
  options: object,
  forms: Forms,
  place = "",
  advice: Readonly<Record<string, string>> = {},
): void {
  checkKeys(options, Object.keys(forms), place, advice);
  for (const [name, form] of Object.entries(forms)) checkForm(place + name, (options as JsonObject)[name], form);
}

/** @throws InvalidOptionError if the value has another form, unless it is undefined and may be left out. */
export function checkForm(option: string, value: unknown, { words, holds, keys, each, isNeeded }: Form): void {
  if (value === undefined && !isNeeded) return;
  if (!holds(value)) throw new InvalidOptionError(option, `it must be ${words}, not ${shown(value)}.`);
  if (each) for (const [key, part] of Object.entries(Object(value))) checkForm(`${option}.${key}`, part, each(key));
  if (keys !== undefined && isObject(value)) checkOptions(value, keys, `${option}.`);
}

/** How an error shows a value: texts and numbers as they are, the rest by kind. */
export function shown(value: unknown): string {
  if (typeof value === "string") return `"${messageOf(value, 100)}"`;
  if (typeof value === "function") return "a function";
  return Array.isArray(value) ? "a list" : isObject(value) ? "an object" : messageOf(value, 100);
}

const isNumber = (value: unknown): value is number => typeof value === "number";
