import { aFunction, aSignal, anything, type Forms, notNegative, positive, wholeFrom } from "../schema/option-form.ts";
import { InvalidOptionError, messageOf } from "../errors.ts";
import { publicWords } from "./public-error.ts";
import type { ErrorText } from "./event-encoder.ts";

/** How a stream is sent to a browser. */
export interface StreamResponseOptions {
  /** The status of the response, unless the stream fails before its first content. Default: 200. */
  readonly status?: number | undefined;
  /** Headers, over those that the response has by itself. */
  readonly headers?: HeadersInit | undefined;
  /** Ends the reading, such as the request's signal: a stream that is not kept is closed. */
  readonly signal?: AbortSignal | undefined;
  /**
   * How long to wait for the first content, in milliseconds: an error before that is an HTTP status. Afterwards the
   * response begins, and its end says how the stream has ended. Default: 5,000.
   */
  readonly firstContentMs?: number | undefined;
  /** How long nothing is sent before a line says that the connection is alive, in milliseconds. Default: 15,000. */
  readonly keepAliveMs?: number | undefined;
  /**
   * The words for an error that visitors may read. It is also given the errors of tools. Default: a sentence for each kind
   * of error, without a word of the server, the provider or a tool.
   */
  readonly errorText?: ((error: unknown) => string) | undefined;
  /** Told of the error of a stream, for your logs. A stream that was stopped has none. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

export const RESPONSE_FORMS: Forms = {
  status: wholeFrom(200),
  headers: anything,
  signal: aSignal,
  firstContentMs: notNegative,
  keepAliveMs: positive,
  errorText: aFunction,
  onError: aFunction,
};

/** The status of a response without a body. */
const BODYLESS: readonly unknown[] = [204, 205, 304];

/** @throws InvalidOptionError for what a response cannot begin with. */
export function checkHead({ headers, status = 200 }: Pick<StreamResponseOptions, "headers" | "status">): void {
  if (status > 599 || BODYLESS.includes(status)) {
    throw new InvalidOptionError("status", `a response with a body cannot have ${status}.`);
  }
  try {
    new Headers(headers);
  } catch (cause) {
    throw new InvalidOptionError("headers", `they cannot be sent: ${messageOf(cause)}`, { cause });
  }
}

/** The words for errors that options ask for. Never throws. */
export function errorTextOf({ errorText }: Pick<StreamResponseOptions, "errorText">): ErrorText {
  return (error, otherwise) => {
    try {
      const text: unknown = errorText?.(error);
      return typeof text === "string" ? text : publicWords(error, otherwise);
    } catch {
      return publicWords(error, otherwise);
    }
  };
}

/** Tells the program of an error. Never throws. */
export function report({ onError }: Pick<StreamResponseOptions, "onError">, error: unknown): void {
  try {
    onError?.(error);
  } catch {
    // The reader gets its end all the same.
  }
}
