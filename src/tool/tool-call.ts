/** The second half of a pair: a call of a tool by the model, while its input arrives and when it is there. */

import { isObject } from "../json/object.ts";
import { incrementalJson } from "../json/partial.ts";
import type { Validation } from "../schema/validate.ts";
import { ToolInputError } from "./tool-input-error.ts";
import { toolResult, type ToolResult } from "./tool-result.ts";

/** What a tool's function receives besides the input. */
export interface ToolContext {
  /** That of `call({ signal })`; one that never aborts, if none was given. */
  readonly signal: AbortSignal;
}

/** A call whose input is complete and valid. */
export interface ToolCall<out Name extends string = string, out Args = unknown, out Result = unknown> {
  readonly name: Name;
  /** The provider's id of this call. */
  readonly id: string;
  readonly state: "complete";
  /** The input, as the tool's schema puts it out. */
  readonly args: Args;
  /** Null on a finished call, which tells it from one that streams. */
  readonly delta: null;
  /** The input as the model wrote it; `""` stands for `{}`. */
  readonly text: string;
  readonly error: null;
  /** The provider's own block. */
  readonly toolCall: unknown;
  /** The result of this call, as the model is told of it. @internal */
  "~result"(output: unknown): ToolResult;
  /** An agent may run it while the reply still streams. @internal */
  readonly "~early"?: boolean | undefined;
  /**
   * Runs the tool's function. What that throws, rejects the promise; so does a signal that is aborted before.
   *
   * @example
   * ```ts
   * for await (const [, tool] of stream) {
   *   if (tool) console.log(await tool.call({ signal: AbortSignal.timeout(5_000) }));
   * }
   * ```
   */
  call(options?: { readonly signal?: AbortSignal | undefined }): Promise<Result>;
}

/** A call whose input still arrives. It cannot be called. */
export interface StreamingToolCall<out Name extends string = string, out Args = unknown> {
  readonly name: Name;
  readonly id: string;
  readonly state: "streaming";
  /**
   * The input so far, not validated: any part may be missing, and text may be cut. It is built when it is first read,
   * from what has arrived by then, and stays as it is.
   */
  readonly args: Args;
  /** What this event added to the text. */
  readonly delta: string;
  /** The input so far, as the model wrote it. */
  readonly text: string;
  readonly error: null;
  readonly toolCall: unknown;
  /** @internal */
  "~result"(output: unknown): ToolResult;
}

/** A call whose input cannot be used. It cannot be called, and pairs never hold it. */
export interface FailedToolCall<out Name extends string = string> {
  readonly name: Name;
  readonly id: string;
  /** `invalid`: no JSON object, or not what the schema takes. `truncated`: the message ended before the input did. */
  readonly state: "invalid" | "truncated";
  readonly text: string;
  /** What is wrong with it. */
  readonly error: ToolInputError;
  readonly toolCall: unknown;
  /** @internal */
  "~result"(output: unknown): ToolResult;
}

/** The block of the message that a call stands in. */
export interface OpenBlock {
  readonly id: string;
  /** The provider's own block, as it is when asked. */
  readonly toolCall: () => unknown;
  /** The input so far, if it does not arrive as text. */
  readonly partial?: (() => unknown) | undefined;
}

/** A call from its block's start to its end. */
export interface OpenCall {
  /** The call as it stands. */
  readonly current: StreamingToolCall | ToolCall | FailedToolCall;
  /** Adds to the input. Nothing is parsed before `args` is read. */
  push(fragment: string): StreamingToolCall;
  /**
   * The block closed. It never throws or rejects; only an asynchronous schema makes it a promise.
   *
   * @param text - The whole input.
   * @param input - The same, parsed, or undefined if it is no JSON object: then an empty text stands for `{}`. Parts of
   *   it may become the call's `args`, so that whoever keeps it should know that they can be changed.
   */
  close(text: string, input: unknown): ToolCall | FailedToolCall | Promise<ToolCall | FailedToolCall>;
  /** The message ended before the block did. */
  truncate(text: string): FailedToolCall;
}

/** What a tool does with its input. */
export interface ToolBehavior {
  readonly name: string;
  readonly runEarly?: boolean | undefined;
  "~validate"(input: Record<string, unknown>): Validation | Promise<Validation>;
  "~run"(args: unknown, context: ToolContext): unknown;
}

/** Begins a call. @internal */
export function openCall(tool: ToolBehavior, block: OpenBlock): OpenCall {
  const input = new ArrivingInput();
  let current: OpenCall["current"] = new StreamingCall(tool.name, block, "", input);

  const fail = (state: "invalid" | "truncated", text: string, reason: Failure): FailedToolCall =>
    failedCall(tool.name, block, state, text, reason);
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
      const call = new StreamingCall(tool.name, block, fragment, input);
      current = call;
      return call;
    },
    close(text, parsed) {
      const value = parsed === undefined && text === "" ? {} : parsed;
      if (!isObject(value)) return (current = fail("invalid", text, NO_OBJECT));
      const validation = tool["~validate"](value);
      if (!("then" in validation)) return (current = settle(text, validation));
      return validation.then((settled) => (current = settle(text, settled)));
    },
    truncate(text) {
      return (current = fail("truncated", text, { issues: [] }));
    },
  };
}

type Failure = Extract<Validation, { readonly issues: readonly unknown[] }>;

const NO_OBJECT: Failure = { issues: [{ message: "The input is no JSON object.", path: [] }] };

/** Input while it arrives. Fragments are only collected: what they say is parsed when somebody asks. */
class ArrivingInput {
  text = "";
  readonly #parser = incrementalJson();
  #unparsed = "";
  #isBroken = false;

  push(fragment: string): void {
    this.text += fragment;
    // Apart from the text, since that would be copied each time, were it cut.
    if (!this.#isBroken) this.#unparsed += fragment;
  }

  /** The input so far. Once it turns out not to be JSON, it stays as it was before. */
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

/** A class, since there is one for each fragment, and an object with getters of its own takes 50 times as long. */
class StreamingCall implements StreamingToolCall {
  readonly name: string;
  readonly id: string;
  readonly state = "streaming";
  readonly delta: string;
  readonly text: string;
  readonly error = null;
  readonly #block: OpenBlock;
  readonly #input: ArrivingInput;
  #args: unknown;

  constructor(name: string, block: OpenBlock, delta: string, input: ArrivingInput) {
    this.name = name;
    this.id = block.id;
    this.delta = delta;
    this.text = input.text;
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
    return toolResult(this.id, output);
  }

  /** With the args, which are no property of its own. */
  toJSON(): object {
    return { ...this, args: this.args };
  }
}

function completeCall(tool: ToolBehavior, block: OpenBlock, text: string, args: unknown): ToolCall {
  return {
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
    "~result": (output) => toolResult(block.id, output),
    "~early": tool.runEarly,
    async call({ signal = new AbortController().signal } = {}) {
      signal.throwIfAborted();
      return await tool["~run"](args, { signal });
    },
  };
}

function failedCall(
  toolName: string,
  block: OpenBlock,
  state: "invalid" | "truncated",
  text: string,
  reason: Failure,
): FailedToolCall {
  return {
    name: toolName,
    id: block.id,
    state,
    text,
    error: new ToolInputError({ ...reason, toolName, toolCallId: block.id, state, text }),
    get toolCall() {
      return block.toolCall();
    },
    "~result": (output) => toolResult(block.id, output),
  };
}
