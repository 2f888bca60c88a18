import { isObject, tryParse } from "../json/object.ts";
import { jsonData } from "../tool/plain-data.ts";
import type { StreamingToolCall, ToolCall } from "../tool/tool-call.ts";
import { type Ending, figuresOf } from "./ending.ts";
import { codeOf } from "./public-error.ts";
import type { Shown } from "./response-options.ts";
import type { ShownPair } from "./shown-pair.ts";

/** An event of our own wire. It is JSON. */
export type BrowserEvent = Readonly<Record<string, unknown>> & { readonly type: "start" | "chunk" | "end" };

/** Gives the words for an error that a visitor may read. @param otherwise - Those for an error that is not known. */
export type ErrorText = (error: unknown, otherwise?: string) => string;

/** The words for whatever a tool has thrown. */
export const TOOL_FAILED = "The tool failed.";

/** The first event. @param run - Null if the stream is not kept. */
export function startEvent(run: string | null): BrowserEvent {
  return { type: "start", run };
}

/** The event of a pair; null if it has nothing to show. */
export function chunkEvent(
  { chunk, content, tool, turn }: ShownPair,
  { errorText, hasReasoning }: Shown,
): BrowserEvent | null {
  const { thinking, recovery, toolResult } = chunk;
  const shown: Record<string, unknown> = {};
  if (content !== "") shown["content"] = content;
  if (thinking !== "" && hasReasoning) shown["thinking"] = thinking;
  const { finishReasons } = chunk;
  if (finishReasons.length > 0) shown["finishReasons"] = finishReasons;
  if (tool !== null) shown["tool"] = shownTool(tool);
  if (recovery !== null) shown["recovery"] = { type: recovery.type, attempt: recovery.attempt };
  if (toolResult !== null) {
    const { id, name, output, isError } = toolResult;
    shown["toolResult"] = {
      id,
      name,
      output: isError ? errorText(output, TOOL_FAILED) : (jsonData(output) ?? null),
      isError,
    };
  }
  if (Object.keys(shown).length === 0) return null;
  return { type: "chunk", ...shown, ...(turn !== null && { turn }) };
}

/** The last event. */
export function endEvent(ending: Ending, { errorText, figures }: Shown): BrowserEvent {
  const { outcome, error, finishReasons, stopReason, approvals } = ending;
  return {
    type: "end",
    outcome,
    error: error === null ? null : { code: codeOf(error), message: errorText(error) },
    finishReasons,
    ...figuresOf(ending, figures),
    ...(stopReason !== undefined && { stopReason }),
    ...(approvals.length > 0 && { approvals: jsonData(approvals) }),
  };
}

/** A fragment alone while the input streams: all of the input each time would make a long one quadratic. */
function shownTool(tool: ToolCall | StreamingToolCall): object {
  const { id, name, state } = tool;
  return tool.state === "streaming" ? { id, name, state, delta: tool.delta } : { id, name, state, args: inputOf(tool) };
}

/** The input as the model wrote it: what a schema makes of it need not be data, and may differ from process to process. */
export function inputOf({ text, args }: ToolCall): unknown {
  const written = text === "" ? {} : tryParse(text);
  return isObject(written) ? written : (jsonData(args) ?? {});
}
