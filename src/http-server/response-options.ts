import { InvalidOptionError, messageOf } from "../errors.ts";
import type { Keepable } from "../resume/keep.ts";
import {
  aFlag,
  aFunction,
  aSignal,
  anything,
  type Forms,
  notNegative,
  positive,
  wholeFrom,
} from "../schema/option-form.ts";
import { publicWords, type ErrorText } from "./public-error.ts";

/** How a stream is sent to a browser. */
export interface StreamResponseOptions<in S extends Keepable = Keepable> {
  /** The status of the response, unless the stream fails before its first content. Default: 200. */
  readonly status?: number | undefined;
  /** Headers, over those that the response has by itself. */
  readonly headers?: ResponseInit["headers"] | undefined;
  /** Stops reading the stream: pass `request.signal`. A stream that is not kept is closed. */
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
  /**
   * Told of the error of a stream, for your logs, and of what `onEnd` throws. A stream that was stopped has none. Each
   * response that fails calls its own: of a kept run that has failed, once for each reader, and each reload is one.
   */
  readonly onError?: ((error: unknown) => void) | undefined;
  /**
   * Called once when the reply has ended, whatever its outcome. Store the conversation here: `stream.commonHistory()`. The
   * visitor is told of the end, and the place of a kept stream becomes free, only when this is done, or after 10 seconds; so
   * the next request finds what you stored. If the visitor leaves, a kept stream goes on, and this is called when it ends; any
   * other stream ends at once, as `aborted`. It is not called if there is no conversation: the reply ended before its prompt
   * was known, or the prompt was refused. Nor is it called if another process has taken over the run.
   */
  readonly onEnd?: ((stream: S) => unknown) | undefined;
  /** Keeps the process alive until `onEnd` is done: that of a serverless platform. */
  readonly waitUntil?: ((work: Promise<void>) => void) | undefined;
}

/** How a stream is sent as events: what a visitor gets to know. */
export interface EventsResponseOptions<in S extends Keepable = Keepable> extends StreamResponseOptions<S> {
  /** Whether thinking is sent. Default: true. */
  readonly sendReasoning?: boolean | undefined;
  /** Whether the end says how many tokens the reply used. Default: false. */
  readonly sendUsage?: boolean | undefined;
  /** Whether the end says what the reply cost you. Default: false. */
  readonly sendCost?: boolean | undefined;
  /** Whether the end says which model has answered. Default: false. */
  readonly sendModel?: boolean | undefined;
}

export const RESPONSE_FORMS: Forms = {
  status: wholeFrom(200),
  headers: anything,
  signal: aSignal,
  firstContentMs: notNegative,
  keepAliveMs: positive,
  errorText: aFunction,
  onError: aFunction,
  onEnd: aFunction,
  waitUntil: aFunction,
};

export const EVENTS_FORMS: Forms = {
  ...RESPONSE_FORMS,
  sendReasoning: aFlag,
  sendUsage: aFlag,
  sendCost: aFlag,
  sendModel: aFlag,
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

/** What a visitor gets to know. */
export interface Shown {
  readonly errorText: ErrorText;
  readonly hasReasoning: boolean;
  /** The figures of the end that are sent. */
  readonly figures: readonly ("usage" | "cost" | "model")[];
}

/** What options let a visitor know. What a reply costs is nobody's business but yours, and no page needs it. */
export function shownBy(options: EventsResponseOptions<never>): Shown {
  const { sendReasoning = true, sendUsage, sendCost, sendModel } = options;
  const figures: Shown["figures"] = [
    ...(sendUsage ? (["usage"] as const) : []),
    ...(sendCost ? (["cost"] as const) : []),
    ...(sendModel ? (["model"] as const) : []),
  ];
  return { errorText: errorTextOf(options), hasReasoning: sendReasoning, figures };
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
