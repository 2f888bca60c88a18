/**
 * The parts of a reply, in the form that the Messages API gives them: platform.claude.com/docs/en/build-with-claude/streaming
 * shows the events of each. Other fakes translate text, thinking and calls of tools.
 */

import type { Citation } from "./anthropic/citation.ts";
import type { JsonObject } from "./json.ts";
import { splitEvenly, splitWords } from "./split.ts";

/** A content block: the content of `content_block_start`, and the deltas after it. Ids and signatures are filled in. */
export interface BlockPart {
  readonly kind: "block";
  /** The content of its `content_block_start`. */
  readonly block: JsonObject;
  /** The deltas after that. */
  readonly deltas: readonly JsonObject[];
  /** Whether a `content_block_stop` follows. */
  readonly stops: boolean;
}

/** An event that is sent as given. */
export interface EventPart {
  readonly kind: "event";
  /** The event. */
  readonly event: JsonObject;
}

/** An `error` event. Nothing follows it. */
export interface ErrorPart {
  readonly kind: "error";
  /** The error's type, such as `overloaded_error`. */
  readonly type: string;
  /** The error's message. */
  readonly message: string;
}

/** A period of silence. */
export interface PausePart {
  readonly kind: "pause";
  /** Milliseconds. */
  readonly ms: number;
}

/** A part of a reply. */
export type ReplyPart = BlockPart | EventPart | ErrorPart | PausePart;

/**
 * Makes a content block of any kind: tool results, `container_upload`, kinds that do not exist yet. Without deltas, it is
 * sent whole in its `content_block_start`. An `id` or `tool_use_id` that is not given is filled in, the latter with the id
 * of the last call of a server tool or MCP tool.
 *
 * @param block - The block as it starts.
 * @param deltas - The deltas that follow, in order.
 * @example
 * ```ts
 * import { block, reply } from "millrace/testing";
 * reply(block({ type: "container_upload", file_id: "file_1" }), block({ type: "from_the_future", answer: 42 }));
 * ```
 */
export function block(block: JsonObject & { readonly type: string }, deltas: readonly JsonObject[] = []): BlockPart {
  return { kind: "block", block, deltas, stops: true };
}

/**
 * Makes a text block, sent one word per delta, or in the given deltas.
 *
 * @param words - The text, or the deltas that it comes in.
 * @param options - `citations`: what the text cites, made by `citation()`.
 * @example
 * ```ts
 * import { reply, text } from "millrace/testing";
 * reply(text("Once upon a time"), text(["in ", "two deltas"]));
 * ```
 */
export function text(
  words: string | readonly string[],
  options: { readonly citations?: readonly Citation[] | undefined } = {},
): BlockPart {
  const { citations } = options;
  const deltas = (typeof words === "string" ? splitWords(words) : words).map((text) => ({ type: "text_delta", text }));
  if (citations === undefined) return block({ type: "text", text: "" }, deltas);
  // As in recordings, citations come before the text that they belong to.
  const cited = citations.map((citation) => ({ type: "citations_delta", citation }));
  return block({ citations: [], type: "text", text: "" }, [...cited, ...deltas]);
}

/** Settings of {@link thinking}. */
export interface ThinkingOptions {
  /** The signature at its end. Generated if not given; `""` as from some compatible servers; `null` to send none. */
  readonly signature?: string | null | undefined;
  /** Running token estimates, each sent in its own empty delta. Beta `thinking-token-count-2026-05-13`. */
  readonly estimatedTokens?: readonly number[] | undefined;
}

/**
 * Makes a thinking block. Without words, it has only a signature, like one with `display: "omitted"`.
 *
 * @param words - The thinking, or the deltas that it comes in.
 * @param options - Its signature, and running estimates of its tokens.
 * @example
 * ```ts
 * import { reply, text, thinking } from "millrace/testing";
 * reply(thinking("Let me see."), text("Yes."));
 * ```
 */
export function thinking(words: string | readonly string[] = "", options: ThinkingOptions = {}): BlockPart {
  const { signature, estimatedTokens = [] } = options;
  return block({ type: "thinking", thinking: "", signature: "" }, [
    ...estimatedTokens.map((tokens) => ({ type: "thinking_delta", thinking: "", estimated_tokens: tokens })),
    ...(typeof words === "string" ? splitWords(words) : words).map((thinking) => ({
      type: "thinking_delta",
      thinking,
    })),
    ...(signature === null ? [] : [{ type: "signature_delta", ...(signature === undefined ? {} : { signature }) }]),
  ]);
}

