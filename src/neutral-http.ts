/** Streams as responses of web servers. */

import {
  nodeHandler,
  type NodeListener,
  type NodeRequest,
  type NodeResponse,
  type WebHandler,
} from "./http-server/node-handler.ts";
import { respond, type UIResponseOptions } from "./http-server/responses.ts";
import type { StreamResponseOptions } from "./http-server/response-options.ts";
import { loadProvider } from "./neutral-provider.ts";
import type { ReadLogged } from "./http-server/shown-pair.ts";
import type { UIVersion } from "./http-server/ui-encoder.ts";
import type { Keepable } from "./resume/keep.ts";
import { readRun } from "./resume/read.ts";

export { nodeHandler };
export type {
  Keepable,
  NodeListener,
  NodeRequest,
  NodeResponse,
  WebHandler,
  StreamResponseOptions,
  UIResponseOptions,
  UIVersion,
};

const readLogged: ReadLogged = (log, { place, run }) => readRun(loadProvider, log, place, { run });

/**
 * Sends a stream as server-sent events that `connect` of `millrace/browser` reads: pairs as JSON, and at last how it has
 * ended. Those of a kept stream have ids, so that a page goes on where its connection was lost.
 *
 * @param stream - A stream of any kind: of a call or an agent, structured, kept, or read from a log.
 * @param options - See {@link StreamResponseOptions}.
 * @returns A response with status 200 once there is content, or with that of the error before it, and its code and a
 *   message as JSON.
 * @throws InvalidOptionError; StreamConsumedError if the stream has an owner already.
 * @example
 * ```ts
 * import { call } from "millrace/anthropic";
 * import { eventsResponse } from "millrace/http";
 *
 * const answer = call("claude-sonnet-5-5", { stream: true }, (question: string) => question);
 *
 * export async function POST(request: Request): Promise<Response> {
 *   return eventsResponse(answer(await request.text()), { signal: request.signal });
 * }
 * ```
 */
export function eventsResponse(stream: Keepable, options: StreamResponseOptions = {}): Promise<Response> {
  return respond("events", readLogged, stream, options);
}

/**
 * Sends the text of a stream. A reply that is not whole breaks the connection, so that nobody takes it for one that is.
 *
 * @param stream - A stream of any kind. The turns of an agent are divided by an empty line; a structured stream is JSON.
 * @param options - See {@link StreamResponseOptions}.
 * @returns As {@link eventsResponse}, with the words for an error as plain text.
 * @throws As {@link eventsResponse}.
 * @example
 * ```ts
 * import { call } from "millrace/anthropic";
 * import { textResponse } from "millrace/http";
 *
 * const answer = call("claude-sonnet-5-5", { stream: true }, (question: string) => question);
 *
 * export async function POST(request: Request): Promise<Response> {
 *   return textResponse(answer(await request.text()), { signal: request.signal });
 * }
 * ```
 */
export function textResponse(stream: Keepable, options: StreamResponseOptions = {}): Promise<Response> {
  return respond("text", readLogged, stream, options);
}

/**
 * Sends a stream to `useChat` of the AI SDK, versions 5, 6 and 7: text, thinking, tools while their input streams, results
 * of tools, a step for each turn. A reply that was cut or has failed ends with an error, which `useChat` shows; the
 * metadata of the message has `millrace: { run, outcome, usage, cost, model }`.
 *
 * @param stream - A stream of any kind. The id of its message is the name of its run, if it is kept.
 * @param options - See {@link UIResponseOptions}.
 * @returns As {@link eventsResponse}, with the words for an error as plain text.
 * @throws As {@link eventsResponse}.
 * @example
 * ```ts
 * import { call } from "millrace/anthropic";
 * import { uiMessageResponse } from "millrace/http";
 *
 * const answer = call("claude-sonnet-5-5", { stream: true }, (question: string) => question);
 *
 * export async function POST(request: Request): Promise<Response> {
 *   return uiMessageResponse(answer(await request.text()), { signal: request.signal });
 * }
 * ```
 */
export function uiMessageResponse(stream: Keepable, options: UIResponseOptions = {}): Promise<Response> {
  return respond("ui", readLogged, stream, options);
}
