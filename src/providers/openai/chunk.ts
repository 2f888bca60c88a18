import { inspectable } from "../../json/inspectable.ts";
import { field, isObject, type JsonObject, stringField } from "../../json/object.ts";
import type { AgentToolResult, Recovery, ResponseChunk } from "../../provider/chunk.ts";
import type { CommonFinishReason } from "../../provider/native.ts";
import type { ChunkParts } from "../../provider/provider.ts";
import type { OpenAICostMetadata } from "../openai-platform/price.ts";
import {
  costOf,
  openAIUsage,
  type OpenAIUsage as CommonUsage,
  readUsage,
  RESPONSES_NAMES,
} from "../openai-platform/usage.ts";
import { commonFinishReason, finishReasonOf } from "./finish-reason.ts";
import type { OpenAINative, SourcedUsage } from "./native.ts";
import { eventInRun, type RunValues, type TextRun } from "./text-run.ts";
import type { FinishReason, OpenAIEvent } from "./wire.ts";

/** A chunk of a pair of the library's own, without an event of OpenAI's: it has a `recovery` or a `toolResult`. */
export type OpenAIOwnChunk = Omit<OpenAICallResponseChunk, "chunk"> & { readonly chunk: null };

/**
 * One event of a stream of the Responses API. It may be kept.
 *
 * @example
 * ```ts
 * import { call } from "millrace/openai";
 *
 * const think = call("gpt-6-luna", { stream: true }, (question: string) => question);
 * for await (const [chunk] of think("Why is the sky blue?")) {
 *   if (chunk.chunk.type === "response.output_item.added") console.log(chunk.chunk.item.type);
 *   process.stdout.write(chunk.content);
 * }
 * ```
 */
export class OpenAICallResponseChunk implements ResponseChunk {
  /** The text that this event adds, or `""`. */
  readonly content: string;
  /** The thinking that this event adds, or `""`. */
  readonly thinking: string;
  /** Set if another request has taken over, else null. */
  readonly recovery: Recovery | null;
  readonly #given: OpenAIEvent | null;
  /** @internal */
  readonly "~run": TextRun | null;
  /** @internal */
  readonly "~values": RunValues;
  /** @internal */
  readonly "~at": number;

  /** @internal */
  constructor(
    content: string,
    thinking: string,
    event: OpenAIEvent | null,
    recovery: Recovery | null = null,
    run: TextRun | null = null,
    values: RunValues = [],
    at = 0,
  ) {
    this.content = content;
    this.thinking = thinking;
    this.recovery = recovery;
    this.#given = event;
    this["~run"] = run;
    this["~values"] = values;
    this["~at"] = at;
  }

  /** Tells a chunk of this provider from those of others. */
  get provider(): "openai" {
    return "openai";
  }

  /** Set if an agent reports what one of its tools gave, else null. */
  get toolResult(): AgentToolResult | null {
    return null;
  }

  /**
   * The native event, equal to what `JSON.parse` gives for the frame's data; null if this chunk has a `recovery`. Without a
   * `type` of its own, it has the name of the frame.
   */
  get chunk(): OpenAIEvent {
    // Its type says nothing of recoveries: most streams have none, and their readers would have to ask all the same.
    const run = this["~run"];
    return run === null ? (this.#given as OpenAIEvent) : nativeEvent(eventInRun(run, this["~values"], this["~at"]));
  }

  /** The refusal that this event adds, or `""`. */
  get refusal(): string {
    const isRefusal = field(this.chunk, "type") === "response.refusal.delta";
    return (isRefusal && stringField(this.chunk, "delta")) || "";
  }

  /** The response's id, on the events that have the response; else null. */
  get id(): string | null {
    return stringField(this.#response, "id");
  }

  /** The model, on the events that have the response; else null. */
  get model(): string | null {
    return stringField(this.#response, "model");
  }

  /** The finish reason that this event carries, in a list; empty where it carries none. */
  get finishReasons(): readonly FinishReason[] {
    const reason = finishReasonOf(this.#response);
    return reason === null ? [] : [reason];
  }

  /** The finish reason in words that all providers share. */
  get commonFinishReasons(): readonly CommonFinishReason[] {
    const reason = commonFinishReason(this.#response);
    return reason === null ? [] : [reason];
  }

  /** The usage that this event carries, or null: only the last one has it. */
  get usage(): SourcedUsage | null {
    const usage = field(this.#response, "usage");
    // Held to these types.
    return isObject(usage) ? (readUsage(usage, RESPONSES_NAMES, "reported", 0) as unknown as SourcedUsage) : null;
  }

  /** The usage that this event carries, in words that all providers share, or null. */
  get commonUsage(): CommonUsage | null {
    const { usage } = this;
    return usage && openAIUsage(usage, "reported");
  }

  /** Input tokens as this event reports them, those read from the cache excluded, or null. */
  get inputTokens(): number | null {
    return this.commonUsage?.inputTokens ?? null;
  }

  /** Cache reads as this event reports them, or null. */
  get cachedTokens(): number | null {
    return this.commonUsage?.cachedTokens ?? null;
  }

  /** Output tokens as this event reports them, or null. */
  get outputTokens(): number | null {
    return this.commonUsage?.outputTokens ?? null;
  }

  /** What the usage of this event costs, by the built-in prices; null where it has none. */
  get costMetadata(): OpenAICostMetadata | null {
    const { model, usage } = this;
    if (model === null || usage === null) return null;
    return costOf({ model, usage, serviceTier: stringField(this.#response, "service_tier") });
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

  get #response(): unknown {
    return field(this.chunk, "response");
  }
}

// Once for all: there is one for each event.
inspectable(OpenAICallResponseChunk.prototype);

/** The chunk with these parts. */
export function createChunk({ content, thinking, event, recovery }: ChunkParts<OpenAINative>): OpenAICallResponseChunk {
  return new OpenAICallResponseChunk(content, thinking, event, recovery);
}

/** What an event adds to the reply. */
type Added = Pick<OpenAICallResponseChunk, "content" | "thinking">;

/** The chunk of an event. */
export function eventChunk(event: JsonObject, { content, thinking }: Added): OpenAICallResponseChunk {
  return new OpenAICallResponseChunk(content, thinking, nativeEvent(event));
}

/** The chunk of an event in a run, with the values from a place on. */
export function chunkInRun(
  run: TextRun,
  values: RunValues,
  at: number,
  { content, thinking }: Added,
): OpenAICallResponseChunk {
  return new OpenAICallResponseChunk(content, thinking, null, null, run, values, at);
}

/** What the wire sent, which nothing checks. */
function nativeEvent(event: JsonObject): OpenAIEvent {
  return event as unknown as OpenAIEvent;
}
