/** Usage as the Messages API reports it: platform.claude.com/docs/en/api/messages. */

import { isAmount } from "../../cost/price.ts";
import { field, isObject, type JsonObject } from "../../json/object.ts";
import type { Open } from "./open.ts";

/** Tokens written to the cache, by how long they are kept. */
export interface CacheCreation {
  readonly ephemeral_5m_input_tokens: number;
  readonly ephemeral_1h_input_tokens: number;
}

/** The tokens that one model spent on a request. */
export type TokenUsage = {
  /** Excludes tokens read from or written to the cache. */
  readonly input_tokens: number;
  /** Includes thinking. */
  readonly output_tokens: number;
  readonly cache_creation_input_tokens?: number | null | undefined;
  readonly cache_read_input_tokens?: number | null | undefined;
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
  readonly server_tool_use?: ServerToolUsage | null | undefined;
  readonly service_tier?: Open<"standard" | "priority" | "batch"> | null | undefined;
  readonly inference_geo?: string | null | undefined;
  readonly speed?: Open<"standard" | "fast"> | null | undefined;
  readonly iterations?: readonly UsageIteration[] | null | undefined;
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

/** Reads one field of something received: its value if that is of the declared type, undefined to leave it out. */
type FieldReader = (value: unknown) => unknown;
type Fields = Readonly<Record<string, FieldReader>>;

const isText = (value: unknown): boolean => typeof value === "string";
const nullable =
  (isDeclared: (value: unknown) => boolean): FieldReader =>
  (value) =>
    value === null || isDeclared(value) ? value : undefined;
const nested =
  (fields: Fields): FieldReader =>
  (value) => {
    if (!isObject(value)) return value === null ? value : undefined;
    return readFields(value, fields);
  };

const requiredCount: FieldReader = (value) => (isAmount(value) ? value : 0);
const count = nullable(isAmount);
const text = nullable(isText);

const TOKENS: Fields = {
  input_tokens: requiredCount,
  output_tokens: requiredCount,
  cache_creation_input_tokens: count,
  cache_read_input_tokens: count,
  cache_creation: nested({ ephemeral_5m_input_tokens: requiredCount, ephemeral_1h_input_tokens: requiredCount }),
};

const ITERATION: Fields = {
  ...TOKENS,
  type: (value) => (isText(value) ? value : "message"),
  // Not left out, or the step would be charged at the price of another model.
  model: (value) => (isText(value ?? "") ? value : ""),
};

const USAGE: Fields = {
  ...TOKENS,
  output_tokens_details: nullable((value) => isAmount(field(value, "thinking_tokens"))),
  server_tool_use: nested({ web_search_requests: count, web_fetch_requests: count }),
  service_tier: text,
  inference_geo: text,
  speed: text,
  iterations: (value) => {
    if (!Array.isArray(value)) return value === null ? value : undefined;
    return value.filter(isObject).map((step) => readFields(step, ITERATION));
  },
  fallback_credit: nullable((value) => isText(field(field(value, "status"), "type"))),
};

/**
 * Usage as received, held to its declared types. Required counts that are missing, or are not counts, become 0; other
 * declared fields of the wrong type are left out. Undeclared fields are kept.
 */
export function readUsage(received: unknown): AnthropicUsage {
  // Its declared fields have just been checked, one by one.
  return readFields(isObject(received) ? received : {}, USAGE) as AnthropicUsage & JsonObject;
}

function readFields(received: JsonObject, fields: Fields): JsonObject {
  const read = { ...received };
  for (const [name, readField] of Object.entries(fields)) {
    const value = readField(read[name]);
    if (value === undefined) delete read[name];
    else read[name] = value;
  }
  return read;
}
