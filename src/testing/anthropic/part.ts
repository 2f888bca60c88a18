/** The parts of a reply; platform.claude.com/docs/en/build-with-claude/streaming shows the events of each. */

import type { Citation } from "./citation.ts";
import type { JsonObject } from "./json.ts";
import { splitEvenly, splitWords } from "./split.ts";

/** A content block: what `content_block_start` holds, and the deltas that follow. Ids and signatures are filled in. */
export interface BlockPart {
  readonly kind: "block";
  readonly block: JsonObject;
  readonly deltas: readonly JsonObject[];
  /** Whether `content_block_stop` comes. */
  readonly stops: boolean;
}

/** An event that is sent as it is. */
export interface EventPart {
  readonly kind: "event";
  readonly event: JsonObject;
}

/** An `error` event: nothing follows it. */
export interface ErrorPart {
  readonly kind: "error";
  readonly type: string;
  readonly message: string;
}

/** A silence. */
export interface PausePart {
  readonly kind: "pause";
  readonly ms: number;
}

/** What a reply is made of. */
export type ReplyPart = BlockPart | EventPart | ErrorPart | PausePart;

/**
 * A content block of any kind that comes whole in its `content_block_start`: tool results, `container_upload`, kinds
 * that nobody knows yet. An `id` or a `tool_use_id` that is not given is filled in: the latter with the id of the last
 * tool that runs at Anthropic or on an MCP server.
 *
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
 * A text block, in deltas of a word each, or those given.
 *
 * @example
 * ```ts
 * import { reply, text } from "millrace/testing";
 * reply(text("Once upon a time"), text(["in ", "two deltas"]));
 * ```
 */
export function text(
  words: string | readonly string[],
  { citations }: { readonly citations?: readonly Citation[] | undefined } = {},
): BlockPart {
  const deltas = (typeof words === "string" ? splitWords(words) : words).map((text) => ({ type: "text_delta", text }));
  if (citations === undefined) return block({ type: "text", text: "" }, deltas);
  // As recorded: the citations come before the text that they belong to.
  const cited = citations.map((citation) => ({ type: "citations_delta", citation }));
  return block({ citations: [], type: "text", text: "" }, [...cited, ...deltas]);
}

/** Settings of {@link thinking}. */
export interface ThinkingOptions {
  /** The signature at its end; made up if not given. `""` is what some compatible servers send; `null`: none comes. */
  readonly signature?: string | null | undefined;
  /** Running estimates of its tokens, each in an empty delta of its own: beta `thinking-token-count-2026-05-13`. */
  readonly estimatedTokens?: readonly number[] | undefined;
}

/**
 * A thinking block. Without words it is what `display: "omitted"` gives: a signature alone.
 *
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

/** Thinking that comes encrypted, whole. */
export function redactedThinking(data = "EqkECkYIBxgCKkDyQWKPa3JlZGFjdGVk"): BlockPart {
  return block({ type: "redacted_thinking", data });
}

/** Settings of {@link toolUse}. */
export interface ToolUseOptions {
  /** The call's id; made up if not given. */
  readonly id?: string | undefined;
  /** Into how many deltas the input is cut, or the deltas themselves, verbatim: they need not be valid JSON. */
  readonly fragments?: number | readonly string[] | undefined;
  /** More fields of the block: `caller`, `toolset_name`. */
  readonly fields?: JsonObject | undefined;
}

/**
 * A call of a tool of the client's. Its input comes in pieces, after an empty one; of an empty input that is all.
 *
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

/** The deltas of a tool's input. */
export function inputDeltas(input: JsonObject, fragments?: number | readonly string[]): JsonObject[] {
  const json = Object.keys(input).length === 0 ? "" : JSON.stringify(input);
  const pieces = Array.isArray(fragments)
    ? fragments
    : ["", ...splitEvenly(json, Number(fragments ?? NaN) || undefined)];
  return pieces.map((partial_json: string) => ({ type: "input_json_delta", partial_json }));
}

/**
 * A summary of the conversation, in one delta: beta `compact-2026-01-12`. `null`: the compaction failed. With
 * `whole`, it comes in the block's start, as on demand: beta `compact-2026-09-04`.
 */
export function compaction(
  summary: string | null,
  { encrypted = null, whole = false }: { encrypted?: string | null | undefined; whole?: boolean | undefined } = {},
): BlockPart {
  const content = { content: summary, encrypted_content: encrypted };
  if (whole) return block({ type: "compaction", ...content });
  return block({ type: "compaction", content: null }, [{ type: "compaction_delta", ...content }]);
}

/** Another model goes on from here: beta `server-side-fallback-2026-07-01`. */
export function fallback(from: string, to: string, trigger?: JsonObject): BlockPart {
  return block({ type: "fallback", from: { model: from }, to: { model: to }, ...(trigger ? { trigger } : {}) });
}

/**
 * The block, cut off: only its first deltas, and no `content_block_stop`. That is how `max_tokens` ends a tool's input.
 *
 * @param deltas - How many of its deltas come; half of them if not given.
 * @example
 * ```ts
 * import { cut, reply, toolUse } from "millrace/testing";
 * reply(cut(toolUse("save", { text: "a long one" })), { stopReason: "max_tokens" });
 * ```
 */
export function cut(part: BlockPart, deltas = Math.ceil(part.deltas.length / 2)): BlockPart {
  return { ...part, deltas: part.deltas.slice(0, deltas), stops: false };
}

/** A `ping`. */
export function ping(): EventPart {
  return rawEvent({ type: "ping" });
}

/** An event that is sent as it is: an unknown one, a delta to nowhere, an early `message_delta`. */
export function rawEvent(event: JsonObject & { readonly type: string }): EventPart {
  return { kind: "event", event };
}

/** An error inside the stream, after status 200, where it ends; an error response, where nothing is streamed. */
export function errorEvent(type = "overloaded_error", message = "Overloaded"): ErrorPart {
  return { kind: "error", type, message };
}

/** A silence of so many milliseconds before the next event. */
export function pause(ms: number): PausePart {
  return { kind: "pause", ms };
}
