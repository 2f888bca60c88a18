import type { MillraceError } from "../errors.ts";

/** Another request took over from one that was interrupted. */
export interface Recovery {
  /** `restart`: discard what was shown so far, the reply begins anew. `continue`: it goes on where it stopped. */
  readonly type: "restart" | "continue";
  /** The index of the new request in `stream.attempts`. */
  readonly attempt: number;
  /** The error that ended the request before it. */
  readonly cause: MillraceError;
}

/** What a tool gave that an agent has run. */
export interface AgentToolResult {
  /** The id of the call. */
  readonly id: string;
  /** The name of the tool that was called. */
  readonly name: string;
  /** What the tool gave; an `Error` if it failed, was not allowed to run, or does not exist. */
  readonly output: unknown;
  /** Whether the model is told of an error. */
  readonly isError: boolean;
}

/** The first half of a pair of the library's own: a recovery, or the result of a tool. */
export interface OwnChunk extends ResponseChunk {
  readonly chunk: null;
}

/** The first half of a pair, as every provider has it. */
export interface ResponseChunk {
  /** The name of the provider that wrote it, such as `"anthropic"`. */
  readonly provider: string;
  /** The native event, equal to what `JSON.parse` gives for it. Null if this chunk has a `recovery` or a `toolResult`. */
  readonly chunk: unknown;
  /** The text that this event adds, or `""`. */
  readonly content: string;
  /** The thinking that this event adds, or `""`. */
  readonly thinking: string;
  /** The finish reasons that this event carries; empty if it carries none. */
  readonly finishReasons: readonly string[];
  /** Set if another request has taken over, else null. */
  readonly recovery: Recovery | null;
  /** Set if an agent reports what one of its tools gave, else null. */
  readonly toolResult: AgentToolResult | null;
  /**
   * Identifies the run that this event belongs to: events that differ only in a few values. Null or left out if it belongs
   * to none. If events of the run have several values, its `parts` are the pieces of JSON around them.
   *
   * @internal
   */
  readonly "~run"?: object | null;
  /**
   * The values that set this event apart from others of its run, in the order in which they stand in it: a single text, or
   * a list that holds those of several events.
   *
   * @internal
   */
  readonly "~values"?: string | readonly (string | number)[];
  /**
   * Where in that list the values of this event begin.
   *
   * @internal
   */
  readonly "~at"?: number;
}
