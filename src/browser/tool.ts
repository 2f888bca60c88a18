import type { PairTypes } from "../tool/pair.ts";
import type { StreamingToolCall, ToolApproval, ToolCall } from "../tool/tool-call.ts";
import type { ArrivingJson } from "./arriving-json.ts";

/** A call of a tool whose input is complete. The server has the tool's function. */
export interface CompleteTool<out Name extends string = string, out Args = unknown> {
  /** The tool's name: it tells the calls of several tools apart. */
  readonly name: Name;
  /** The provider's id of this call. */
  readonly id: string;
  readonly state: "complete";
  /** The input, as JSON carries it: a date is a string. */
  readonly args: Args;
  /** Null, which tells a complete call from one that is still streaming. */
  readonly delta: null;
}

/** A call of a tool whose input is still arriving. */
export interface ArrivingTool<out Name extends string = string, out Args = unknown> {
  /** The tool's name. */
  readonly name: Name;
  /** The provider's id of this call. */
  readonly id: string;
  readonly state: "streaming";
  /** The input so far: any part may be missing, and text may be cut. It is built when it is first read. */
  readonly args: Args;
  /** What this event added to the text. */
  readonly delta: string;
}

/** A call of a tool that waits for the user's approval. */
export interface Approval<out Name extends string = string, out Args = unknown> {
  /** What the answer names. */
  readonly id: string;
  /** The id of the call. */
  readonly toolCallId: string;
  /** The tool's name: it tells the calls of several tools apart. */
  readonly name: Name;
  /** The input of the call, as JSON carries it. */
  readonly args: Args;
}

/** Tools of which nothing is known. */
export interface UnknownTools extends PairTypes {
  readonly "~pair"?: ToolCall;
  readonly "~partial"?: StreamingToolCall;
  readonly "~approval"?: ToolApproval;
}

/** The tools of a page, from the types of those on the server: `typeof clock | typeof search`. */
export type ToolOf<T extends PairTypes> = Shown<T["~pair"]> | Shown<T["~partial"]>;

/** The calls that wait for approval, from the types of the tools on the server. */
export type ApprovalOf<T extends PairTypes> =
  NonNullable<T["~approval"]> extends infer Asked
    ? Asked extends ToolApproval<infer Name, infer Args>
      ? Approval<Name, Args>
      : never
    : never;

type Shown<Call> =
  Call extends ToolCall<infer Name, infer Args>
    ? CompleteTool<Name, Args>
    : Call extends StreamingToolCall<infer Name, infer Args>
      ? ArrivingTool<Name, Args>
      : never;

/** A class, because there is one for each fragment: creating an object with a getter takes much longer. @internal */
export class ArrivingCall implements ArrivingTool {
  readonly id: string;
  readonly name: string;
  readonly state = "streaming";
  readonly delta: string;
  readonly #input: ArrivingJson;
  #args: unknown;

  constructor(id: string, name: string, delta: string, input: ArrivingJson) {
    this.id = id;
    this.name = name;
    this.delta = delta;
    this.#input = input;
  }

  get args(): unknown {
    return (this.#args ??= this.#input.read() ?? {});
  }
}
