/** The second half of a pair: a tool call by the model, while its input arrives and once it has. */

import { copyOf } from "../json/copy.ts";
import { DEEPEST, isDeeper } from "../json/depth.ts";
import { keepNumbers } from "../json/exact-numbers.ts";
import { inspectable, shownAs } from "../json/inspectable.ts";
import { isObject } from "../json/object.ts";
import { incrementalJson } from "../json/partial.ts";
import type { Validation } from "../schema/validate.ts";
import { jsonData } from "./plain-data.ts";
import { ToolInputError } from "./tool-input-error.ts";
import type { ToolResult } from "./tool-result.ts";

/** What a tool's function receives besides its arguments. */
export interface ToolContext {
  /** The signal given to `call({ signal })`; without one, a signal that never aborts. */
  readonly signal: AbortSignal;
}

/** A call that waits until a person has agreed. */
export interface ToolApproval<out Name extends string = string, out Args = unknown> {
  /** What an answer names it by: that of the call. */
  readonly id: string;
  /** The provider's id of the call. */
  readonly toolCallId: string;
  /** The tool's name: it tells the calls of several tools apart. */
  readonly name: Name;
  /** The input, as the tool's schema outputs it. */
  readonly args: Args;
}

/** A call whose input is complete and valid. */
export interface ToolCall<out Name extends string = string, out Args = unknown, out Result = unknown> {
  /** The tool's name: it tells the calls of several tools apart. */
  readonly name: Name;
  /** The provider's id of this call. */
  readonly id: string;
  readonly state: "complete";
  /** The input, as the tool's schema outputs it. It shares nothing with the message: changing it changes nothing else. */
  readonly args: Args;
  /** Null, which tells a complete call from one that is still streaming. */
  readonly delta: null;
  /** The input as the model wrote it; `""` stands for `{}`. */
  readonly text: string;
  /** Null: nothing is wrong with the input. */
  readonly error: null;
  /** The provider's own block. */
  readonly toolCall: unknown;
  /** The result that the model is sent for this call. @internal */
  "~result"(output: unknown): ToolResult;
  /** An agent may run the tool while the reply is still streaming. @internal */
  readonly "~early"?: boolean | undefined;
  /** The tool may need approval. @internal */
  readonly "~asks"?: boolean | undefined;
  /**
   * Whether a person has to agree before the tool runs: what the tool's own `needsApproval` says of this call. It is asked
   * once. Agents do so by themselves; {@link call} does not.
   *
   * @throws What the tool's `needsApproval` throws.
   */
  needsApproval(): Promise<boolean>;
  /**
   * Runs the tool's function, each time with a fresh copy of `args`: of the lists, plain objects, dates, sets, maps and
   * bytes in it. Instances of other classes, which a schema may make, are not copied. Rejects with whatever the function throws, and with
   * the signal's reason if that is already aborted.
   *
   * @param options - `signal`: handed to the function. Without one, it gets a signal that never aborts.
   * @example
   * ```ts
   * import { tool } from "millrace";
   * import { call } from "millrace/anthropic";
   *
   * const clock = tool({ name: "clock", description: "Tells the time.", call: () => new Date().toISOString() });
   * const ask = call("claude-sonnet-5-5", { stream: true, tools: [clock] }, (question: string) => question);
   * for await (const [, toolCall] of ask("What time is it?")) {
   *   if (toolCall) console.log(await toolCall.call({ signal: AbortSignal.timeout(5_000) }));
   * }
   * ```
   */
  call(options?: { readonly signal?: AbortSignal | undefined }): Promise<Result>;
}

/** A call whose input is still arriving. It cannot be run. */
export interface StreamingToolCall<out Name extends string = string, out Args = unknown> {
  /** The tool's name. */
  readonly name: Name;
  /** The provider's id of this call. */
  readonly id: string;
  readonly state: "streaming";
  /**
   * The input so far, not validated: any part may be missing, and text may be cut. It is built when it is first read,
   * from what has arrived by then, and does not change afterwards.
   */
  readonly args: Args;
  /** What this event added to the text. */
  readonly delta: string;
  /** The input so far, as the model wrote it. */
  readonly text: string;
  /** Null: the input is not checked yet. */
  readonly error: null;
  /** The provider's own block, in its current state. */
  readonly toolCall: unknown;
  /** @internal */
  "~result"(output: unknown): ToolResult;
}

