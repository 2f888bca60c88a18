import { estimateTokens } from "../estimate.ts";
import { isJsonObject, type JsonObject, textOf } from "../json.ts";
import type { BlockPart, ReplyPart } from "../part.ts";
import type { ReplyOptions } from "../script.ts";

/** A part of a reply, in terms that both APIs share. */
export type Output =
  | { readonly kind: "text" | "reasoning" | "refusal"; readonly pieces: readonly string[]; readonly fields: JsonObject }
  | Call
  | { readonly kind: "item"; readonly item: JsonObject }
  | { readonly kind: "event"; readonly event: JsonObject }
  | { readonly kind: "error"; readonly type: string; readonly message: string }
  | { readonly kind: "pause"; readonly ms: number };

/** A call of a tool. */
export interface Call {
  readonly kind: "call";
  readonly type: "function" | "custom";
  readonly name: string;
  /** Undefined if the script gives none. */
  readonly id: string | undefined;
  /** The arguments, or the free text. */
  readonly pieces: readonly string[];
  /** Whether all of it is sent. */
  readonly isWhole: boolean;
  readonly fields: JsonObject;
}

/** The outputs that the parts of a script stand for: text, thinking and calls as all APIs have them, and items as they are. */
export function outputsOf(parts: readonly ReplyPart[]): readonly Output[] {
  return parts.map((part) => {
    if (part.kind === "pause") return part;
    if (part.kind === "event") return { kind: "event", event: part.event };
    return part.kind === "error" ? part : blockOutput(part);
  });
}

function blockOutput({ block, deltas, stops }: BlockPart): Output {
  const { type, id, name, ...rest } = block;
  const pieces = (field: string): readonly string[] =>
    deltas.flatMap((delta) => (typeof delta[field] === "string" ? [delta[field]] : []));
  if (type === "text") {
    const { text: _, citations: _citations, ...fields } = rest;
    return { kind: "text", pieces: pieces("text"), fields };
  }
  if (type === "refusal") return { kind: "refusal", pieces: pieces("refusal"), fields: {} };
  if (type === "thinking") {
    return { kind: "reasoning", pieces: pieces("thinking").filter((piece) => piece !== ""), fields: {} };
  }
  if (type === "tool_use" || type === "custom_tool_use") {
    const { input: _, ...fields } = rest;
    return {
      kind: "call",
      type: type === "tool_use" ? "function" : "custom",
      name: textOf(name),
      id: typeof id === "string" ? id : undefined,
      pieces: callPieces(type, pieces("partial_json"), stops),
      isWhole: stops,
      fields,
    };
  }
  return { kind: "item", item: block };
}

/** The first delta of a call is empty at Anthropic, and input that is empty has no other. */
function callPieces(type: unknown, pieces: readonly string[], stops: boolean): readonly string[] {
  const written = pieces.filter((piece) => piece !== "");
  return written.length === 0 && stops && type === "tool_use" ? ["{}"] : written;
}

/** Why a reply ended, in the words of Chat Completions. Those of the Messages API are translated. */
const FINISH: Readonly<Record<string, string>> = {
  end_turn: "stop",
  stop_sequence: "stop",
  refusal: "stop",
  max_tokens: "length",
  model_context_window_exceeded: "length",
  tool_use: "tool_calls",
};

/** Why a reply ends; null if it says so nowhere. */
export function finishOf(outputs: readonly Output[], { stopReason }: Pick<ReplyOptions, "stopReason">): string | null {
  if (stopReason === null) return null;
  if (stopReason !== undefined) return FINISH[stopReason] ?? stopReason;
  if (outputs.some((output) => output.kind === "call" && !output.isWhole)) return "length";
  return outputs.some(({ kind }) => kind === "call") ? "tool_calls" : "stop";
}

/** The tokens that a reply takes, in terms that both APIs share. */
export interface Counted {
  readonly input: number;
  readonly cached: number;
  readonly written: number;
  readonly output: number;
  readonly reasoning: number;
  /** Fields of usage that both APIs lack, such as `cost`. */
  readonly more: JsonObject;
}

/**
 * Counts the tokens that a reply takes. They are estimates unless the script gives them, under the names of the Messages API
 * or of either of OpenAI's.
 */
export function countedUsage(outputs: readonly Output[], { usage = {} }: ReplyOptions, inputTokens: number): Counted {
  const { input_tokens, output_tokens, cache_read_input_tokens, cache_creation_input_tokens, ...others } = usage;
  const { prompt_tokens, completion_tokens, reasoning_tokens, ...more }: JsonObject = others;
  const count = (...given: readonly unknown[]): number => Number(given.find((value) => value !== undefined));
  const tokensOf = (kinds: readonly string[]): number =>
    outputs.reduce((sum, output) => sum + (kinds.includes(output.kind) ? tokensIn(output) : 0), 0);
  const reasoning = count(reasoning_tokens, tokensOf(["reasoning"]));
  return {
    input: count(prompt_tokens, input_tokens, inputTokens),
    cached: cache_read_input_tokens ?? 0,
    written: cache_creation_input_tokens ?? 0,
    output: count(completion_tokens, output_tokens, tokensOf(["text", "refusal", "call"]) + reasoning),
    reasoning,
    more,
  };
}

function tokensIn(output: Output): number {
  const pieces = "pieces" in output ? output.pieces : [];
  return estimateTokens(pieces) + 1;
}

/** The last text that a user wrote in a list of messages or items. */
export function lastText(list: unknown): string {
  if (typeof list === "string") return list;
  const content: unknown = Array.isArray(list)
    ? list.findLast((item) => isJsonObject(item) && "content" in item)
    : null;
  const parts = isJsonObject(content) ? content["content"] : "";
  if (typeof parts === "string") return parts;
  return (Array.isArray(parts) ? parts : [])
    .map((part: unknown) => (isJsonObject(part) && typeof part["text"] === "string" ? part["text"] : ""))
    .join(" ");
}
