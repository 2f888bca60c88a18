import type { CostMetadata, Prices } from "../../cost/price.ts";
import type { Usage } from "../../cost/usage.ts";
import type { CommonFinishReason, ResponseChunk } from "../../provider.ts";
import type { RecoveryEvent } from "../../stream/recovery.ts";
import { field, isObject, type JsonObject, stringField } from "../../json/object.ts";
import { deltaEvent, type DeltaTarget } from "./delta.ts";
import { anthropicCost, anthropicUsage } from "./usage.ts";
import { blockFields, commonFinishReason } from "./view.ts";
import type { AnthropicEvent, AnthropicUsage, FinishReason } from "./wire.ts";

/**
 * One event of an Anthropic stream. It may be kept: everything is read off the event, or, where it is one of a run of
 * like events, off what sets it apart from them.
 */
export class AnthropicCallResponseChunk implements ResponseChunk {
  /** The text that this event adds, or `""`. */
  readonly content: string;
  /** The thinking that this event adds, or `""`. */
  readonly thinking: string;
  readonly #event: AnthropicEvent | RecoveryEvent | null;
  readonly #target: DeltaTarget | null;
  readonly #text: string;

  /** @internal */
  constructor(
    content: string,
    thinking: string,
    event: AnthropicEvent | RecoveryEvent | null,
    target: DeltaTarget | null = null,
    text = "",
  ) {
    this.content = content;
    this.thinking = thinking;
    this.#event = event;
    this.#target = target;
    this.#text = text;
  }

  /**
   * The native event, equal to what `JSON.parse` gives for the frame's data; or ours, where another attempt took over:
   * `restart`, or `continue`.
   */
  get chunk(): AnthropicEvent | RecoveryEvent {
    // One of the two is there, and a delta is what the wire has.
    return this.#event ?? (deltaEvent(this.#target as DeltaTarget, this.#text) as unknown as AnthropicEvent);
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
    const reason = field(field(this.#event, "delta"), "stop_reason") ?? field(this.#startMessage(), "stop_reason");
    return typeof reason === "string" ? [reason] : [];
  }

  /** The stop reason in words that all providers share. */
  get commonFinishReasons(): readonly CommonFinishReason[] {
    return this.finishReasons.map(commonFinishReason);
  }

  /** The usage that this event carries, or null. Counts are cumulative: a later one replaces an earlier one. */
  get usage(): AnthropicUsage | null {
    const usage = field(this.#event, "usage") ?? field(this.#startMessage(), "usage");
    return isObject(usage) ? (usage as AnthropicUsage) : null;
  }

  /** The usage that this event carries, in words that all providers share, or null. */
  get commonUsage(): Usage | null {
    return this.usage === null ? null : anthropicUsage(this.usage, "partial");
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

  /** What the usage of this event comes to, or null: only the event that starts the message names the model. */
  costMetadata(prices?: Prices): CostMetadata | null {
    const { model, usage } = this;
    return model === null || usage === null ? null : anthropicCost({ model, usage, prices });
  }

  /** The text that this event adds. */
  toString(): string {
    return this.content;
  }

  #startMessage(): unknown {
    return field(this.#event, "message");
  }
}

/** The chunk of a delta that appends. Without its event, that is made where it is asked for. */
export function deltaChunk(
  target: DeltaTarget,
  text: string,
  event: JsonObject | null = null,
): AnthropicCallResponseChunk {
  const content = target.field === "text" ? text : "";
  const thinking = target.field === "thinking" ? text : "";
  return new AnthropicCallResponseChunk(content, thinking, event as AnthropicEvent | null, target, text);
}

/** The chunk of any other event. */
export function eventChunk(event: JsonObject): AnthropicCallResponseChunk {
  const { message, content_block: block } = event;
  // Text may come whole, in the event that starts its block or its message.
  const blocks = field(message, "content") ?? (block && [block]);
  const content = blockFields(blocks, "text").join("");
  // The event is what the wire says: of a known type, or one that AnthropicUnknownEvent stands for.
  const native = event as unknown as AnthropicEvent;
  return new AnthropicCallResponseChunk(content, blockFields(blocks, "thinking").join(""), native);
}
