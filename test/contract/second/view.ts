import { costOfUsage } from "../../../src/cost/price.ts";
import { usageOf } from "../../../src/cost/usage.ts";
import { ApiError } from "../../../src/errors.ts";
import { field, isObject, stringField } from "../../../src/json/object.ts";
import type { CommonFinishReason } from "../../../src/provider/native.ts";
import type { ChunkParts, MessageViews, RateLimit } from "../../../src/provider/provider.ts";
import type { FolioMessage, FolioNative, FolioUsage } from "./native.ts";

export const createChunk = ({ event, ...parts }: ChunkParts<FolioNative>): FolioNative["chunk"] => {
  return { provider: "folio", ...parts, chunk: event, toolResult: null, finishReasons: finishesOf(event) };
};

/** @param status - Undefined if the error came inside a reply. */
export function apiError(status: number | undefined, body: unknown): ApiError {
  const type = stringField(field(body, "failed"), "code");
  const message = stringField(field(body, "failed"), "message") ?? "";
  return new ApiError(`Folio ${status === undefined ? "ended the reply" : `answered ${status}`}: ${type}: ${message}`, {
    status,
    type,
    providerMessage: message,
    body,
    retryable: status === undefined ? type === "overloaded" : [408, 409, 429].includes(status) || status >= 500,
    retryAfterMs: limitIn(body)?.waitMs,
  });
}

export function limitIn(body: unknown): RateLimit | null {
  const { group, waitMs } = Object(field(body, "limit"));
  return typeof group === "string" && typeof waitMs === "number" && waitMs >= 0 ? { group, waitMs } : null;
}

const REASONS = new Map<string, CommonFinishReason>([
  ["done", "stop"],
  ["limit", "length"],
  ["call", "tool_calls"],
  ["blocked", "content_filter"],
  ["pause", "pause"],
  ["full", "context_exceeded"],
]);

/** What can be read off a message. */
export const views: MessageViews<FolioNative> = {
  id: (message) => stringField(message, "id"),
  model: (message) => stringField(message, "model"),
  content: (message) => repliesOf(message, "text")[0] ?? "",
  thinking: (message) => repliesOf(message, "thought")[0] ?? "",
  finishReasons: finishesOf,
  commonFinishReasons: (message) => finishesOf(message).map((reason) => REASONS.get(reason) ?? "unknown"),
  usage({ message, estimatedTokens }, source) {
    const usage: unknown = message?.usage;
    const { output, ...known } = isUsage(usage) ? usage : { input: 0, output: 0 };
    return { ...known, output: source === "estimated" ? Math.max(output, Math.ceil(estimatedTokens)) : output, source };
  },
  commonUsage(reply, source) {
    const { input, output, cached = 0 } = views.usage(reply, source);
    return usageOf(source, { inputTokens: Math.max(0, input - cached), outputTokens: output, cachedTokens: cached });
  },
  cost(reply, asked, source, prices = {}) {
    const model = stringField(reply.message, "model") ?? asked;
    const price = Object.hasOwn(prices, model) ? prices[model] : undefined;
    return costOfUsage(model, views.commonUsage(reply, source), price);
  },
  userMessageParam: (items) => items.findLast((item) => "ask" in item) ?? null,
};

/** Whether a snapshot is whole. */
export function isUsage(value: unknown): value is FolioUsage {
  const { input, output, cached = 0 } = isObject(value) ? value : {};
  return [input, output, cached].every((count) => typeof count === "number" && count >= 0 && count < Infinity);
}

function finishesOf(value: unknown): readonly string[] {
  return listOf(field(value, "candidates")).flatMap((candidate) => stringField(candidate, "finish") ?? []);
}

/** The texts, or the thoughts, of each candidate. */
export function repliesOf(message: FolioMessage | null, kind: "text" | "thought"): readonly string[] {
  return listOf(message?.candidates).map((candidate) =>
    listOf(field(candidate, "parts")).reduce<string>((text, part) => text + (stringField(part, kind) ?? ""), ""),
  );
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
