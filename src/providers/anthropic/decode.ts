import { MalformedFrameError } from "../../errors.ts";
import { isObject, type JsonObject, tryParse } from "../../json/object.ts";
import type { Decoder } from "../../provider.ts";
import type { ToolInput, ToolUpdate } from "../../tool/tool-box.ts";
import type { SseReader } from "../../frame/sse-reader.ts";
import { type AnthropicCallResponseChunk, deltaChunk, eventChunk } from "./chunk.ts";
import { errorFromEvent } from "./errors.ts";
import { appended, deltaPrefix, type DeltaTarget } from "./delta.ts";
import { MessageAccumulator } from "./message.ts";
import type { AnthropicNative } from "./native.ts";
import { keptOf } from "./turn.ts";
import type { MessageParam } from "./params.ts";
import type { AnthropicMessage } from "./wire.ts";

const NO_UPDATES: readonly ToolUpdate[] = [];

/** About what a token comes to in English text; platform.claude.com/docs/en/about-claude/pricing. */
const CHARACTERS_PER_TOKEN = 4;

/** Strings that wait to go into the message together. */
const PIECES_KEPT = 256;

/** Turns frames and events of the Messages API into chunks, and accumulates their message. */
export class AnthropicDecoder implements Decoder<AnthropicNative, DeltaTarget> {
  done = false;
  readonly #accumulator = new MessageAccumulator();
  // The strings of like frames go into the message together, but not ahead of the chunks that were taken.
  #target: DeltaTarget | null = null;
  #run: readonly string[] = [];
  #taken = 0;
  // Begins with one: V8 takes an empty list for one of numbers, and compiles everything around it twice.
  readonly #pieces = [""];
  /** The chunk that was taken last, if it was one of a run; and the tool whose input the run adds to. */
  #latest: AnthropicCallResponseChunk | null = null;
  #input: ToolInput | null = null;
  /** How many characters they were, in all. */
  #written = 0;

  takeReady(): AnthropicCallResponseChunk | null {
    const text = this.#taken < this.#run.length ? this.#run[this.#taken++] : undefined;
    if (text === undefined || this.#target === null) return null;
    this.#pieces.push(text);
    this.#written += text.length;
    this.#latest = deltaChunk(this.#target, text);
    return this.#latest;
  }

  take(reader: SseReader<DeltaTarget>): AnthropicCallResponseChunk | null {
    let chunk = this.takeReady();
    while (chunk === null && !this.done && reader.advance()) {
      const { run } = reader;
      if (run === null) {
        chunk = this.#takeFrame(reader);
      } else {
        if (run !== this.#target || this.#pieces.length >= PIECES_KEPT) this.#settle();
        if (run !== this.#target) {
          const block = this.#accumulator.openBlockAt(run.index);
          this.#input = run.field === "partial_json" && block.isTool ? block : null;
        }
        this.#target = run;
        this.#run = reader.strings;
        this.#taken = 0;
        chunk = this.takeReady();
      }
    }
    return chunk;
  }

  toolUpdates(chunk: AnthropicCallResponseChunk): readonly ToolUpdate[] {
    // The short way again: most of what comes are fragments of the same input, or text.
    if (chunk === this.#latest) return updates(this.#input, this.#run[this.#taken - 1] ?? "");
    const event = chunk.chunk as unknown as JsonObject;
    const { type, index } = event;
    // A whole message says all at once.
    if (type === "message_start") {
      return this.toolInputs.filter(({ state }) => state !== "streaming").map((input) => ({ input, fragment: null }));
    }
    if (type === "content_block_stop") return updates(this.#toolAt(index), null);
    const delta = appended(event);
    return delta?.target.field === "partial_json" ? updates(this.#toolAt(index), delta.text) : NO_UPDATES;
  }

  get toolInputs(): readonly ToolInput[] {
    this.#settle();
    return this.#accumulator.blocks.filter(({ isTool }) => isTool);
  }

  get message(): AnthropicMessage | null {
    this.#settle();
    // Of the wire's shape: it is made of what the wire sends.
    return this.#accumulator.message as AnthropicMessage | null;
  }

  get kept(): MessageParam | null {
    return keptOf(this.message, this.#accumulator.blocks);
  }

  get stopped(): boolean {
    return this.#accumulator.stopped;
  }

  get hasContent(): boolean {
    return this.#written > 0 || this.#accumulator.hasContent;
  }

  get progress(): number {
    return this.#written + this.#accumulator.progress;
  }

  get canContinue(): boolean {
    const { blocks, message } = this.#accumulator;
    const isAsking = blocks.some(({ block, inputState }) => block["type"] === "tool_use" || inputState === "streaming");
    return !isAsking && message?.stop_reason !== "refusal";
  }

  get estimatedTokens(): number {
    return Math.ceil((this.#written + this.#accumulator.written) / CHARACTERS_PER_TOKEN);
  }

  #takeFrame(reader: SseReader<DeltaTarget>): AnthropicCallResponseChunk | null {
    const event = parseFrame(reader);
    if (event === null) return null;
    const type = typeof event["type"] === "string" ? event["type"] : reader.event;
    if (type === "ping") return null;
    // Some servers put an error into a frame without a type.
    if (type === "error" || (type === "" && "error" in event)) throw errorFromEvent(event);
    this.#settle();
    // A run that follows is looked at anew: this frame may have stopped its block.
    this.#target = null;
    this.#accumulator.apply(type, event);
    this.done = type === "message_stop";
    const delta = type === "content_block_delta" ? appended(event) : null;
    if (delta === null) return eventChunk(event);
    // Most deltas are followed by others of their kind, and the API writes them all alike.
    reader.expect(deltaPrefix(delta.target), delta.target);
    return deltaChunk(delta.target, delta.text, event);
  }

  /** The tool that a block asks for, or null. */
  #toolAt(index: unknown): ToolInput | null {
    const block = this.#accumulator.blockAt(index);
    return block.isTool ? block : null;
  }

  #settle(): void {
    if (this.#target === null || this.#pieces.length === 1) return;
    const text = this.#pieces.join("");
    this.#pieces.length = 1;
    this.#accumulator.append(this.#target.index, this.#target.field, text);
  }
}

function updates(input: ToolInput | null, fragment: string | null): readonly ToolUpdate[] {
  return input === null ? NO_UPDATES : [{ input, fragment }];
}

/** The frame's JSON; null for the mark of the end that some servers send, and for a frame that the end has cut. */
function parseFrame({ data, unterminated }: SseReader<DeltaTarget>): JsonObject | null {
  const event = tryParse(data);
  if (isObject(event)) return event;
  if (unterminated || data === "[DONE]") return null;
  throw new MalformedFrameError(data);
}
