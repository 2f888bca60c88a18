import type { AgentToolResult, Recovery, ResponseChunk } from "../../provider/chunk.ts";
import type { CommonFinishReason } from "../../provider/native.ts";
import { inspectable } from "../../json/inspectable.ts";
import { field, isObject, type JsonObject, stringField } from "../../json/object.ts";
import type { ChunkParts } from "../../provider/provider.ts";
import { deltaEvent, type DeltaTarget } from "./delta.ts";
import type { MessageBlock } from "./message-block.ts";
import type { AnthropicNative } from "./native.ts";
import type { CostMetadata } from "./price.ts";
import { anthropicUsage, costOf, type Usage } from "./usage.ts";
import { commonFinishReason, isStopReason } from "./finish-reason.ts";
import { type MessageDeltaUsage, readEventUsage, readUsage } from "./message-usage.ts";
import { textOf } from "./view.ts";
import type { AnthropicEvent, FinishReason } from "./wire.ts";

/** A chunk of a pair of the library's own, without an event of Anthropic's: it has a `recovery` or a `toolResult`. */
export type AnthropicOwnChunk = Omit<AnthropicCallResponseChunk, "chunk"> & { readonly chunk: null };

/**
 * One event of an Anthropic stream. It may be kept: everything is read from the event or, if that is one of a run of like
 * events, from the text in which it differs.
 *
 * @example
 * ```ts
 * import { call } from "millrace/anthropic";
 *
 * const think = call("claude-haiku-5-5", { stream: true }, (question: string) => question);
 * for await (const [chunk] of think("Why is the sky blue?")) {
 *   if (chunk.chunk.type === "content_block_start") console.log(chunk.chunk.content_block.type);
 *   process.stdout.write(chunk.content);
 * }
 * ```
 */
export class AnthropicCallResponseChunk implements ResponseChunk {
  /** The text that this event adds, or `""`. */
  readonly content: string;
  /** The thinking that this event adds, or `""`. */
  readonly thinking: string;
  /** Set if another request has taken over, else null. */
  readonly recovery: Recovery | null;
  /** @internal */
  readonly "~run": DeltaTarget | null;
  /** @internal */
  readonly "~values": string;
  readonly #event: AnthropicEvent | null;

  /** @internal */
  constructor(
    content: string,
    thinking: string,
    event: AnthropicEvent | null,
    target: DeltaTarget | null = null,
    text = "",
    recovery: Recovery | null = null,
  ) {
    this.content = content;
    this.thinking = thinking;
    this.recovery = recovery;
    this.#event = event;
    this["~run"] = target;
    this["~values"] = text;
  }

  /** Tells a chunk of this provider from those of others. */
  get provider(): "anthropic" {
    return "anthropic";
  }

  /** Set if an agent reports what one of its tools gave, else null. */
  get toolResult(): AgentToolResult | null {
    return null;
  }

