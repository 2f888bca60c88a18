/** Usage as the Messages API reports it: platform.claude.com/docs/en/api/messages. */

import { isAmount } from "../../cost/price.ts";
import { defined, field, isObject, type JsonObject } from "../../json/object.ts";
import type { Open } from "./open.ts";

/** Tokens written to the cache, by how long they are kept. */
export interface CacheCreation {
  /** For five minutes. */
  readonly ephemeral_5m_input_tokens: number;
  /** For an hour. */
  readonly ephemeral_1h_input_tokens: number;
}

/** The tokens that one model spent on a request. */
export type TokenUsage = {
  /** Excludes tokens read from or written to the cache. */
  readonly input_tokens: number;
  /** Includes thinking. */
  readonly output_tokens: number;
  /** Written to the cache. */
  readonly cache_creation_input_tokens?: number | null | undefined;
  /** Read from the cache. */
  readonly cache_read_input_tokens?: number | null | undefined;
  /** What was written to the cache, by how long it is kept. */
  readonly cache_creation?: CacheCreation | null | undefined;
};

/** One step of a reply that took several. Beta. */
export type UsageIteration = TokenUsage & {
  readonly type: Open<"message" | "compaction" | "advisor_message" | "fallback_message">;
  /** The request's model if absent or null. */
  readonly model?: string | null | undefined;
};

/**
 * What a reply used. Counts are cumulative, so a later one replaces an earlier one. The counts beside `iterations`
 * exclude compaction and advisors, and after a fallback they describe the attempt that answered.
 */
export type AnthropicUsage = TokenUsage & {
  /** `thinking_tokens` are part of `output_tokens`. */
  readonly output_tokens_details?: { readonly thinking_tokens: number } | null | undefined;
  /** How many requests the tools that run at Anthropic served. */
  readonly server_tool_use?: ServerToolUsage | null | undefined;
  /** The capacity that was used. */
  readonly service_tier?: Open<"standard" | "priority" | "batch"> | null | undefined;
  /** Where the model ran. */
  readonly inference_geo?: string | null | undefined;
  /** Whether it was fast mode. */
  readonly speed?: Open<"standard" | "fast"> | null | undefined;
  /** The steps of a reply that took several. Beta. */
  readonly iterations?: readonly UsageIteration[] | null | undefined;
  /** What became of the request's `fallback_credit_token`. Beta. */
  readonly fallback_credit?: FallbackCredit | null | undefined;
};

/** How many requests the tools that run at Anthropic served. */
export interface ServerToolUsage {
  readonly web_search_requests?: number | null | undefined;
  readonly web_fetch_requests?: number | null | undefined;
}

/** What became of the request's `fallback_credit_token`. Beta `fallback-credit-2026-07-01`. */
export interface FallbackCredit {
  readonly status: {
    readonly type: Open<"redeemed" | "not_applied">;
    readonly reason?: string | undefined;
    readonly remove_to_redeem?: readonly string[] | null | undefined;
  };
}

/** The usage in a `message_delta`. Fields that are absent or null keep their earlier value. */
export type MessageDeltaUsage = { readonly [Key in keyof AnthropicUsage]?: AnthropicUsage[Key] | null | undefined };

/** Reads a field of something received: gives its value if that is of the declared type, undefined otherwise. */
type FieldReader = (value: unknown) => unknown;
type Fields = Readonly<Record<string, FieldReader>>;

/** A count, which some servers write as text; undefined if it is unusable. */
export function count(value: unknown): number | undefined {
  const read = typeof value === "string" ? +value : value;
  return isAmount(read) ? read : undefined;
}

const requiredCount: FieldReader = (value) => count(value) ?? 0;
const text: FieldReader = (value) => (typeof value === "string" ? value : undefined);
const nested =
  (fields: Fields): FieldReader =>
  (value) =>
    isObject(value) ? readFields(value, fields) : undefined;

const TOKENS: Fields = {
  input_tokens: requiredCount,
  output_tokens: requiredCount,
  cache_creation_input_tokens: count,
  cache_read_input_tokens: count,
  cache_creation: nested({ ephemeral_5m_input_tokens: requiredCount, ephemeral_1h_input_tokens: requiredCount }),
};

const ITERATION: Fields = {
  ...TOKENS,
  type: (value) => text(value) ?? "message",
  // Not left out, or the step would be charged at the price of another model.
  model: (value) => (value == null ? value : (text(value) ?? "")),
};

const USAGE: Fields = {
  ...TOKENS,
  output_tokens_details: (value) =>
    count(field(value, "thinking_tokens")) === undefined ? undefined : nested({ thinking_tokens: count })(value),
  server_tool_use: nested({ web_search_requests: count, web_fetch_requests: count }),
  service_tier: text,
  inference_geo: text,
  speed: text,
  iterations: (value) =>
    Array.isArray(value) ? value.filter(isObject).map((step) => readFields(step, ITERATION)) : undefined,
  fallback_credit: (value) => (text(field(field(value, "status"), "type")) === undefined ? undefined : value),
};

/**
 * Usage as received, held to its declared types. Required counts that are missing, or are not counts, become 0; other
 * declared fields of the wrong type are left out. Undeclared fields are kept.
 */
export function readUsage(received: unknown): AnthropicUsage {
  // Its declared fields have just been checked, one by one.
  return readFields(isObject(received) ? received : {}, USAGE) as AnthropicUsage & JsonObject;
}

/** The usage in one event, held to its declared types: fields that are missing, or of the wrong type, are left out. */
export function readEventUsage(received: JsonObject | undefined): MessageDeltaUsage | null {
  if (received === undefined) return null;
  const { input_tokens, output_tokens } = received;
  return defined({ ...readUsage(received), input_tokens: count(input_tokens), output_tokens: count(output_tokens) });
}

/** Null stands for a field that is not known: it stays, unless the field is required. */
function readFields(received: JsonObject, fields: Fields): JsonObject {
  const read = { ...received };
  for (const name in fields) {
    const value = fields[name]?.(read[name]);
    if (value !== undefined) read[name] = value;
    else if (read[name] !== null) delete read[name];
  }
  return read;
}
