import type { Random } from "../random.ts";
import { estimateTokens } from "../estimate.ts";
import type { JsonObject } from "../json.ts";
import type { BlockPart, ReplyPart } from "../part.ts";
import type { ReplyOptions, ReplyScript } from "../script.ts";
import type { WireEvent } from "../wire.ts";

/** What a reply depends on in the request. */
export interface Asked {
  readonly model: string;
  readonly inputTokens: number;
}

/** The id prefixes of blocks that have an id. */
const ID_PREFIX: Readonly<Record<string, string>> = {
  tool_use: "toolu_",
  server_tool_use: "srvtoolu_",
  mcp_tool_use: "mcptoolu_",
};

/** The events of a reply, as the API would send them. */
export function replyEvents({ parts, options }: ReplyScript, asked: Asked, random: Random): WireEvent[] {
  const wire: WireEvent[] = [];
  const usage = finalUsage(parts, options, asked);
  let pause = 0;
  const send = (...events: readonly JsonObject[]): void => {
    for (const data of events) {
      wire.push(pause === 0 ? { data } : { data, pause });
      pause = 0;
    }
  };
  send({ type: "message_start", message: startedMessage(options, usage, asked, random) });
  let index = 0;
  let lastToolId = "";
  for (const part of parts) {
    if (part.kind === "pause") pause += part.ms;
    else if (part.kind === "event") send(part.event);
    else if (part.kind === "error") {
      send({ type: "error", error: { type: part.type, message: part.message } });
      return wire;
    } else {
      const block = completeBlock(part.block, lastToolId, random);
      if (typeof block["id"] === "string" && block["type"] !== "tool_use") lastToolId = block["id"];
      send({ type: "content_block_start", index, content_block: block });
      if (index === 0 && (options.pings ?? true) === true) send({ type: "ping" });
      for (const delta of part.deltas)
        send({ type: "content_block_delta", index, delta: completeDelta(delta, random) });
      if (part.stops) send({ type: "content_block_stop", index });
      index++;
    }
  }
  send(messageDelta(parts, options, usage), { type: "message_stop" });
  return wire;
}

function startedMessage(options: ReplyOptions, usage: JsonObject, asked: Asked, random: Random): JsonObject {
  const { input_tokens, cache_creation_input_tokens, cache_read_input_tokens, cache_creation } = usage;
  // A small provisional count, like those in recordings. The real one comes with `message_delta`.
  const output_tokens = Math.min(1 + random.integer(8), Number(usage["output_tokens"]));
  return {
    model: options.model ?? asked.model,
    id: options.id ?? random.id("msg_"),
    type: "message",
    role: "assistant",
    content: [],
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
    usage: {
      input_tokens,
      cache_creation_input_tokens,
      cache_read_input_tokens,
      cache_creation: cache_creation ?? {
        ephemeral_5m_input_tokens: cache_creation_input_tokens,
        ephemeral_1h_input_tokens: 0,
      },
      output_tokens,
      service_tier: "standard",
      inference_geo: "global",
      ...options.startUsage,
    },
    ...options.message,
  };
}

function messageDelta(parts: readonly ReplyPart[], options: ReplyOptions, usage: JsonObject): JsonObject {
  const { cache_creation: _startOnly, ...counts } = usage;
  const callsTool = parts.some((part) => part.kind === "block" && part.block["type"] === "tool_use");
  const {
    stopReason = callsTool ? "tool_use" : "end_turn",
    stopSequence = null,
    container,
    contextManagement,
  } = options;
  const refusal = stopReason === "refusal" ? { type: "refusal", category: null, explanation: null } : null;
  return {
    type: "message_delta",
    delta: {
      stop_reason: stopReason,
      stop_sequence: stopSequence,
      stop_details: options.stopDetails === undefined ? refusal : options.stopDetails,
      ...(container === undefined ? {} : { container }),
    },
    usage: counts,
    ...(contextManagement === undefined ? {} : { context_management: contextManagement }),
  };
}

/** The final counts: estimates, unless the script gives them. */
function finalUsage(parts: readonly ReplyPart[], { usage }: ReplyOptions, asked: Asked): JsonObject {
  const blocks = parts.filter((part) => part.kind === "block");
  const thinkingTokens = outputTokens(blocks.filter(({ block }) => block["type"] === "thinking"));
  const searches = blocks.filter(({ block }) => block["name"] === "web_search").length;
  const usesServer = blocks.some(({ block }) => block["type"] === "server_tool_use");
  return {
    input_tokens: asked.inputTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens: outputTokens(blocks),
    ...(thinkingTokens === 0 ? {} : { output_tokens_details: { thinking_tokens: thinkingTokens } }),
    ...(usesServer ? { server_tool_use: { web_search_requests: searches, web_fetch_requests: 0 } } : {}),
    ...usage,
  };
}

/** Counts what the model wrote. Results of server tools do not count, and have no deltas. */
function outputTokens(blocks: readonly BlockPart[]): number {
  return blocks.reduce((sum, { deltas }) => sum + (deltas.length === 0 ? 0 : estimateTokens(deltas) + 1), 0);
}

/** Fills in ids that were left out, in the position where the API puts them. */
function completeBlock(block: JsonObject, lastToolId: string, random: Random): JsonObject {
  const { type, citations, ...rest } = block;
  const start = "citations" in block ? { citations, type } : { type };
  const prefix = ID_PREFIX[String(type)];
  if (prefix !== undefined && rest["id"] === undefined) return { ...start, id: random.id(prefix), ...rest };
  const isResult = String(type).endsWith("_tool_result");
  if (isResult && rest["tool_use_id"] === undefined) return { ...start, tool_use_id: lastToolId, ...rest };
  return block;
}

function completeDelta(delta: JsonObject, random: Random): JsonObject {
  if (delta["type"] !== "signature_delta" || delta["signature"] !== undefined) return delta;
  return { ...delta, signature: `Eq${random.base64(158)}` };
}
