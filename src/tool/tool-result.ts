import { InvalidOptionError, messageOf } from "../errors.ts";
import { stringField } from "../json/object.ts";
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
  /** Whether {@link content} is the JSON of an object or a list, rather than text: a provider may know that. */
  readonly isJson?: boolean | undefined;
  /** The provider's own block of the call, which tells what kind of result it takes. */
  readonly toolCall?: unknown;
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
    : { id, ...contentOf(output, isPart), isError: false };
}

/** A call of a tool in the provider's own format, to give its output to `history` or `toolMessageParams`. */
export interface NativeToolCall {
  /** The provider's id of this call. */
  readonly id: string;
  /** The provider's own block. */
  readonly toolCall: object;
  /** @internal */
  "~result"(output: unknown): ToolResult;
}

/**
 * Makes a call of one of the provider's own blocks, so that its output can be sent. For tools in the provider's own format
 * that your program runs: they are in the message alone, not in pairs or in `stream.tools`.
 *
 * @param block - A block of `stream.message` that asks for a tool.
 * @throws InvalidOptionError if the block has no id.
 * @example
 * ```ts
 * import { nativeCall } from "millrace";
 * import { call } from "millrace/anthropic";
 *
 * const work = call(
 *   "claude-sonnet-5-5",
 *   { stream: true, tools: [{ type: "bash_20250124", name: "bash" }] },
 *   (task: string) => task,
 * );
 * const stream = work("How many files are here?");
 * const { content } = (await stream.response()).response;
 * const outputs = content.flatMap((block) => (block.type === "tool_use" ? [[nativeCall(block), "12 files"] as const] : []));
 * console.log(stream.history(outputs));
 * ```
 */
export function nativeCall(block: object): NativeToolCall {
  const id = stringField(block, "id");
  if (id === null) throw new InvalidOptionError("block", "it has no id, so no result can name it.");
  return { id, toolCall: block, "~result": (output) => toolResult(id, output) };
}

/** Never empty: the API rejects an error without content. */
function reasonOf(error: Error): string {
  const message = messageOf(error, Infinity);
  return /\S/.test(message) ? wellFormed(message) : "The tool failed, and did not say why.";
}

function contentOf(output: unknown, isPart: Check): Pick<ToolResult, "content" | "isJson"> {
  const bytes = bytesOf(output);
  if (bytes !== null) return { content: mediaOf(bytes) };
  const plain = plainData(output);
  const parts = contentParts(plain, isPart);
  if (parts === null) {
    const content = plainText(plain);
    return typeof plain === "object" && plain !== null ? { content, isJson: true } : { content };
  }
  // The API rejects parts whose text is nothing but white space.
  const kept = parts.filter(({ text }) => typeof text !== "string" || /\S/.test(text));
  return { content: kept.length > 0 ? kept : "" };
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
