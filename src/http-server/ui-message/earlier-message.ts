import { InvalidOptionError } from "../../errors.ts";
import { field, isObject, type JsonObject, stringField } from "../../json/object.ts";
import { TOOL_FAILED, TOOL_REFUSED } from "../public-error.ts";
import type { UIPart } from "./ui-wire.ts";

/** A message of the assistant that a run goes on with, after an approval say. */
export interface EarlierMessage {
  readonly id: string;
  readonly parts: readonly JsonObject[];
  readonly metadata: JsonObject;
}

/**
 * The last message, if it is of the assistant.
 *
 * @param messages - Those of a page, which may be anything.
 * @throws InvalidOptionError
 */
export function earlierMessage(messages: readonly unknown[]): EarlierMessage | null {
  const last = messages.at(-1);
  if (stringField(last, "role") !== "assistant") return null;
  const [id, parts, metadata] = [stringField(last, "id"), field(last, "parts") ?? [], field(last, "metadata")];
  const place = `messages.${messages.length - 1}`;
  if (!id) throw new InvalidOptionError(`${place}.id`, "it must be a string that is not empty.");
  if (!Array.isArray(parts)) throw new InvalidOptionError(`${place}.parts`, "it must be a list.");
  return { id, parts: parts.filter(isObject), metadata: isObject(metadata) ? metadata : {} };
}

/** The ids of its calls. */
export function callsIn({ parts }: EarlierMessage): string[] {
  return parts.flatMap((part) => stringField(part, "toolCallId") ?? []);
}

/** The ids of those that somebody has refused. */
export function refusalsIn({ parts }: EarlierMessage): string[] {
  const refused = parts.filter((part) => field(part["approval"], "approved") === false);
  return refused.flatMap((part) => stringField(part, "toolCallId") ?? []);
}

/** The calls that somebody has answered, and that have no result: the names of their tools by their ids. */
export function answersIn({ parts }: EarlierMessage): Map<string, string> {
  const answered = parts.filter(({ state }) => state === "approval-responded");
  return new Map(answered.map((part) => [stringField(part, "toolCallId") ?? "", nameOf(part)]));
}

function nameOf(part: JsonObject): string {
  const type = stringField(part, "type") ?? "";
  return type === "dynamic-tool" ? (stringField(part, "toolName") ?? "") : type.slice("tool-".length);
}

/**
 * The parts up to the step with a call: a run whose first pair is the result of that call goes on from there. What follows
 * in the message is of that run already.
 *
 * @returns Null if the message does not have the call.
 */
export function partsUntil({ parts }: EarlierMessage, toolCallId: string): readonly JsonObject[] | null {
  const at = parts.findLastIndex((part) => part["toolCallId"] === toolCallId);
  if (at < 0) return null;
  const next = parts.findIndex(({ type }, index) => index > at && type === "step-start");
  return next < 0 ? parts : parts.slice(0, next);
}

/** The parts of a message, as they are sent once more. `hasApprovals`: whether the page knows approvals. */
export function sentAgain(
  parts: readonly JsonObject[],
  { hasApprovals, hasReasoning }: { readonly hasApprovals: boolean; readonly hasReasoning: boolean },
): UIPart[] {
  return parts.flatMap((part, index): UIPart[] => {
    const type = stringField(part, "type") ?? "";
    if (type === "step-start") return [{ type: "start-step" }];
    if (type === "reasoning" && !hasReasoning) return [];
    if (type === "text" || type === "reasoning") return wordsAgain(type, part, `earlier-${index}`);
    if (type === "dynamic-tool" || type.startsWith("tool-")) return callAgain(part, type, hasApprovals);
    // They have the same form in a message and on the way to it.
    return /^(?:file|source-url|source-document|data-.+)$/.test(type) ? [part as unknown as UIPart] : [];
  });
}

function wordsAgain(type: "text" | "reasoning", part: JsonObject, id: string): UIPart[] {
  const { providerMetadata } = part;
  const metadata = isObject(providerMetadata) ? { providerMetadata: providerMetadata as never } : {};
  return [
    { type: `${type}-start`, id },
    { type: `${type}-delta`, id, delta: stringField(part, "text") ?? "", ...metadata },
    { type: `${type}-end`, id, ...metadata },
  ];
}

function callAgain(part: JsonObject, type: string, hasApprovals: boolean): UIPart[] {
  const { state, input, rawInput, output, approval, providerExecuted } = part;
  const toolCallId = stringField(part, "toolCallId");
  const isDynamic = type === "dynamic-tool";
  const toolName = nameOf(part);
  if (toolCallId === null || toolName === "" || state === "input-streaming") return [];
  const call = {
    toolCallId,
    toolName,
    input: input ?? rawInput ?? {},
    ...(isDynamic && { dynamic: true as const }),
    ...(providerExecuted === true && { providerExecuted }),
  };
  const errorText = stringField(part, "errorText") ?? (state === "output-denied" ? TOOL_REFUSED : TOOL_FAILED);
  if (state === "output-error" && input === undefined) return [{ type: "tool-input-error", ...call, errorText }];
  const parts: UIPart[] = [{ type: "tool-input-available", ...call }];
  const approvalId = stringField(approval, "id");
  // A call that was answered does not ask again.
  if (hasApprovals && approvalId !== null && state !== "approval-responded") {
    parts.push({ type: "tool-approval-request", approvalId, toolCallId });
  }
  if (state === "output-available") parts.push({ type: "tool-output-available", toolCallId, output: output ?? null });
  if (state === "output-denied" && hasApprovals) parts.push({ type: "tool-output-denied", toolCallId });
  if (state === "output-error" || (state === "output-denied" && !hasApprovals)) {
    parts.push({ type: "tool-output-error", toolCallId, errorText });
  }
  return parts;
}
