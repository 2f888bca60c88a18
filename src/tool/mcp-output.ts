import { MillraceError, shortened } from "../errors.ts";
import { field, isObject, stringField } from "../json/object.ts";
import { sniffMediaType } from "../prompt/media.ts";
import { isBase64 } from "./content-part.ts";
import { plainData, plainText } from "./plain-data.ts";

/** The output of an MCP server's tool: text, or content parts if there is more than text. */
export type McpOutput = string | readonly McpPart[];

/** One part of an MCP tool's output. */
export type McpPart =
  | { readonly type: "text"; readonly text: string }
  /** `data` is base64. */
  | { readonly type: "image" | "document"; readonly data: string; readonly mediaType: string };

/**
 * A tool of an MCP server failed. The message is what the tool answered, cut after 10,000 characters.
 *
 * @example
 * ```ts
 * import { McpToolError } from "millrace/mcp";
 *
 * function report(error: unknown): void {
 *   if (error instanceof McpToolError) console.error(error.toolName, error.message);
 * }
 * ```
 */
export class McpToolError extends MillraceError {
  readonly code = "mcp_tool";
  /** The tool's name at the server. */
  readonly toolName: string;
  constructor(toolName: string, message: string) {
    super(message);
    this.toolName = toolName;
  }
}

/** The longest message of a failed tool, in characters: the model is sent it, and programs log it. */
const LONGEST_MESSAGE = 10_000;

/**
 * Turns the result of a tool call into the tool's output.
 *
 * @throws McpToolError if the result says that the tool failed.
 */
export function toMcpOutput(toolName: string, result: unknown): McpOutput {
  // Not a result as the protocol has it, but some hand-written clients return the content alone.
  if (!isObject(result)) return plainText(plainData(result));
  const { content, isError, structuredContent } = result;
  const blocks: readonly unknown[] = Array.isArray(content) ? content : content == null ? [] : [content];
  const parts = blocks.map(toPart);
  const texts = parts.flatMap((part) => (part.type === "text" ? [part.text] : []));
  const allText = texts.join("\n");
  if (isError === true) {
    const message = /\S/.test(allText) ? allText : "The tool failed, and did not say why.";
    throw new McpToolError(toolName, shortened(message, LONGEST_MESSAGE));
  }
  if (texts.length < parts.length) return parts;
  return parts.length === 0 ? plainText(plainData(structuredContent)) : allText;
}

function toPart(block: unknown): McpPart {
  switch (stringField(block, "type")) {
    case "text":
      return textPart(stringField(block, "text") ?? "");
    case "image":
    case "audio":
      return mediaPart(stringField(block, "data"), stringField(block, "mimeType"));
    case "resource":
      return resourcePart(field(block, "resource"));
    case "resource_link":
      return textPart(`${stringField(block, "title") ?? stringField(block, "name") ?? "Resource"}: ${uriOf(block)}`);
    default:
      return textPart(plainText(plainData(block)));
  }
}

function resourcePart(resource: unknown): McpPart {
  const content = stringField(resource, "text");
  if (content !== null) return textPart(content);
  return mediaPart(stringField(resource, "blob"), stringField(resource, "mimeType"), uriOf(resource));
}

/**
 * An image or a PDF, of the type that its bytes show: a request with an image that is not of its declared type is refused.
 * Models cannot read other media in a tool's result, so those become a note.
 */
function mediaPart(blob: string | null, mimeType: string | null, uri = ""): McpPart {
  const mediaType = mimeType?.toLowerCase() ?? "Binary content";
  // Some servers break base64 into lines.
  const data = blob?.replace(/\s+/g, "") ?? "";
  if (isBase64(data) && (mimeType === null || /^(?:image\/|application\/pdf)/.test(mediaType))) {
    const shown = sniffMediaType(startOf(data)) ?? "";
    if (/^image\/(?:jpeg|png|gif|webp)$/.test(shown)) return { type: "image", data, mediaType: shown };
    if (shown === "application/pdf") return { type: "document", data, mediaType: shown };
  }
  return textPart(`[${mediaType}${uri && ` ${uri}`}, not shown]`);
}

/** The first bytes of base64. */
function startOf(data: string): Uint8Array {
  return Uint8Array.from(atob(data.slice(0, 16)), (byte) => byte.charCodeAt(0));
}

function uriOf(block: unknown): string {
  return stringField(block, "uri") ?? "";
}

function textPart(text: string): McpPart {
  return { type: "text", text };
}
