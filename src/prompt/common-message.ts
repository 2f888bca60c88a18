import { UnsupportedContentError } from "../errors.ts";
import { field, type JsonObject, stringField } from "../json/object.ts";
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

/**
 * Whether a call may run whose tool asks first: see {@link approve}, which makes these parts. They are in a message of the
 * user, after the model's turn with the call. An agent acts on them; the model is never sent them.
 */
export interface ToolApprovalPart {
  readonly type: "toolApproval";
  /** The id of the call. */
  readonly id: string;
  /** Only true lets the tool run. */
  readonly approved: boolean;
  /** Why not, for the model to know. */
  readonly reason?: string | undefined;
}

/** A part that only its own provider knows, and is sent as it came: thinking, say. */
export interface NativePart {
  readonly type: "native";
  /** The provider's name, such as `"anthropic"`. */
  readonly provider: string;
  /** The part as the provider wrote it. */
  readonly block: unknown;
}

/** A part that a model can be sent. */
export type SentPart = ContentPart | ToolCallPart | ToolResultPart | NativePart;

/** One part of a {@link CommonMessage}. */
export type CommonPart = SentPart | ToolApprovalPart;

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
  /** The provider's own items that the message was made of. That provider is sent these, instead of the parts. */
  readonly native?: { readonly provider: string; readonly items: readonly unknown[] } | undefined;
}

/** Whether an object is a message in the library's own words, rather than an item of a provider. */
export function isCommonMessage(value: object): value is CommonMessage {
  const { role, content, native: _native, ...more } = value as JsonObject;
  if (!ROLES.includes(role) || Object.keys(more).length > 0) return false;
  return typeof content === "string" || (Array.isArray(content) && content.every(isCommonPart));
}

const ROLES: readonly unknown[] = ["system", "user", "assistant"];

/** Native text without extras is the same as ours. */
function isCommonPart(part: unknown): boolean {
  const type = stringField(part, "type");
  if (type === "text") return typeof field(part, "text") === "string";
  if (type === "image" || type === "document" || type === "audio") {
    return field(part, "url") !== undefined || field(part, "data") !== undefined;
  }
  // An agent has taken those of its prompt out.
  if (type === "toolApproval") throw new UnsupportedContentError(type, "agents take it.");
  return type === "toolCall" || type === "toolResult" || type === "native";
}
