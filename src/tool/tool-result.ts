import { field, isObject } from "../json/object.ts";
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
  if (parts.length === 0 || !parts.every(isPart)) return inJson(output);
  // Text that is empty would be refused.
  const kept = parts.filter((part) => field(part, "text") !== "");
  return kept.length > 0 ? kept : "";
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

/** A content part has what its type needs: a tool's own objects may be of a type with such a name, too. */
function isPart(value: unknown): value is object {
  if (!isObject(value)) return false;
  const { type, text, source, url, data, mediaType, content, tabs, tool_name: name } = value;
  switch (type) {
    case "text":
      return typeof text === "string";
    case "image":
    case "document":
      if (isObject(source) || typeof url === "string") return true;
      return typeof mediaType === "string" && (typeof data === "string" || data instanceof Uint8Array);
    case "search_result":
      return typeof source === "string" && Array.isArray(content);
    case "tool_reference":
      return typeof name === "string";
    case "browser_state":
      return Array.isArray(tabs);
    default:
      return false;
  }
}

function inJson(output: unknown): string {
  if (typeof output === "bigint") return String(output);
  const plain = (_: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value);
  try {
    return JSON.stringify(output, plain) ?? String(output);
  } catch {
    // It holds itself, or does not want to be written.
    return Object.prototype.toString.call(output);
  }
}
