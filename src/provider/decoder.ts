import type { ToolInput, ToolUpdate } from "../tool/tool-box.ts";
import type { Native } from "./native.ts";

/** What one event of a reply comes to: the chunk that shows it, and what it did to the inputs of tools. */
export interface Step<N extends Native> {
  readonly chunk: N["chunk"];
  readonly tools: readonly ToolUpdate[];
  /** Set on a step that no event has led to, but the end of the body: its chunk shows the last event again. */
  readonly isEnd?: true;
  /** On the step of a recovery: how many characters of the text that follows repeat the reply before, and are left out. */
  readonly repeated?: number;
}

/** The provider's own blocks of some calls. */
export type Blocks = Pick<ReadonlySet<unknown>, "has">;

/**
 * Turns the frames of one reply into steps and builds the native message out of them. The message is the only state of
 * a reply: text, tools and usage are views of it.
 *
 * The decoder owns everything that providers do differently: which event ends a message, where usage comes from, and
 * when the input of a tool is complete. Methods throw a MillraceError if the reply cannot go on.
 */
export interface Decoder<N extends Native> {
  /**
   * Takes a frame, or a run of like frames, and gives its first step. Null if the frame was not an event.
   *
   * Called once {@link next} has given null.
   */
  decode(frame: N["frame"]): Step<N> | null;
  /** The next step of what was last decoded; null if it has no more. */
  next(): Step<N> | null;
  /**
   * The body ended cleanly. Gives a step if that completes something: its chunk shows the last event again, without
   * content. Not called after a connection was lost.
   */
  end(): Step<N> | null;
  /** Drops characters at the beginning of the text that it has decoded: they repeat the reply that it continues. */
  dropText(length: number): void;
  /** Prepares for frames that repeat the reply from its last checkpoint: see {@link Request.resume}. */
  resume?(): void;
  /** The native message so far, with the reply that it continues; null before its first event. */
  readonly message: N["message"] | null;
  /**
   * The items of the request that would send the reply back, with all of its text. Empty if nothing can be sent.
   *
   * @param answered - The blocks of calls that are given a result. Of the calls that were cut, only these are sent back.
   */
  items(answered?: Blocks): readonly N["item"][];
  /** The calls of tools in the message so far, in its order. The same object each time for the same call. */
  readonly toolInputs: readonly ToolInput[];
  /** The message is complete, even if the connection is lost now. */
  readonly isWhole: boolean;
  /** Nothing more can follow. */
  readonly isOver: boolean;
  /** The model has begun to answer. */
  readonly hasContent: boolean;
  /** Rises whenever the message changes, and never otherwise. */
  readonly progress: number;
  /** Another reply could go on from here: the model neither asked for a tool nor refused. */
  readonly canContinue: boolean;
  /** Roughly how many tokens have been written so far. */
  readonly estimatedTokens: number;
  /** The provider has reported usage. */
  readonly hasUsage: boolean;
}
