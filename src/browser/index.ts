/** Replies in a page: from a server that answers with `millrace/http`. */

import type { PairTypes } from "../tool/pair.ts";
import { type Connection, type ConnectOptions, ReplyConnection } from "./connection.ts";
import type { UnknownTools } from "./tool.ts";

export type { Chunk, Connection, ConnectOptions, ToolResult } from "./connection.ts";
export type { LineOptions, ReconnectOptions, RequestHeaders } from "./line.ts";
export { ReplyError, type ReplyErrorCode, type ReplyErrorDetails } from "./reply-error.ts";
export type { PlaceStorage } from "./stored-place.ts";
export type { Approval, ApprovalOf, ArrivingTool, CompleteTool, ToolOf, UnknownTools } from "./tool.ts";
export {
  type ChatRequest,
  type ChatSubmission,
  type MillraceTransport,
  millraceTransport,
  type TransportOptions,
} from "./transport.ts";

/**
 * Connects to a server that answers with `eventsResponse`. With a `body`, it starts a reply; without, it goes on with the
 * one of `id`, after a reload or in another tab.
 *
 * Nothing is sent before the first read. A connection that is lost is made good at the place where it was lost, if the
 * server keeps the reply and `id` says where.
 *
 * @typeParam Tools - The types of the server's tools: `typeof clock | typeof search`. Import them with `import type`.
 * @param url - Where replies are started, by POST.
 * @param options - What to send, and more: see {@link ConnectOptions}.
 * @returns The reply: an iterable of pairs.
 * @example
 * ```ts
 * import { connect } from "millrace/browser";
 *
 * const connection = connect("/api/chat", { id: "chat-1", body: { question: "Why is the sky blue?" } });
 * for await (const [chunk, tool] of connection) {
 *   if (tool?.state === "complete") console.log(tool.name, tool.args);
 *   else console.log(chunk.content, connection.content.length);
 * }
 * console.log(connection.outcome, connection.usage?.outputTokens);
 * ```
 */
export function connect<Tools extends PairTypes = UnknownTools>(
  url: string,
  options: ConnectOptions = {},
): Connection<Tools> {
  return new ReplyConnection<Tools>(url, options);
}