  /**
   * The native event, equal to what `JSON.parse` gives for the frame's data; null if this chunk has a `recovery`. Without a
   * `type` of its own, it has the name of the frame.
   */
  get chunk(): AnthropicEvent {
    // Its type says nothing of recoveries: most streams have none, and their readers would have to ask all the same.
    const target = this["~run"];
    return target === null ? (this.#event as AnthropicEvent) : nativeEvent(deltaEvent(target, this["~values"]));
  }

  /** The signature that this event carries, or null. */
  get signature(): string | null {
    const delta = field(this.#event, "delta");
    return field(delta, "type") === "signature_delta" ? stringField(delta, "signature") : null;
  }

  /** The message's id, on the event that starts it; else null. */
  get id(): string | null {
    return stringField(this.#startMessage(), "id");
  }

  /** The model, on the event that starts the message; else null. */
  get model(): string | null {
    return stringField(this.#startMessage(), "model");
  }

  /** The stop reason that this event carries, in a list; empty where it carries none. */
  get finishReasons(): readonly FinishReason[] {
    const reason = this.#find("stop_reason", isStopReason);
    return reason === undefined ? [] : [reason];
  }

  /** The stop reason in words that all providers share. */
  get commonFinishReasons(): readonly CommonFinishReason[] {
    return this.finishReasons.map(commonFinishReason);
  }

  /** The usage that this event carries, or null. Counts are cumulative: a later one replaces an earlier one. */
  get usage(): MessageDeltaUsage | null {
    return readEventUsage(this.#find("usage", isObject));
  }

  /** The usage that this event carries, in words that all providers share, or null. */
  get commonUsage(): Usage | null {
    const { usage } = this;
    return usage && anthropicUsage(readUsage(usage), "partial");
  }

  /** Input tokens as this event reports them, or null. */
  get inputTokens(): number | null {
    return this.usage?.input_tokens ?? null;
  }

  /** Cache reads as this event reports them, or null. */
  get cachedTokens(): number | null {
    return this.usage?.cache_read_input_tokens ?? null;
  }

  /** Output tokens as this event reports them, or null. */
  get outputTokens(): number | null {
    return this.usage?.output_tokens ?? null;
  }

  /**
   * What the usage of this event costs, by the built-in prices; null for events other than the one that starts the
   * message, since they do not name the model. The stream's `costMetadata` is that of the whole call, at any time.
   */
  get costMetadata(): CostMetadata | null {
    const { model, usage } = this;
    return model === null || usage === null ? null : costOf({ model, usage: readUsage(usage) });
  }

  /** The text that this event adds. */
  toString(): string {
    return this.content;
  }

  /** What `console.log` shows, and `JSON.stringify` gives: the text and the native event, or why there is none. */
  toJSON(): object {
    const { content, thinking, finishReasons, usage, chunk, recovery, toolResult } = this;
    return {
      content,
      thinking,
      finishReasons,
      usage,
      chunk,
      ...(recovery && { recovery: { ...recovery, cause: String(recovery.cause) } }),
      ...(toolResult && { toolResult }),
    };
  }

  #startMessage(): unknown {
    return field(this.#event, "message");
  }

  /** A field in one of the places that servers have for what describes the whole message. */
  #find<V>(name: string, isFit: (value: unknown) => value is V): V | undefined {
    const places = [this.#event, this.#startMessage(), field(this.#event, "delta")];
    return places.map((place) => field(place, name)).find(isFit);
  }
}

// Once for all: there is one for each event.
inspectable(AnthropicCallResponseChunk.prototype);

/** The chunk with these parts. */
export function createChunk(parts: ChunkParts<AnthropicNative>): AnthropicCallResponseChunk {
  const { content, thinking, event, recovery } = parts;
  return new AnthropicCallResponseChunk(content, thinking, event, null, "", recovery);
}

/**
 * The chunk of a delta that appends to a block. Without its event, that is made when it is asked for.
 *
 * Only the text of text blocks is part of `content`, and only the thinking of thinking blocks of `thinking`.
 */
export function deltaChunk(
  { block }: Pick<MessageBlock, "block">,
  target: DeltaTarget,
  text: string,
  event: JsonObject | null = null,
): AnthropicCallResponseChunk {
  const shown = block["type"] === target.field && target.field;
  const content = shown === "text" ? text : "";
  const thinking = shown === "thinking" ? text : "";
  return new AnthropicCallResponseChunk(content, thinking, event && nativeEvent(event), event ? null : target, text);
}

/** The chunk of any other event. `type` says where its text is: empty if nothing of it is shown. */
export function eventChunk(type: string, event: JsonObject): AnthropicCallResponseChunk {
  // Text may come whole, in the event that starts its block or its message.
  const startsBlock = type === "content_block_start";
  const blocks = startsBlock
    ? [event["content_block"]]
    : type === "message_start" && field(event["message"], "content");
  return new AnthropicCallResponseChunk(textOf(blocks, "text"), textOf(blocks, "thinking"), nativeEvent(event));
}

/** What the wire sent, which nothing checks: an event of a known type, or one that AnthropicUnknownEvent stands for. */
function nativeEvent(event: JsonObject): AnthropicEvent {
  return event as unknown as AnthropicEvent;
}
