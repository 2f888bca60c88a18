/** Streams as responses of web servers. */

import {
  nodeHandler,
  type NodeListener,
  type NodeRequest,
  type NodeResponse,
  type WebHandler,
} from "./http-server/node-handler.ts";
import { respond, type UIResponseOptions } from "./http-server/responses.ts";
import type { EventsResponseOptions, StreamResponseOptions } from "./http-server/response-options.ts";

import {
  chatIn,
  commonMessagesOf,
  type FromUIMessagesOptions,
  type OriginalMessage,
  type SentChat,
  type UIMessageLike,
} from "./http-server/ui-message/from-ui-messages.ts";
import {
  type UIMessage,
  type UIMessagePart,
  uiMessagesOf,
  type UIMessagesOptions,
} from "./http-server/ui-message/to-ui-messages.ts";
import type { CommonMessage } from "./prompt/common-message.ts";
import {
  resume,
  type ResumeResponseOptions,
  stopped,
  type StopResponseOptions,
} from "./http-server/resume-response.ts";
import type { Log } from "./log/log.ts";
import { loadProvider } from "./neutral-provider.ts";
import type { MessageFinish, MessageStart } from "./http-server/ui-message/ui-encoder.ts";
import { aVersion, type UIVersion } from "./http-server/ui-message/ui-version.ts";
import type { Keepable } from "./resume/keep.ts";
import type { Alike, ReadAs } from "./resume/read.ts";
import { aFlag, aText, checkOptions } from "./schema/option-form.ts";
import type { StreamedCall } from "./neutral-resume.ts";

export { nodeHandler };
export type {
  Alike,
  EventsResponseOptions,
  Keepable,
  MessageFinish,
  MessageStart,
  NodeListener,
  NodeRequest,
  NodeResponse,
  WebHandler,
  FromUIMessagesOptions,
  OriginalMessage,
  ResumeResponseOptions,
  SentChat,
  StopResponseOptions,
  StreamedCall,
  StreamResponseOptions,
  UIMessage,
  UIMessageLike,
  UIMessagePart,
  UIMessagesOptions,
  UIResponseOptions,
  UIVersion,
};

/**
 * Sends a stream as server-sent events that `connect` of `millrace/browser` reads: pairs as JSON, and at last how it has
 * ended. Those of a kept stream have ids, so that a page goes on where its connection was lost.
 *
 * @param stream - A stream of any kind: of a call or an agent, structured, kept, or read from a log.
 * @param options - See {@link EventsResponseOptions}.
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
export function eventsResponse<S extends Keepable>(
  stream: S,
  options: EventsResponseOptions<S> = {},
): Promise<Response> {
  return respond("events", stream, options);
}

/**
 * Resumes a run for a page that comes back: after a reload, a lost connection, or in another tab. It sends what follows the
 * position in the `last-event-id` header or `?after=`; without them, the run from its beginning. `?run=` names a run; by
 * default it is the latest. `?message=` names the last message that the page has: if it is this run, and the run has ended,
 * the response is a 204.
 *
 * @param log - The log that the run is kept in.
 * @param id - The place.
 * @param request - What the page asks for. Its signal ends the reading.
 * @param options - See {@link ResumeResponseOptions}. `of`: the call or the agent, whose tools and providers are known then.
 * @returns A response with status 200, whose end says how the run has ended; 204 if there is nothing to resume.
 * @throws InvalidOptionError
 * @example
 * ```ts
 * import { resumeResponse } from "millrace/http";
 * import { memoryLog } from "millrace/resume";
 *
 * const log = memoryLog();
 *
 * export function GET(request: Request, id: string): Promise<Response> {
 *   return resumeResponse(log, id, request);
 * }
 * ```
 */
export function resumeResponse<S extends Keepable>(
  log: Log,
  id: string,
  request: Request,
  options: ResumeResponseOptions<S> & { readonly of?: StreamedCall<Alike<S>> | undefined } = {},
): Promise<Response> {
  // Made by `call` or `agent`.
  return resume(
    loadProvider,
    log,
    id,
    request,
    options as ResumeResponseOptions<S> & { readonly of?: ReadAs | undefined },
  );
}

/**
 * Stops a run, whichever machine it runs on. `?run=` says which, so that a late stop does not hit the next; by default it
 * is the one that goes on in the place.
 *
 * @param log - The log that the run is kept in.
 * @param id - The place.
 * @param request - What the page asks for.
 * @param options - See {@link StopResponseOptions}.
 * @returns A response with status 204; 404 if there is nothing to stop, 503 or 500 if the log does not say.
 * @example
 * ```ts
 * import { stopResponse } from "millrace/http";
 * import { memoryLog } from "millrace/resume";
 *
 * const log = memoryLog();
 *
 * export function DELETE(request: Request, id: string): Promise<Response> {
 *   return stopResponse(log, id, request);
 * }
 * ```
 */
