import type { CommonFinishReason } from "../../provider/native.ts";

/** The stop reasons of the Messages API, and those of other APIs, which gateways pass on. */
const KNOWN: ReadonlyMap<unknown, CommonFinishReason> = new Map(
  Object.entries({
    end_turn: "stop",
    stop_sequence: "stop",
    stop: "stop",
    max_tokens: "length",
    max_output_tokens: "length",
    length: "length",
    tool_use: "tool_calls",
    tool_calls: "tool_calls",
    function_call: "tool_calls",
    refusal: "content_filter",
    content_filter: "content_filter",
    safety: "content_filter",
    sensitive: "content_filter",
    pause_turn: "pause",
    model_context_window_exceeded: "context_exceeded",
    compaction: "compaction",
  }),
);

/** Some servers send an empty one for none. */
export function isStopReason(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

/** A stop reason in the terms that all providers share. */
export function commonFinishReason(reason: unknown): CommonFinishReason {
  return KNOWN.get(isStopReason(reason) && reason.toLowerCase()) ?? "unknown";
}
