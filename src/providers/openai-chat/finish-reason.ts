import type { CommonFinishReason } from "../../provider/native.ts";

/** The finish reasons of the API and of the servers that imitate it. */
const KNOWN: ReadonlyMap<unknown, CommonFinishReason> = new Map<unknown, CommonFinishReason>([
  ["stop", "stop"],
  ["eos", "stop"],
  ["length", "length"],
  ["model_length", "length"],
  ["tool_calls", "tool_calls"],
  ["function_call", "tool_calls"],
  ["content_filter", "content_filter"],
]);

/** Those that may cut the input of a tool. The last is DeepSeek's word for an overload. */
const CUTTING = /length|content_filter|error|insufficient_system_resource/;

/** Some servers send an empty one for none. */
export function isFinishReason(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

/** A finish reason in the terms that all providers share. */
export function commonFinishReason(reason: unknown): CommonFinishReason {
  return KNOWN.get(reason) ?? "unknown";
}

/** Whether a choice that ends so may have been cut within the input of a tool. */
export function isCutting(reason: string): boolean {
  return CUTTING.test(reason);
}
