import type { FailedToolCall, StreamingToolCall, ToolCall } from "./tool-call.ts";

/** What the types of a stream know of its tools: phantom members, so that no conditional type is needed in a class. */
export interface PairTypes {
  /** Type only: the second half of a pair that holds a tool. */
  readonly "~pair"?: unknown;
  /** Type only: a tool while its input streams. */
  readonly "~partial"?: unknown;
  /** Type only: a call that waits until a person has agreed. */
  readonly "~approval"?: unknown;
}

/** The tools of a stream whose pairs hold them while their input streams, too. */
export interface PartialTools<out T extends PairTypes> {
  readonly "~pair"?: T["~pair"] | T["~partial"];
  readonly "~partial"?: T["~partial"];
  readonly "~approval"?: T["~approval"];
}

/** The second half of a pair for the tools `T`: one that can be called (or, if asked for, one that streams), or null. */
export type PairTool<T extends PairTypes, Block> = (NonNullable<T["~pair"]> & { readonly toolCall: Block }) | null;

/** A call of one of the tools `T`, whatever has become of it. */
export type CallOf<T extends PairTypes, Block> = (
  | NonNullable<T["~pair"]>
  | NonNullable<T["~partial"]>
  | FailedToolCall
) & { readonly toolCall: Block };

/** A call of any tool. */
export type AnyToolCall = ToolCall | StreamingToolCall | FailedToolCall;
