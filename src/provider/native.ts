import type { CostMetadata } from "../cost/price.ts";
import type { Usage } from "../cost/usage.ts";
import type { ReportedUsage } from "../errors.ts";
import type { OwnChunk, ResponseChunk } from "./chunk.ts";

/** The native types of a provider, in one bundle. It is used in types only. */
export interface Native {
  /** The provider's name. */
  readonly name: string;
  /** The entry of the package that has the provider's `call`, such as `millrace/…`. */
  readonly entry: string;
  /** A model's id. */
  readonly model: string;
  /** One event of the stream, as the wire sends it. */
  readonly event: unknown;
  /** What the provider's frame readers produce and its decoder takes. */
  readonly frame: unknown;
  /** The library's view of one event. */
  readonly chunk: ResponseChunk;
  /** The same without an event: the library's own pairs have it. */
  readonly ownChunk: OwnChunk;
  /** The whole reply, as if it had not been streamed. */
  readonly message: object;
  /** One entry of the list of messages that a request sends. */
  readonly item: unknown;
  /** The reply as it is sent back in the next request: an item, or a list of items. */
  readonly turn: unknown;
  /** The part of the message that asks for a tool. */
  readonly toolCall: unknown;
  /** The roles that messages may have. */
  readonly role: string;
  /** Everything that a prompt function may use as a message. */
  readonly promptMessage: unknown;
  /** Usage under the provider's own field names. */
  readonly usage: ReportedUsage;
  /** Usage in words that all providers share. */
  readonly commonUsage: Usage;
  /** The cost, itemised. */
  readonly costMetadata: CostMetadata;
  /** Prices by model id, as users give their own. */
  readonly prices: object;
  /** Why a reply ended, in the provider's words. */
  readonly finishReason: string;
  /** A tool in the provider's own format, such as one that it runs itself. */
  readonly toolParam: object;
  /** The provider's parameters of a call. */
  readonly callParams: unknown;
  /** The body of a request. */
  readonly body: unknown;
  /** The values that the option `client` accepts. */
  readonly client: unknown;
  /** Accessors that this provider's streams and responses have beside those that all providers share. */
  readonly accessors: object;
  /** The types that depend on the tools of a call. */
  readonly kinds: StreamKinds;
}

/**
 * The types of a provider that depend on the tools, or the response model, of a call. An interface that extends this one
 * refers to them as `Extract<this["tools"], PairTypes>`, `this["model"]` and `this["arriving"]`.
 */
export interface StreamKinds {
  /** Unknown, so that an intersection with `{ tools: T }` has `T` itself. */
  readonly tools: unknown;
  readonly model: unknown;
  readonly arriving: unknown;
  readonly stream: unknown;
  readonly response: unknown;
  readonly structuredStream: unknown;
}

/** Why a reply ended, in words that all providers share. */
export type CommonFinishReason =
  | "stop"
  | "length"
  | "tool_calls"
  | "content_filter"
  | "pause"
  | "context_exceeded"
  | "compaction"
  | "unknown";
