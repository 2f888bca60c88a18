/** How thinking goes through UI messages and comes back as its provider sent it: in the fields that the AI SDK's providers use. */

import { field, isObject, stringField } from "../../json/object.ts";
import type { NativePart } from "../../prompt/common-message.ts";
import type { ResponseChunk } from "../../provider/chunk.ts";

/** Fields of one provider, under its name. */
export type ProviderMetadata = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What an event says of a block of thinking. */
export interface ThinkingSign {
  /** Part of its signature. */
  readonly signature: string;
  /** What the provider needs to get the block back, if it comes whole. */
  readonly metadata: ProviderMetadata | null;
  /** Whether the block has ended. */
  readonly isEnd: boolean;
}

/** What a chunk without text says of thinking; null if it says nothing. */
export function thinkingSign(chunk: ResponseChunk): ThinkingSign | null {
  const event = chunk.chunk;
  const type = stringField(event, "type");
  if (type === "content_block_delta") {
    const signature = "signature" in chunk && typeof chunk.signature === "string" ? chunk.signature : "";
    return signature === "" ? null : { signature, metadata: null, isEnd: false };
  }
  if (type === "content_block_start") return blockSign(field(event, "content_block"));
  if (type === "content_block_stop") return { signature: "", metadata: null, isEnd: true };
  return type === "response.output_item.done" ? itemSign(field(event, "item")) : null;
}

function blockSign(block: unknown): ThinkingSign | null {
  const data = stringField(block, "data");
  if (stringField(block, "type") === "redacted_thinking" && data !== null) {
    return { signature: "", metadata: { anthropic: { redactedData: data } }, isEnd: true };
  }
  const signature = stringField(block, "signature") ?? "";
  return signature === "" ? null : { signature, metadata: null, isEnd: false };
}

function itemSign(item: unknown): ThinkingSign | null {
  if (stringField(item, "type") !== "reasoning") return null;
  const [itemId, encrypted] = [stringField(item, "id"), stringField(item, "encrypted_content")];
  const isWhole = itemId !== null && encrypted !== null;
  const metadata = isWhole ? { openai: { itemId, reasoningEncryptedContent: encrypted } } : null;
  return { signature: "", metadata, isEnd: true };
}

/** The metadata of a signature. */
export function signed(signature: string): ProviderMetadata {
  return { anthropic: { signature } };
}

/** The block of thinking that a part of a UI message was made of; null if it cannot be sent back. */
export function thinkingBlock(text: string, metadata: unknown): NativePart | null {
  const anthropic = field(metadata, "anthropic");
  const [signature, data] = [stringField(anthropic, "signature"), stringField(anthropic, "redactedData")];
  if (signature)
    return { type: "native", provider: "anthropic", block: { type: "thinking", thinking: text, signature } };
  if (data) return { type: "native", provider: "anthropic", block: { type: "redacted_thinking", data } };
  const openai = field(metadata, "openai");
  const [id, encrypted] = [stringField(openai, "itemId"), stringField(openai, "reasoningEncryptedContent")];
  if (!id || !encrypted) return null;
  const summary = text === "" ? [] : [{ type: "summary_text", text }];
  return {
    type: "native",
    provider: "openai",
    block: { type: "reasoning", id, summary, encrypted_content: encrypted },
  };
}

/** The text and the metadata of a block of thinking; null if it is something else. */
export function thinkingOf(
  block: unknown,
): { readonly text: string; readonly metadata: ProviderMetadata | null } | null {
  const type = stringField(block, "type");
  if (type === "thinking") {
    const signature = stringField(block, "signature");
    return { text: stringField(block, "thinking") ?? "", metadata: signature ? signed(signature) : null };
  }
  if (type === "redacted_thinking") return { text: "", metadata: blockSign(block)?.metadata ?? null };
  if (type !== "reasoning") return null;
  const summary = field(block, "summary");
  const texts = (Array.isArray(summary) ? summary : []).filter(isObject).map((part) => stringField(part, "text") ?? "");
  return { text: texts.join(""), metadata: itemSign(block)?.metadata ?? null };
}
