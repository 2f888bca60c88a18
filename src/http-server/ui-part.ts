import type { ProviderMetadata } from "./thinking-metadata.ts";

/** Metadata that messages of a UI get. */
export interface UIMessageMetadata {
  readonly millrace: object;
  readonly [name: string]: unknown;
}

/** The words of the AI SDK for why a message has ended. */
export type UIFinishReason = "stop" | "length" | "content-filter" | "tool-calls" | "error" | "other";

interface OfPart {
  readonly id: string;
  readonly providerMetadata?: ProviderMetadata;
}

interface OfCall {
  readonly toolCallId: string;
}

/**
 * A part of the AI SDK's UI message stream, of those that are sent here (ai@7.0.173 `src/ui-message-stream`). All but
 * approvals, denials and resets are known to version 5 as well.
 */
export type UIPart =
  | { readonly type: "file" | "source-url" | "source-document" | `data-${string}` }
  | { readonly type: "start"; readonly messageId: string; readonly messageMetadata: UIMessageMetadata }
  | { readonly type: "start-step" | "finish-step" | "reset-step" | "abort" }
  | ({ readonly type: "text-start" | "text-end" | "reasoning-start" | "reasoning-end" } & OfPart)
  | ({ readonly type: "text-delta" | "reasoning-delta"; readonly delta: string } & OfPart)
  | ({ readonly type: "tool-input-start"; readonly toolName: string } & OfCall)
  | ({ readonly type: "tool-input-delta"; readonly inputTextDelta: string } & OfCall)
  | ({
      readonly type: "tool-input-available";
      readonly toolName: string;
      readonly input: unknown;
      readonly dynamic?: true;
    } & OfCall)
  | ({
      readonly type: "tool-input-error";
      readonly toolName: string;
      readonly input: unknown;
      readonly errorText: string;
      readonly dynamic?: true;
    } & OfCall)
  | ({ readonly type: "tool-output-available"; readonly output: unknown } & OfCall)
  | ({ readonly type: "tool-output-error"; readonly errorText: string } & OfCall)
  | ({ readonly type: "tool-output-denied" } & OfCall)
  | ({ readonly type: "tool-approval-request"; readonly approvalId: string } & OfCall)
  | { readonly type: "message-metadata"; readonly messageMetadata: UIMessageMetadata }
  | { readonly type: "finish"; readonly finishReason: UIFinishReason }
  | { readonly type: "error"; readonly errorText: string };

/**
 * Two parts as one, if the second only adds text to what the first has added.
 *
 * @returns Null if they are not like that.
 */
export function joined(first: UIPart, second: UIPart): UIPart | null {
  if (first.type === "tool-input-delta" && second.type === first.type) {
    const isSame = first.toolCallId === second.toolCallId;
    return isSame ? { ...first, inputTextDelta: first.inputTextDelta + second.inputTextDelta } : null;
  }
  if (first.type !== "text-delta" && first.type !== "reasoning-delta") return null;
  if (second.type !== first.type || first.id !== second.id) return null;
  const isPlain = first.providerMetadata === undefined && second.providerMetadata === undefined;
  return isPlain ? { ...first, delta: first.delta + second.delta } : null;
}

/**
 * A part as JSON. Names that the AI SDK's parser takes for an attack are left out: it would end the chat at them
 * (@ai-sdk/provider-utils `secure-json-parse.ts`).
 */
export function partJson(part: UIPart): string {
  const json = JSON.stringify(part);
  return json.includes('"__proto__"') || json.includes('"constructor"')
    ? JSON.stringify(part, withoutPrototypes)
    : json;
}

function withoutPrototypes(name: string, value: unknown): unknown {
  if (name === "__proto__") return undefined;
  const isPrototype = name === "constructor" && typeof value === "object" && value !== null;
  return isPrototype && Object.hasOwn(value, "prototype") ? undefined : value;
}
