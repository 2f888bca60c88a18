import { type ErrorDetails, MillraceError } from "../errors.ts";
import { type IncrementalJson, incrementalJson } from "../json/partial.ts";
import { isObject } from "../json/object.ts";
import type { ResponseFormat } from "../schema/response-format.ts";
import type { StandardSchema } from "../schema/standard-schema.ts";
import { type SchemaIssue, validate } from "../schema/validate.ts";

/** What a call is to give instead of text. */
export interface ResponseModel {
  readonly model: StandardSchema;
  readonly format: ResponseFormat;
}

/** Where the JSON of a reply is: in its text, or in the input of a tool of this name. */
export type JsonChannel = { readonly tool: string | null };

/** The reply is not what the response model asks for. The response, if the message was complete, comes along. */
export class ResponseModelError extends MillraceError {
  readonly code = "response_model";
  /** What is wrong, and where. */
  declare readonly issues: readonly SchemaIssue[];
  /** The response. Not enumerable: the model's words do not belong in logs. */
  declare readonly response: unknown;
  constructor(issues: readonly SchemaIssue[], response: unknown, details?: ErrorDetails) {
    const [first] = issues;
    const place = first?.path.length ? ` at ${first.path.map(String).join(".")}` : "";
    super(`The reply is not what responseModel asks for${place}: ${first?.message ?? "no reason given"}`, {
      retryable: true,
      ...details,
      issues,
    });
    Object.defineProperty(this, "response", { value: response });
  }
}

/** The value of a reply's JSON while it comes. Words before and after it are passed over. */
export class ArrivingModel {
  readonly #isWrapped: boolean;
  readonly #json: IncrementalJson = incrementalJson();
  #hasBegun = false;
  #isBroken = false;

  constructor({ isWrapped }: ResponseFormat) {
    this.#isWrapped = isWrapped;
  }

  /** Adds text; whether the value has changed. */
  push(text: string): boolean {
    const json = this.#json;
    const { version } = json;
    const start = this.#hasBegun ? 0 : text.indexOf("{");
    if (start === -1 || this.#isBroken) return false;
    this.#hasBegun = true;
    try {
      // Brace by brace, so that what follows the value is known from what spoils it.
      for (const piece of text.slice(start).split(/(?<=\})/)) {
        if (!json.complete) json.push(piece);
      }
    } catch {
      // Reported when the whole value is asked for.
      this.#isBroken = true;
    }
    return json.version !== version;
  }

  /** The value so far; it does not change any more. Undefined before anything is certain. */
  get snapshot(): unknown {
    return this.#unwrap(this.#json.snapshot());
  }

  /** Whether the part at a path is there, and will not change any more. */
  isComplete(path: readonly (string | number)[]): boolean {
    return this.#json.isComplete(this.#isWrapped ? ["value", ...path] : path);
  }

  /** The value, if it came whole. */
  get whole(): { readonly value: unknown } | null {
    return this.#json.complete ? { value: this.#unwrap(this.#json.snapshot()) } : null;
  }

  #unwrap(value: unknown): unknown {
    return this.#isWrapped && isObject(value) ? value["value"] : value;
  }
}

/**
 * Validates a reply.
 *
 * @throws ResponseModelError
 */
export async function validateModel(
  { model }: ResponseModel,
  arriving: ArrivingModel,
  response: unknown,
  stopReason: string | undefined,
): Promise<unknown> {
  const { whole } = arriving;
  if (whole === null) {
    const message = `there is no whole JSON value in it (stop reason ${stopReason ?? "none"}).`;
    throw new ResponseModelError([{ message, path: [] }], response);
  }
  const validation = await validate(model, whole.value);
  if (validation.issues === undefined) return validation.value;
  throw new ResponseModelError(validation.issues, response, { cause: validation.cause });
}
