import type { OpenAICostMetadata } from "../openai-platform/price.ts";
import { CHAT_NAMES, openAICost, openAIUsage, type OpenAIUsage, readUsage } from "../openai-platform/usage.ts";
import { inspectable } from "../../json/inspectable.ts";
import { field, isObject, type JsonObject, stringField } from "../../json/object.ts";
import type { AgentToolResult, Recovery, ResponseChunk } from "../../provider/chunk.ts";
import type { CommonFinishReason } from "../../provider/native.ts";
import type { ChunkParts } from "../../provider/provider.ts";
import { listOf } from "./fields.ts";
import { commonFinishReason, isFinishReason } from "./finish-reason.ts";
import { type OpenAIChatNative, type OpenAIChatUsage, PROVIDER } from "./native.ts";
import { eventInRun, type TextRun } from "./text-run.ts";
import type { ChatCompletionChunk, FinishReason } from "./wire.ts";

/** A chunk of a pair of the library's own, without an event of the server's: it has a `recovery` or a `toolResult`. */
export type OpenAIChatOwnChunk = Omit<OpenAIChatCallResponseChunk, "chunk"> & { readonly chunk: null };

/**
 * One event of a Chat Completions stream. It may be kept: everything is read from the event.
 *
 * @example
 * ```ts
 * import { call } from "millrace/openai/chat";
 *
 * const recommend = call("gpt-6.2-luna", { stream: true }, (genre: string) => `Recommend a ${genre} book`);
 * for await (const [chunk] of recommend("fantasy")) {
 *   process.stdout.write(chunk.content);
 *   if (chunk.usage) console.log(chunk.usage.completion_tokens);
 * }
 * ```
 */
export class OpenAIChatCallResponseChunk implements ResponseChunk {
  /** The text that this event adds to the first choice, or `""`. */
  readonly content: string;
  /** The reasoning that this event adds to the first choice, or `""`. */
  readonly thinking: string;
  /** Set if another request has taken over, else null. */
  readonly recovery: Recovery | null;
  readonly #given: ChatCompletionChunk | null;
  /** @internal */
  readonly "~run": TextRun | null;
  /** @internal */
  readonly "~values": readonly string[];
  /** @internal */
  readonly "~at": number;

  /** @internal */
  constructor(
    content: string,
    thinking: string,
    event: ChatCompletionChunk | null,
    recovery: Recovery | null = null,
    run: TextRun | null = null,
    values: readonly string[] = [],
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
  get provider(): typeof PROVIDER {
    return PROVIDER;
  }

  /** Set if an agent reports what one of its tools gave, else null. */
  get toolResult(): AgentToolResult | null {
    return null;
  }

  /** The native event, equal to what `JSON.parse` gives for the frame's data; null if this chunk has a `recovery`. */
  get chunk(): ChatCompletionChunk {
    // Its type says nothing of recoveries: most streams have none, and their readers would have to ask all the same.
    const run = this["~run"];
    return run === null
      ? (this.#given as ChatCompletionChunk)
      : nativeEvent(eventInRun(run, this["~values"], this["~at"]));
  }

  /** The refusal that this event adds to the first choice, or `""`. */
  get refusal(): string {
    return stringField(field(this.#first(), "delta"), "refusal") ?? "";
  }

  /** The reply's id, or null where the event has none. */
  get id(): string | null {
    return stringField(this.chunk, "id") || null;
  }

  /** The model that answers, or null where the event does not name it. */
  get model(): string | null {
    return stringField(this.chunk, "model") || null;
  }

  /** The finish reason that this event has for the first choice, in a list; empty where it has none. */
  get finishReasons(): readonly FinishReason[] {
    const reason = field(this.#first(), "finish_reason");
    return isFinishReason(reason) ? [reason] : [];
  }

  /** The finish reason in words that all providers share. */
  get commonFinishReasons(): readonly CommonFinishReason[] {
    return this.finishReasons.map(commonFinishReason);
  }

  /** The usage that this event carries, or null. It is that of the whole reply so far. */
  get usage(): OpenAIChatUsage | null {
    const usage = field(this.chunk, "usage") ?? field(field(this.chunk, "x_groq"), "usage");
    return isObject(usage) ? readUsage(usage, CHAT_NAMES, "partial", 0) : null;
  }

  /** The usage that this event carries, in words that all providers share, or null. */
  get commonUsage(): OpenAIUsage | null {
    const { usage } = this;
    return usage && openAIUsage(usage, "partial");
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

  /**
   * What the usage of this event costs: what the server says, else by the built-in prices; null where it has no usage, or
   * no price is known. The stream's `costMetadata` is that of the whole call, at any time.
   */
  get costMetadata(): OpenAICostMetadata | null {
    const { model, usage } = this;
    const serviceTier = stringField(this.chunk, "service_tier");
    return usage && openAICost({ model: model ?? "", usage, serviceTier });
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

  #first(): unknown {
    return listOf(field(this.chunk, "choices")).find((choice) => (field(choice, "index") ?? 0) === 0);
  }
}

// Once for all: there is one for each event.
inspectable(OpenAIChatCallResponseChunk.prototype);

/** The chunk with these parts. */
export function createChunk(parts: ChunkParts<OpenAIChatNative>): OpenAIChatCallResponseChunk {
  const { content, thinking, event, recovery } = parts;
  return new OpenAIChatCallResponseChunk(content, thinking, event, recovery);
}

/** The chunk of an event. */
export function chunkOf(event: JsonObject, content: string, thinking: string): OpenAIChatCallResponseChunk {
  return new OpenAIChatCallResponseChunk(content, thinking, nativeEvent(event));
}

/** The chunk of an event in a run. */
export function chunkInRun(run: TextRun, values: readonly string[], at: number): OpenAIChatCallResponseChunk {
  const { field } = run;
  const text = values[at] ?? "";
  const content = field === "content" ? text : "";
  const thinking = field === "reasoning" || field === "reasoning_content" ? text : "";
  return new OpenAIChatCallResponseChunk(content, thinking, null, null, run, values, at);
}

/** What the wire sent, which nothing checks. */
function nativeEvent(event: JsonObject): ChatCompletionChunk {
  return event as unknown as ChatCompletionChunk;
}
