import { MillraceError } from "../errors.ts";
import type { Native } from "../provider/native.ts";
import type { ResponseFormat } from "../schema/response-format.ts";
import type { StandardSchema } from "../schema/standard-schema.ts";
import { pathText, type SchemaIssue, validate, type Validation } from "../schema/validate.ts";
import type { PairTypes } from "../tool/pair.ts";
import type { CallResponse } from "../stream/response.ts";
import { ArrivingModel } from "./arriving-model.ts";
import { withinLimits } from "./within-limits.ts";

/** What a call is to give instead of text. */
export interface ResponseModel {
  readonly model: StandardSchema;
  readonly format: ResponseFormat;
}

/**
 * The reply is not what the response model asks for: it is not JSON, was cut, or does not fit the schema.
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
  declare readonly response: CallResponse<Native, PairTypes>;
  constructor(issues: readonly SchemaIssue[], response: CallResponse<Native, PairTypes>, cause?: unknown) {
    const [first] = issues;
    const place = first?.path.length ? ` at ${pathText(first)}` : "";
    super(`The reply is not what responseModel asks for${place}: ${first?.message ?? "no reason given"}`, {
      retryable: true,
      issues,
      ...(cause !== undefined && { cause }),
    });
    Object.defineProperty(this, "response", { value: response });
    this.addContext({ requestId: response.requestId, usage: response.usage });
    // Issues quote the reply.
    response["~reply"].shown.secrets.redact(this);
  }
}

/** A model, or why it is none. */
export type Constructed = { readonly value: unknown } | { readonly error: ResponseModelError };

/**
 * Makes the model of a whole reply: at once, unless its schema is asynchronous. It never throws. If the reply has several
 * JSON texts, it is the first that is valid.
 */
export function construct(
  { model }: ResponseModel,
  arriving: ArrivingModel,
  response: CallResponse<Native, PairTypes>,
): Constructed | Promise<Constructed> {
  const values = arriving.values(response["~reply"].prepared?.fromJson);
  const message = `there is no whole JSON value in it (stop reason ${response.finishReasons[0] ?? "none"}).`;
  let refused: Exclude<Validation, { readonly issues?: undefined }> = { issues: [{ message, path: [] }] };
  const settle = (validation: Validation, index: number): Constructed | Promise<Constructed> => {
    if (validation.issues === undefined) {
      arriving.choose(index);
      return validation;
    }
    // What is told is what is wrong with the likeliest.
    if (index === 0) refused = validation;
    return tryFrom(index + 1);
  };
  const tryFrom = (index: number): Constructed | Promise<Constructed> => {
    if (index >= values.length) return { error: new ResponseModelError(refused.issues, response, refused.cause) };
    const validation = validate(model, values[index]);
    return "then" in validation ? validation.then((settled) => settle(settled, index)) : settle(validation, index);
  };
  return tryFrom(0);
}

/** Takes the model out. @throws ResponseModelError */
export function modelOf(constructed: Constructed): unknown {
  if ("error" in constructed) throw constructed.error;
  return constructed.value;
}

/**
 * The model of a reply's text.
 *
 * @throws ResponseModelError, what the response rejects with, and, while it is validated, what ends its call.
 */
export async function parseText(
  wanted: ResponseModel,
  response: CallResponse<Native, PairTypes> | Promise<CallResponse<Native, PairTypes>>,
): Promise<unknown> {
  const whole = await response;
  const arriving = new ArrivingModel(wanted.format);
  arriving.push(whole.content);
  return modelOf(await withinLimits(whole["~reply"], construct(wanted, arriving, whole)));
}