/** A call whose input cannot be used. It cannot be run, and no pair holds it. */
export interface FailedToolCall<out Name extends string = string> {
  /** The tool's name. */
  readonly name: Name;
  /** The provider's id of this call. */
  readonly id: string;
  /** `invalid`: not a JSON object, or rejected by the schema. `truncated`: the reply ended before the input did. */
  readonly state: "invalid" | "truncated";
  /** The input as the model wrote it. */
  readonly text: string;
  /** What is wrong with the input. */
  readonly error: ToolInputError;
  /** The provider's own block. */
  readonly toolCall: unknown;
  /** @internal */
  "~result"(output: unknown): ToolResult;
}

/** The block of the message that holds a call. @internal */
export interface OpenBlock {
  readonly id: string;
  /** Returns the provider's own block, in its current state. */
  readonly toolCall: () => unknown;
  /** The input so far, if it does not arrive as text. */
  readonly partial?: (() => unknown) | undefined;
  /** Told of the error of a call that fails, before anybody sees it. */
  readonly onFailure?: ((error: ToolInputError) => void) | undefined;
}

/** A call, from the start of its block to the end. @internal */
export interface OpenCall {
  /** The call in its current state. */
  readonly current: StreamingToolCall | ToolCall | FailedToolCall;
  /** Adds to the input. Nothing is parsed until `args` is read. */
  push(fragment: string): StreamingToolCall;
  /**
   * Ends the input. Never throws or rejects; returns a promise only if the schema is asynchronous, the same one if it is
   * called again.
   *
   * @param text - The whole input.
   * @param input - The whole input, parsed; undefined if it is not a JSON object. Undefined beside an empty text stands
   *   for `{}`. It is not changed, and not kept.
   */
  close(text: string, input: unknown): ToolCall | FailedToolCall | Promise<ToolCall | FailedToolCall>;
  /** The message ended before the input did. */
  truncate(text: string): FailedToolCall;
  /** Waits no longer for an asynchronous schema: input that it has not accepted is invalid. */
  abandon(): void;
}

/** Says of the arguments of a call whether a person has to agree. */
export type ApprovalCheck<Args> = (args: Args) => boolean | Promise<boolean>;

/** What a tool does with its input. @internal */
export interface ToolBehavior {
  /** The tool's name. */
  readonly name: string;
  /** Whether an agent may run it while the reply is still streaming. */
  readonly runEarly?: boolean | undefined;
  /** Whether a person has to agree before it runs. */
  readonly needsApproval?: boolean | ApprovalCheck<never> | undefined;
  "~validate"(input: Record<string, unknown>): Validation | Promise<Validation>;
  "~run"(args: unknown, context: ToolContext): unknown;
  /** The result that the model is sent for a call, made of its output. */
  "~result"(id: string, output: unknown): ToolResult;
}

/** Begins a call. @internal */
export function openCall(tool: ToolBehavior, block: OpenBlock): OpenCall {
  const input = new ArrivingInput();
  let current: OpenCall["current"] = new StreamingCall(tool, block, "", input);
  let closing: Promise<ToolCall | FailedToolCall> | null = null;

  const fail = (state: "invalid" | "truncated", text: string, reason: Failure): FailedToolCall =>
    failedCall(tool, block, state, text, reason);
  const settle = (text: string, validation: Validation): ToolCall | FailedToolCall =>
    validation.issues === undefined
      ? completeCall(tool, block, text, validation.value)
      : fail("invalid", text, validation);

  return {
    get current() {
      return current;
    },
    push(fragment) {
      input.push(fragment);
      const call = new StreamingCall(tool, block, fragment, input);
      current = call;
      return call;
    },
    close(text, parsed) {
      if (closing !== null) return closing;
      const value = parsed === undefined && text === "" ? {} : parsed;
      if (!isObject(value)) return (current = fail("invalid", text, NOT_AN_OBJECT));
      // Later requests hold the input again, and writing it would overflow the stack.
      if (isDeeper(value, DEEPEST)) return (current = fail("invalid", text, TOO_DEEP));
      // The message holds it, too, and is sent back.
      keepNumbers(value, text);
      // The message keeps the original. Tools and validators may change what they are given.
      const validation = tool["~validate"](copyOf(value));
      if (!("then" in validation)) return (current = settle(text, validation));
      return (closing = validation.then((settled) =>
        current.state === "streaming" ? (current = settle(text, settled)) : current,
      ));
    },
    truncate(text) {
      return (current = fail("truncated", text, { issues: [] }));
    },
    abandon() {
      if (closing !== null && current.state === "streaming") current = fail("invalid", current.text, UNDECIDED);
    },
  };
}

