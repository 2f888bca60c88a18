import { messageOf } from "../errors.ts";
import { wellFormed } from "../json/well-formed.ts";
import { base64 } from "../prompt/base64.ts";
import { toMedia } from "../prompt/media.ts";
import { contentParts, isNeutralPart } from "./content-part.ts";
import { bytesOf, isError, plainData, plainText } from "./plain-data.ts";
import type { Check } from "./shape.ts";

/** The result of a tool call, as it is sent to the model. */
export interface ToolResult {
  /** The id of the call. */
  readonly id: string;
  /** Text, or content parts: neutral ones, or blocks in the provider's own shape. */
  readonly content: string | readonly object[];
  readonly isError: boolean;
}

/**
 * Turns a tool's output into what is sent: text as it is, content parts as parts, bytes as the image or document that
 * they are (else as base64), an error as its message, anything else as JSON. Whatever the output is, the result can be
 * sent: never throws.
 *
 * @param isPart - Whether plain data is a content part that can be sent.
 */
export function toolResult(id: string, output: unknown, isPart: Check = isNeutralPart): ToolResult {
  return isError(output)
    ? { id, content: reasonOf(output), isError: true }
    : { id, content: contentOf(output, isPart), isError: false };
}

/** Never empty: the API rejects an error without content. */
function reasonOf(error: Error): string {
  const message = messageOf(error, Infinity);
  return /\S/.test(message) ? wellFormed(message) : "The tool failed, and did not say why.";
}

function contentOf(output: unknown, isPart: Check): ToolResult["content"] {
  const bytes = bytesOf(output);
  if (bytes !== null) return mediaOf(bytes);
  const plain = plainData(output);
  const parts = contentParts(plain, isPart);
  if (parts === null) return plainText(plain);
  // The API rejects parts whose text is nothing but white space.
  const kept = parts.filter(({ text }) => typeof text !== "string" || /\S/.test(text));
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
