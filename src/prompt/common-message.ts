import type { ContentPart, Role } from "./message.ts";

/** A call of a tool, as data that belongs to no provider. */
export interface ToolCallPart {
  readonly type: "toolCall";
  readonly id: string;
  readonly name: string;
  /** The input as the model wrote it, not validated. */
  readonly args: unknown;
}

/** What a tool gave, as data that belongs to no provider. */
export interface ToolResultPart {
  readonly type: "toolResult";
  /** The id of the call. */
  readonly id: string;
  readonly content: string | readonly CommonPart[];
  readonly isError: boolean;
}

/** A part that only its own provider knows, and is sent as it came: thinking, say. */
export interface NativePart {
  readonly type: "native";
  readonly provider: string;
  readonly block: unknown;
}

/** One part of a {@link CommonMessage}. */
export type CommonPart = ContentPart | ToolCallPart | ToolResultPart | NativePart;

/**
 * A message of a conversation, as data that belongs to no provider. It may be sent again: a prompt function may return it.
 *
 * @example
 * ```ts
 * import type { CommonMessage } from "millrace";
 * const message: CommonMessage = {
 *   role: "assistant",
 *   content: [{ type: "toolCall", id: "call_1", name: "look_up", args: { title: "Mistborn" } }],
 * };
 * ```
 */
export interface CommonMessage {
  readonly role: Role;
  readonly content: string | readonly CommonPart[];
}