type Failure = Extract<Validation, { readonly issues: readonly unknown[] }>;

const NOT_AN_OBJECT: Failure = { issues: [{ message: "The input is not a JSON object.", path: [] }] };
const TOO_DEEP: Failure = { issues: [{ message: `The input is nested deeper than ${DEEPEST} levels.`, path: [] }] };

const UNDECIDED: Failure = { issues: [{ message: "The call was stopped before the input was validated.", path: [] }] };

/** Input that is still arriving. Fragments are only collected, and parsed when someone asks for the value. */
class ArrivingInput {
  text = "";
  readonly #parser = incrementalJson();
  #unparsed = "";
  #isBroken = false;

  push(fragment: string): void {
    this.text += fragment;
    // Kept apart from the text: cutting a long string that was built from pieces copies it each time.
    if (!this.#isBroken) this.#unparsed += fragment;
  }

  /** The input so far. Once it turns out not to be JSON, the value stays as it was before. */
  read(): unknown {
    const unparsed = this.#unparsed;
    this.#unparsed = "";
    try {
      if (unparsed !== "") this.#parser.push(unparsed);
    } catch {
      this.#isBroken = true;
    }
    return objectOf(this.#parser.snapshot());
  }
}

function objectOf(value: unknown): object {
  return isObject(value) ? value : {};
}

/** A class, because there is one for each fragment, and creating an object literal with getters takes 50 times as long. */
class StreamingCall implements StreamingToolCall {
  readonly name: string;
  readonly id: string;
  readonly state = "streaming";
  readonly delta: string;
  readonly text: string;
  readonly error = null;
  readonly #tool: ToolBehavior;
  readonly #block: OpenBlock;
  readonly #input: ArrivingInput;
  #args: unknown;

  constructor(tool: ToolBehavior, block: OpenBlock, delta: string, input: ArrivingInput) {
    this.name = tool.name;
    this.id = block.id;
    this.delta = delta;
    this.text = input.text;
    this.#tool = tool;
    this.#block = block;
    this.#input = input;
  }

  get args(): unknown {
    const { partial } = this.#block;
    this.#args ??= partial === undefined ? this.#input.read() : objectOf(partial());
    return this.#args;
  }

  get toolCall(): unknown {
    return this.#block.toolCall();
  }

  "~result"(output: unknown): ToolResult {
    return this.#tool["~result"](this.id, output);
  }

  toJSON(): object {
    const { id, name, state, args, delta } = this;
    return { id, name, state, args, delta };
  }
}

// Once for all, for the same reason.
inspectable(StreamingCall.prototype, "ToolCall");

function completeCall(tool: ToolBehavior, block: OpenBlock, text: string, args: unknown): ToolCall {
  let needs: Promise<boolean> | undefined;
  const call: ToolCall = {
    name: tool.name,
    id: block.id,
    state: "complete",
    args,
    delta: null,
    text,
    error: null,
    get toolCall() {
      return block.toolCall();
    },
    "~result": (output) => tool["~result"](block.id, output),
    "~early": tool.runEarly,
    "~asks": Boolean(tool.needsApproval),
    needsApproval: () => (needs ??= isToBeApproved(tool, args)),
    async call({ signal = new AbortController().signal } = {}) {
      signal.throwIfAborted();
      return await tool["~run"](copyOf(args), { signal });
    },
  };
  const shown = ({ id, name, state }: ToolCall): object => ({ id, name, state, args });
  return shownAs(call, "ToolCall", shown, ({ id, name, state }) => ({ id, name, state, args: jsonData(args) }));
}

async function isToBeApproved({ needsApproval }: ToolBehavior, args: unknown): Promise<boolean> {
  // It takes what the schema gives, which these are.
  const asked = needsApproval as boolean | ApprovalCheck<unknown> | undefined;
  return Boolean(typeof asked === "function" ? await asked(copyOf(args)) : asked);
}

function failedCall(
  tool: ToolBehavior,
  block: OpenBlock,
  state: "invalid" | "truncated",
  text: string,
  reason: Failure,
): FailedToolCall {
  const error = new ToolInputError({ ...reason, toolName: tool.name, toolCallId: block.id, state, text });
  block.onFailure?.(error);
  const call: FailedToolCall = {
    name: tool.name,
    id: block.id,
    state,
    text,
    error,
    get toolCall() {
      return block.toolCall();
    },
    "~result": (output) => tool["~result"](block.id, output),
  };
  return shownAs(call, "ToolCall", ({ id, name, error }) => ({ id, name, state, text, error: String(error) }));
}
