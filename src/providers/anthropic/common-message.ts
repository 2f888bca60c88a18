import type { CommonMessage, CommonPart } from "../../prompt/common-message.ts";
import type { Media } from "../../prompt/media.ts";
import type {
  ContentBlockParam,
  DocumentBlockParam,
  ImageBlockParam,
  MessageParam,
  ToolResultContentParam,
} from "./content.ts";

type Block = ContentBlockParam | ToolResultContentParam;

/**
 * Messages of a request, as data that belongs to no provider. Breakpoints of the cache and citations are in the items
 * beside them alone.
 */
export function commonMessages(items: readonly MessageParam[]): readonly CommonMessage[] {
  return items.map((item) => {
    const { role, content } = item;
    return { role, content: commonContent(content), native: { provider: "anthropic", items: [item] } };
  });
}

function commonContent(content: string | readonly Block[]): CommonMessage["content"] {
  return typeof content === "string" ? content : content.map(commonPart);
}

function commonPart(block: Block): CommonPart {
  if (block.type === "text") return { type: block.type, text: block.text };
  if (block.type === "tool_use") return { type: "toolCall", id: block.id, name: block.name, args: block.input };
  if (block.type === "tool_result") {
    const { tool_use_id: id, content = "", is_error } = block;
    return { type: "toolResult", id, content: commonContent(content), isError: is_error === true };
  }
  const isMedia = block.type === "image" || block.type === "document";
  const media = isMedia ? mediaOf(block.source) : null;
  if (media !== null && block.type === "image") return { type: block.type, ...media };
  if (media !== null && block.type === "document") {
    return { type: block.type, ...media, title: block.title ?? undefined, context: block.context ?? undefined };
  }
  return { type: "native", provider: "anthropic", block };
}

/** An address, or data in base64; null for sources that only this provider has. */
function mediaOf(source: (ImageBlockParam | DocumentBlockParam)["source"]): Media | null {
  if (source.type === "url") return { url: source.url };
  return source.type === "base64" ? { data: source.data, mediaType: source.media_type } : null;
}
