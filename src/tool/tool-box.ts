import type { AnyToolCall } from "./pair.ts";
import type { AnyTool } from "./tool.ts";
import type { OpenCall } from "./tool-call.ts";
import type { ToolInputError } from "./tool-input-error.ts";

/** A tool that the model asks for, as the message holds it. */
export interface ToolInput {
  readonly id: string;
  readonly name: string;
  /** The provider's own block, as it is when read. */
  readonly block: unknown;
  /** The input as the model wrote it. */
  readonly text: string;
  /** Its value once it is complete; undefined where the text is no JSON object. */
  readonly value: unknown;
  /** `truncated`: the message was cut before the input was complete. */
  readonly state: "streaming" | "complete" | "invalid" | "truncated";
  /** The value so far, if it does not arrive as text. What was given does not change any more. */
  readonly partial?: unknown;
}

/** What an event did to the input of a tool. */
export interface ToolUpdate {
  readonly input: ToolInput;
  /** What it added to the text; null where it completed the input. */
  readonly fragment: string | null;
}

/** The declared tools of a call, and what the model has asked of them so far. */
export class ToolBox {
  /** The tools themselves. */
  readonly types: readonly AnyTool[];
  /** Told of the error of each call that fails, before anybody sees it. */
  onFailure: (error: ToolInputError) => void = () => {};
  readonly #tools: ReadonlyMap<string, AnyTool>;
  /** Whether calls are given while their input still streams, too. */
  readonly isPartial: boolean;
  readonly #calls = new Map<ToolInput, OpenCall>();

  constructor(tools: readonly AnyTool[], isPartial: boolean) {
    this.types = tools;
    this.#tools = new Map(tools.map((tool) => [tool.name, tool]));
    this.isPartial = isPartial;
  }

  /** What an event did: a call that is complete now, or, if they were asked for, one that streams; else null. */
  apply({ input, fragment }: ToolUpdate): AnyToolCall | Promise<AnyToolCall> | null {
    const call = this.#callOf(input);
    if (call === undefined) return null;
    // A block that ends twice is no second call.
    if (fragment === null) return call.current.state === "streaming" ? call.close(input.text, input.value) : null;
    const streaming = call.push(fragment);
    return this.isPartial ? streaming : null;
  }

  /**
   * The calls of the message, in its order. Tools that were not declared are in the message alone.
   *
   * @param isOver - No input will be added: what is not complete was cut.
   */
  calls(inputs: readonly ToolInput[], isOver: boolean): AnyToolCall[] {
    return inputs.flatMap((input) => {
      const call = this.#callOf(input);
      if (call === undefined) return [];
      const { state } = call.current;
      // What was taken for invalid JSON may turn out to be input that was cut.
      const isCut = input.state === "truncated" && state === "invalid";
      if (state !== "streaming" && !isCut) return call.current;
      if (input.state === "truncated" || (isOver && input.state === "streaming")) return call.truncate(input.text);
      // The reader left before the pair with the whole input was handed out.
      if (isOver) void call.close(input.text, input.value);
      return call.current;
    });
  }

  /** Waits no longer for asynchronous schemas: input that they have not accepted is invalid. */
  abandon(): void {
    for (const call of this.#calls.values()) call.abandon();
  }

  #callOf(input: ToolInput): OpenCall | undefined {
    const known = this.#calls.get(input);
    if (known !== undefined) return known;
    const partial = "partial" in input ? () => input.partial : undefined;
    const call = this.#tools.get(input.name)?.["~open"]({
      id: input.id,
      toolCall: () => input.block,
      partial,
      onFailure: (error) => this.onFailure(error),
    });
    if (call !== undefined) this.#calls.set(input, call);
    return call;
  }
}
