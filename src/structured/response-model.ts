import { MillraceError } from "../errors.ts";
import { type IncrementalJson, incrementalJson } from "../json/partial.ts";
import { isObject } from "../json/object.ts";
import type { Native } from "../provider/native.ts";
import type { ResponseFormat } from "../schema/response-format.ts";
import type { StandardSchema } from "../schema/standard-schema.ts";
import { pathText, type SchemaIssue, validate, type Validation } from "../schema/validate.ts";
import type { CallResponse } from "../stream/response.ts";

/** What a call is to give instead of text. */
export interface ResponseModel {
  readonly model: StandardSchema;
  readonly format: ResponseFormat;
}

/**
 * The reply is not what the response model asks for: it is no JSON, was cut, or the schema refuses it.
 *
 * @example
 * ```ts
 * import { ResponseModelError } from "millrace";
 * function report(error: unknown) {
 *   if (error instanceof ResponseModelError) console.error(error.issues, error.response.finishReasons);
 * }
 * ```
 */
export class ResponseModelError extends MillraceError {
  readonly code = "response_model";
  /** What is wrong, and where. */
  declare readonly issues: readonly SchemaIssue[];
  /** The response. Not enumerable: the model's words do not belong in logs. */
  declare readonly response: CallResponse<Native>;
  constructor(issues: readonly SchemaIssue[], response: CallResponse<Native>, cause?: unknown) {
    const [first] = issues;
    const place = first?.path.length ? ` at ${pathText(first)}` : "";
    super(`The reply is not what responseModel asks for${place}: ${first?.message ?? "no reason given"}`, {
      retryable: true,
      issues,
      ...(cause !== undefined && { cause }),
    });
    Object.defineProperty(this, "response", { value: response });
    this.addContext({ requestId: response.requestId, usage: response.usage });
  }
}

/** The value of a reply's JSON while it comes. Words before its first brace and after its last are passed over. */
export class ArrivingModel {
  readonly #isWrapped: boolean;
  readonly #json: IncrementalJson = incrementalJson();
  #hasBegun = false;
  #isBroken = false;

  constructor({ isWrapped }: ResponseFormat) {
    this.#isWrapped = isWrapped;
  }

  push(text: string): void {
    const start = this.#hasBegun ? 0 : text.indexOf("{");
    if (start === -1 || this.#isBroken) return;
    this.#hasBegun = true;
    try {
      // Brace by brace, so that what follows the value is known from what spoils it.
      for (let at = start; at < text.length && !this.#json.complete;) {
        const end = text.indexOf("}", at) + 1 || text.length;
        this.#json.push(text.slice(at, end));
        at = end;
      }
    } catch {
      // Reported when the whole value is asked for.
      this.#isBroken = true;
    }
  }

  /** The value so far; it does not change any more. Undefined before anything is certain. */
  get snapshot(): unknown {
    return this.#unwrap(this.#json.snapshot());
  }

  /** The elements from this index on that are complete, if the value is a list. */
  elements(from: number): readonly unknown[] {
    // Not of a snapshot, which may be a little late: elements that are complete do not change any more.
    const list = this.#unwrap(this.#json.value);
    let end = from;
    while (this.isComplete([end])) end++;
    return Array.isArray(list) ? list.slice(from, end) : [];
  }

  /** Whether the part at a path is there, and will not change any more. */
  isComplete(path: readonly (string | number)[]): boolean {
    return this.#json.isComplete(this.#isWrapped ? ["value", ...path] : path);
  }

  /** The value came whole. */
  get isWhole(): boolean {
    return this.#json.complete;
  }

  #unwrap(value: unknown): unknown {
    return this.#isWrapped && isObject(value) ? value["value"] : value;
  }
}

/** A model, or why it is none. */
export type Constructed = { readonly value: unknown } | { readonly error: ResponseModelError };

/** Makes the model of a whole reply: at once, unless its schema is asynchronous. It never throws. */
export function construct(
  { model }: ResponseModel,
  arriving: ArrivingModel,
  response: CallResponse<Native>,
): Constructed | Promise<Constructed> {
  const settle = (validation: Validation): Constructed =>
    validation.issues === undefined
      ? validation
      : { error: new ResponseModelError(validation.issues, response, validation.cause) };
  if (!arriving.isWhole) {
    const message = `there is no whole JSON value in it (stop reason ${response.finishReasons[0] ?? "none"}).`;
    return settle({ issues: [{ message, path: [] }] });
  }
  const validation = validate(model, arriving.snapshot);
  return "then" in validation ? validation.then(settle) : settle(validation);
}

/** Takes the model out. @throws ResponseModelError */
export function modelOf(constructed: Constructed): unknown {
  if ("error" in constructed) throw constructed.error;
  return constructed.value;
}

/**
 * The model of a reply's text.
 *
 * @throws ResponseModelError, and what the response rejects with.
 */
export async function parseText(
  wanted: ResponseModel,
  response: CallResponse<Native> | Promise<CallResponse<Native>>,
): Promise<unknown> {
  const whole = await response;
  const arriving = new ArrivingModel(wanted.format);
  arriving.push(whole.content);
  return modelOf(await construct(wanted, arriving, whole));
}