export function stopResponse(
  log: Log,
  id: string,
  request: Request,
  options: StopResponseOptions = {},
): Promise<Response> {
  return stopped(log, id, request, options);
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
export function textResponse<S extends Keepable>(stream: S, options: StreamResponseOptions<S> = {}): Promise<Response> {
  return respond("text", stream, options);
}

/**
 * Sends a stream to `useChat` of the AI SDK, versions 5, 6 and 7: text, thinking, tools while their input streams, results
 * of tools, a step for each turn. A reply that was cut or has failed ends with an error, which `useChat` shows; the
 * metadata of the message has `millrace: { run, outcome }`, and what `sendUsage`, `sendCost` and `sendModel` ask for.
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
export function uiMessageResponse<S extends Keepable>(
  stream: S,
  options: UIResponseOptions<S> = {},
): Promise<Response> {
  return respond("ui", stream, options);
}

/**
 * Reads what `useChat` sends. A page may send anything: what cannot be a chat becomes the response that says so, with status
 * 400, and your handler hands that on.
 *
 * @param request - The request, or its body, where your framework has parsed it already.
 * @param options - See {@link FromUIMessagesOptions}.
 * @returns The chat, or the response to send in place of an answer.
 * @example
 * ```ts
 * import { call, type CommonMessage } from "millrace";
 * import { readChat, uiMessageResponse } from "millrace/http";
 *
 * const answer = call("anthropic/claude-sonnet-5-5", { stream: true }, (messages: readonly CommonMessage[]) => messages);
 *
 * export async function POST(request: Request): Promise<Response> {
 *   const chat = await readChat(request);
 *   if (chat instanceof Response) return chat;
 *   const { messages, originalMessages } = chat;
 *   return uiMessageResponse(answer(messages), { originalMessages, signal: request.signal });
 * }
 * ```
 */
export function readChat(request: unknown, options: FromUIMessagesOptions = {}): Promise<SentChat | Response> {
  return chatIn(request, options);
}

/**
 * Turns the messages that `useChat` sends into messages for a prompt: text, files, thinking that its provider takes back,
 * tool calls and their results. {@link readChat} does this with a whole request. The result is always a conversation that
 * providers accept: a call without a result gets one that says so, and a call that was cut is left out.
 *
 * @param messages - Those of the page. Do not trust them: the visitor controls all of them, the assistant's included.
 * @param options - See {@link FromUIMessagesOptions}.
 * @throws InvalidOptionError for what cannot be a message: a role or a file of another kind, or messages of the system,
 *   unless they are asked for.
 * @example
 * ```ts
 * import { call, type CommonMessage } from "millrace";
 * import { fromUIMessages, type UIMessageLike } from "millrace/http";
 *
 * const answer = call("anthropic/claude-sonnet-5-5", { stream: true }, (messages: CommonMessage[]) => messages);
 *
 * export const reply = (stored: readonly UIMessageLike[]) => answer(fromUIMessages(stored, { system: true }));
 * ```
 */
export function fromUIMessages(
  messages: readonly UIMessageLike[],
  options: FromUIMessagesOptions = {},
): CommonMessage[] {
  return commonMessagesOf(messages, options);
}

/**
 * Turns a conversation into messages for `useChat`: those that a page starts with. Turns of the assistant with nothing but
 * tool results between them become one message with several steps. System messages are left out, and the errors of tools are
 * replaced by generic messages. A call that is still open at the end waits for an approval, and the page asks for it again.
 *
 * @param messages - Such as `stream.commonHistory()`.
 * @param options - `run`: the name of the run that wrote the last answer (`kept.run`). A page that resumes recognises its
 *   message by it; without it, such a page shows the answer twice for as long as the log has the run. `sendReasoning`:
 *   false leaves thinking out. `version`: the major version of the AI SDK, as for `uiMessageResponse`; from 6 on, calls that
 *   were refused are told as such.
 * @example
 * ```ts
 * import type { CommonMessage } from "millrace";
 * import { toUIMessages } from "millrace/http";
 *
 * const history: CommonMessage[] = [
 *   { role: "user", content: "Recommend a book." },
 *   { role: "assistant", content: "Mistborn." },
 * ];
 * console.log(toUIMessages(history)[1]?.parts); // [{ type: "step-start" }, { type: "text", text: "Mistborn.", state: "done" }]
 * ```
 */
export function toUIMessages(messages: readonly CommonMessage[], options?: UIMessagesOptions): UIMessage[] {
  checkOptions(options ?? {}, { run: aText, sendReasoning: aFlag, version: aVersion });
  return uiMessagesOf(messages, options);
}
