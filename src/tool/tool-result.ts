import { isObject } from "../json/object.ts";
import { base64 } from "../prompt/base64.ts";
import { toMedia } from "../prompt/media.ts";

/** What a tool gave, as the model is told of it. */
export interface ToolResult {
  /** The id of the call. */
  readonly id: string;
  /** Text, or content parts: neutral ones, and those of the provider. */
  readonly content: string | readonly object[];
  readonly isError: boolean;
}

const PART = /^(text|image|document|search_result|tool_reference|browser_state)$/;

/**
 * What a tool gave, as the model is told of it: text as it is, content parts as such, bytes as the image or document that
 * they are (else as base64), an error by its message, and anything else as JSON.
 */
export function toolResult(id: string, output: unknown): ToolResult {
  if (output instanceof Error) return { id, content: output.message || output.name, isError: true };
  return { id, content: contentOf(output), isError: false };
}

function contentOf(output: unknown): ToolResult["content"] {
  if (typeof output === "string") return output;
  if (output === undefined) return "";
  if (output instanceof Uint8Array) return mediaOf(output);
  const parts: readonly unknown[] = Array.isArray(output) ? output : [output];
  return parts.length > 0 && parts.every(isPart) ? parts : inJson(output);
}

function mediaOf(bytes: Uint8Array): ToolResult["content"] {
  for (const type of ["image", "document"] as const) {
    try {
      return [{ type, ...toMedia(type, bytes) }];
    } catch {
      // Not one of these.
    }
  }
  return base64(bytes);
}

function isPart(value: unknown): value is object {
  if (!isObject(value) || typeof value["type"] !== "string" || !PART.test(value["type"])) return false;
  return value["type"] !== "text" || typeof value["text"] === "string";
}

function inJson(output: unknown): string {
  try {
    return JSON.stringify(output) ?? String(output);
  } catch {
    return String(output);
  }
}
