import type { ContentPart, Role } from "./message.ts";

/** A call of a tool, as data that belongs to no provider. */
export interface ToolCallPart {
  readonly type: "toolCall";
  /** What the result names it by. */
  readonly id: string;
  /** The tool's name. */
  readonly name: string;
  /** The input as the model wrote it, not validated. */
  readonly args: unknown;
}

/** What a tool gave, as data that belongs to no provider. */
export interface ToolResultPart {
  readonly type: "toolResult";
  /** The id of the call. */
  readonly id: string;
  /** What the model is given. */
  readonly content: string | readonly CommonPart[];
  /** Whether the tool failed, or did not run. */
  readonly isError: boolean;
}

/** A part that only its own provider knows, and is sent as it came: thinking, say. */
export interface NativePart {
  readonly type: "native";
  /** The provider's name, such as `"anthropic"`. */
  readonly provider: string;
  /** The part as the provider wrote it. */
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
  /** Who speaks. */
  readonly role: Role;
  /** A string is one part of text. */
  readonly content: string | readonly CommonPart[];
}
