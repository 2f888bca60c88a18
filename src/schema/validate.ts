import { messageOf, shortened } from "../errors.ts";
import type { StandardSchema } from "./standard-schema.ts";

/** One thing that is wrong with a value, and where. */
export interface SchemaIssue {
  /** The schema library's message, cut after 200 characters: some libraries quote the value. */
  readonly message: string;
  /** The keys that lead from the value to the faulty part; empty where the value itself is at fault. */
  readonly path: readonly PropertyKey[];
}

/** A valid value, as the schema outputs it, or what is wrong with it: always at least one issue. */
export type Validation<Output = unknown> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[]; readonly cause?: unknown };

/** The longest message of an issue, in characters. */
const LONGEST_MESSAGE = 200;
/** The longest path that is written out: its keys are the model's, and may be of any length. */
const LONGEST_PATH = 200;

/** The path of an issue as text, cut: `books.0.title`; empty where the value itself is at fault. */
export function pathText({ path }: SchemaIssue): string {
  return shortened(path.map((key) => messageOf(key)).join("."), LONGEST_PATH);
}

/**
 * Validates a value: at once, unless the schema is asynchronous.
 *
 * Never throws or rejects, whatever the validator does. If the validator throws, rejects or returns something that is
 * not a result, that is an issue, and the error is its `cause`.
 */
export function validate<Output>(
  schema: StandardSchema<unknown, Output>,
  value: unknown,
): Validation<Output> | Promise<Validation<Output>> {
  try {
    const result: unknown = schema["~standard"].validate(value);
    return isThenable(result) ? validationOf<Output>(result) : toValidation(result);
  } catch (error) {
    return failed(error);
  }
}

interface Thenable {
  then(onValue: (value: unknown) => void, onError: (error: unknown) => void): unknown;
}

function isThenable(value: unknown): value is Thenable {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/** Not by `Promise.resolve`, which would never end for a thenable that resolves to itself. */
function validationOf<Output>(result: Thenable): Promise<Validation<Output>> {
  return new Promise((resolve) => {
    const fail = (error: unknown): void => resolve(failed(error));
    const settle = (value: unknown): void => {
      try {
        resolve(toValidation(value));
      } catch (error) {
        fail(error);
      }
    };
    try {
      result.then(settle, fail);
    } catch (error) {
      fail(error);
    }
  });
}

/** @throws TypeError if it is not a result. */
function toValidation<Output>(result: unknown): Validation<Output> {
  if (typeof result !== "object" || result === null) throw new TypeError("it returned neither a value nor issues");
  // As the standard says to ask: any falsy `issues` means that there are none.
  const issues = "issues" in result && result.issues;
  if (!issues && "value" in result) return { value: result.value as Output };
  if (!issues) throw new TypeError("it returned neither a value nor issues");
  if (!Array.isArray(issues)) throw new TypeError("its issues are not an array");
  return { issues: issues.length === 0 ? [toIssue(undefined)] : plainArray(issues).map(toIssue) };
}

function toIssue(issue: unknown): SchemaIssue {
  try {
    const { message, path }: { readonly message?: unknown; readonly path?: unknown } = Object(issue);
    return {
      message: typeof message === "string" ? shortened(message, LONGEST_MESSAGE) : "The validator gave no message.",
      path: Array.isArray(path) ? plainArray(path).map(toKey) : [],
    };
  } catch (error) {
    return { message: shortened(`The issue cannot be read: ${messageOf(error)}`, LONGEST_MESSAGE), path: [] };
  }
}

/** A step of a path: a key, or an object with the key. */
function toKey(step: unknown): PropertyKey {
  const key: unknown = typeof step === "object" && step !== null && "key" in step ? step.key : step;
  return typeof key === "string" || typeof key === "number" || typeof key === "symbol" ? key : messageOf(key);
}

/** Those of arktype are instances of its own classes. */
function plainArray(items: readonly unknown[]): unknown[] {
  return Array.from({ length: items.length }, (_, at) => items[at]);
}

function failed(cause: unknown): Validation<never> {
  const message = `The validator failed: ${messageOf(cause)}`;
  return { issues: [{ message: shortened(message, LONGEST_MESSAGE), path: [] }], cause };
}
