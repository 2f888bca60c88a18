import type { CommonFinishReason } from "../../provider/native.ts";

/** The finish reasons of the API and of the servers that imitate it, and those of other APIs, which gateways pass on. */
const KNOWN: ReadonlyMap<unknown, CommonFinishReason> = new Map(
  Object.entries({
    stop: "stop",
    eos: "stop",
    end_turn: "stop",
    length: "length",
    model_length: "length",
    max_tokens: "length",
    tool_calls: "tool_calls",
    function_call: "tool_calls",
    tool_use: "tool_calls",
    content_filter: "content_filter",
    refusal: "content_filter",
    safety: "content_filter",
    model_context_window_exceeded: "context_exceeded",
  }),
);

/** Those that may cut the input of a tool. The last is DeepSeek's word for an overload, which has none that is shared. */
const CUTTING = /^(length|context_exceeded|content_filter|insufficient_system_resource)$/;

/** Some servers send an empty one for none. */
export function isFinishReason(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

/** A finish reason in the terms that all providers share. */
export function commonFinishReason(reason: unknown): CommonFinishReason {
  return KNOWN.get(isFinishReason(reason) && reason.toLowerCase()) ?? "unknown";
}

/** Whether a choice that ends so may have been cut within the input of a tool. */
export function isCutting(reason: string): boolean {
  return CUTTING.test(commonFinishReason(reason)) || CUTTING.test(reason);
}