/** Settings of {@link toolUse}. */
export interface ToolUseOptions {
  /** The call's id. Generated if not given. */
  readonly id?: string | undefined;
  /** The number of deltas to split the input into, or the deltas themselves, which need not be valid JSON. */
  readonly fragments?: number | readonly string[] | undefined;
  /** Additional fields of the block, such as `caller` or `toolset_name`. */
  readonly fields?: JsonObject | undefined;
}

/**
 * Makes a call of one of the client's tools. As from the API, its input comes in several deltas, the first of them empty.
 * Empty input is only that first delta.
 *
 * @param name - The tool's name.
 * @param input - The tool's input. Default: none.
 * @param options - The call's id, how the input is split, and additional fields of the block.
 * @example
 * ```ts
 * import { reply, toolUse } from "millrace/testing";
 * reply(toolUse("get_weather", { city: "Paris" }, { fragments: 3 }), toolUse("get_time"));
 * ```
 */
export function toolUse(name: string, input: JsonObject = {}, options: ToolUseOptions = {}): BlockPart {
  const { id, fragments, fields = {} } = options;
  return block(
    { type: "tool_use", ...(id === undefined ? {} : { id }), name, input: {}, ...fields },
    inputDeltas(input, fragments),
  );
}

/** The deltas that carry a tool's input. */
export function inputDeltas(input: JsonObject, fragments?: number | readonly string[]): JsonObject[] {
  const json = Object.keys(input).length === 0 ? "" : JSON.stringify(input);
  const pieces = Array.isArray(fragments)
    ? fragments
    : ["", ...splitEvenly(json, Number(fragments ?? NaN) || undefined)];
  return pieces.map((partial_json: string) => ({ type: "input_json_delta", partial_json }));
}

/**
 * Cuts a block off: only its first deltas are sent, and no `content_block_stop`. This is how `max_tokens` ends the input
 * of a tool.
 *
 * @param deltas - How many deltas to send. Default: half of them.
 * @param part - The block.
 * @example
 * ```ts
 * import { cut, reply, toolUse } from "millrace/testing";
 * reply(cut(toolUse("save", { text: "a long one" })), { stopReason: "max_tokens" });
 * ```
 */
export function cut(part: BlockPart, deltas = Math.ceil(part.deltas.length / 2)): BlockPart {
  return { ...part, deltas: part.deltas.slice(0, deltas), stops: false };
}

/**
 * Makes a `ping` event.
 *
 * @example
 * ```ts
 * import { ping, reply, text } from "millrace/testing";
 * reply(ping(), text("Hello"));
 * ```
 */
export function ping(): EventPart {
  return rawEvent({ type: "ping" });
}

/**
 * Makes an event that is sent as given, such as one of an unknown type, or a delta for a block that does not exist.
 *
 * @param event - The event, of any type.
 * @example
 * ```ts
 * import { rawEvent, reply, text } from "millrace/testing";
 * reply(rawEvent({ type: "from_the_future", answer: 42 }), text("Hello"));
 * ```
 */
export function rawEvent(event: JsonObject & { readonly type: string }): EventPart {
  return { kind: "event", event };
}

/**
 * Makes an `error` event, which ends the stream. If the reply is not streamed, it becomes an error response.
 *
 * @param type - The error's type.
 * @param message - The error's message.
 * @example
 * ```ts
 * import { errorEvent, reply, text } from "millrace/testing";
 * reply(text("Once upon"), errorEvent("api_error", "Internal server error"));
 * ```
 */
export function errorEvent(type = "overloaded_error", message = "Overloaded"): ErrorPart {
  return { kind: "error", type, message };
}

/**
 * Makes a silence of `ms` milliseconds before the next event.
 *
 * @param ms - How long, in milliseconds.
 * @example
 * ```ts
 * import { pause, reply, text } from "millrace/testing";
 * reply(text("Once"), pause(200), text(" upon a time"));
 * ```
 */
export function pause(ms: number): PausePart {
  return { kind: "pause", ms };
}
