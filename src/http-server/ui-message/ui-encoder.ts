import { saysRefused, ToolRefusedError } from "../../agent/tool-refused-error.ts";
import type { FinalState } from "../../attempt/lifecycle.ts";
import type { Usage } from "../../cost/usage.ts";
import { messageOf, StreamTruncatedError } from "../../errors.ts";
import type { JsonObject } from "../../json/object.ts";
import type { CommonMessage } from "../../prompt/common-message.ts";
import type { AgentToolResult } from "../../provider/chunk.ts";
import type { CommonFinishReason } from "../../provider/native.ts";
import { jsonData, isError } from "../../tool/plain-data.ts";
import type { StreamingToolCall, ToolCall } from "../../tool/tool-call.ts";
import { ToolInputError } from "../../tool/tool-input-error.ts";
import { answersIn, callsIn, type EarlierMessage, partsUntil, refusalsIn, sentAgain } from "./earlier-message.ts";
import { type Ending, figuresOf } from "../feed.ts";
import { codeOf, toolWords } from "../public-error.ts";
import type { Shown } from "../response-options.ts";
import { type ShownPair, inputOf } from "../shown-pair.ts";
import { type ProviderMetadata, signed, thinkingSign } from "./thinking-metadata.ts";
import { outputOf } from "./to-ui-messages.ts";
import { hasDenied, type UIVersion } from "./ui-version.ts";
import type { UIFinishReason, UIPart } from "./ui-wire.ts";

/** How a stream is told to the AI SDK. */
export interface UIEncoding {
  readonly messageId: string;
  /** The name of the run; null if the stream is not kept. */
  readonly run: string | null;
  /** Undefined: parts that all versions know. */
  readonly version: UIVersion | undefined;
  /** The message that this stream goes on with, if any. */
  readonly earlier: EarlierMessage | null;
  /** Whether it is known to be a new message. */
  readonly isNew: boolean;
  /** Whether that is sent again, if the stream goes on with it: the page rebuilds its message from nothing. */
  readonly isReplay: boolean;
  readonly shown: Shown;
  /** The conversation of the stream once that has ended; empty if it is not known. Never throws. */
  readonly conversation: () => readonly CommonMessage[];
  /** The program's own metadata of the message. Never throws. */
  readonly metadataOf: (part: MessageStart | MessageFinish) => JsonObject;
}

/** The beginning of a message. */
export interface MessageStart {
  readonly type: "start";
}

/** The end of a message, whatever the outcome: what the program may tell the page of it. */
export interface MessageFinish {
  readonly type: "finish";
  /** How the reply has ended. */
  readonly outcome: FinalState;
  /** What it used; null where that is not known. */
  readonly usage: Usage | null;
  /** What it cost, in US dollars; null where that is not known. */
  readonly cost: number | null;
  /** The model that has answered; null where that is not known. */
  readonly model: string | null;
}

interface OpenPart {
  readonly kind: "text" | "reasoning";
  readonly id: string;
}

/** Turns pairs into the parts of the AI SDK's UI message stream. What it gives depends on the pairs alone. */
export class UIEncoder {
  /** A restart that this version cannot show: the message has ended in an error, whatever follows. */
  isOver = false;
  readonly #encoding: UIEncoding;
  #turn: number | null = null;
  #isInStep = false;
  #open: OpenPart | null = null;
  #nextId = 0;
  /** The signature of the thinking that is open. */
  #signature = "";
  /** The calls of the step, with their inputs while those still stream; null once they are whole. */
  #calls = new Map<string, StreamingToolCall | null>();
  /** Those of the steps before. */
  readonly #known: Set<string>;
  readonly #refused: ReadonlySet<string>;
  /** The calls that the page has answered, and has no result of. */
  readonly #answered: Map<string, string>;

  constructor(encoding: UIEncoding) {
    this.#encoding = encoding;
    const { earlier, isReplay } = encoding;
    this.#known = new Set(isReplay || earlier === null ? [] : callsIn(earlier));
    this.#refused = new Set(earlier === null ? [] : refusalsIn(earlier));
    this.#answered = isReplay || earlier === null ? new Map() : answersIn(earlier);
  }

  /** Whether the first pair tells how the message begins. */
  get startsLater(): boolean {
    return this.#encoding.isReplay && this.#encoding.earlier !== null;
  }

  /** @param first - The first pair, if {@link startsLater}; null if there is none. */
  start(first: ShownPair | null): UIPart[] {
    const { messageId, run, earlier, isReplay, version, shown } = this.#encoding;
    const messageMetadata = { ...this.#encoding.metadataOf({ type: "start" }), millrace: { run } };
    const answered = first?.chunk.toolResult?.id;
    const again = isReplay && earlier !== null && answered !== undefined ? partsUntil(earlier, answered) : null;
    if (again === null || earlier === null) return [{ type: "start", messageId, messageMetadata }];
    for (const id of callsIn({ ...earlier, parts: again })) this.#known.add(id);
    const metadata = { ...earlier.metadata, ...messageMetadata };
    const start: UIPart = { type: "start", messageId: earlier.id, messageMetadata: metadata };
    return [start, ...sentAgain(again, { hasApprovals: version !== 5, hasReasoning: shown.hasReasoning })];
  }

  pair({ chunk, content, tool, turn }: ShownPair): UIPart[] {
    const { recovery, toolResult } = chunk;
    const { hasReasoning } = this.#encoding.shown;
    const thinking = hasReasoning ? chunk.thinking : "";
    if (toolResult !== null) return this.#result(toolResult);
    const parts: UIPart[] = [];
    if (recovery?.type === "restart") parts.push(...this.#restart(recovery.cause));
    if (this.isOver) return parts;
    if (turn !== this.#turn) parts.push(...this.#endStep());
    this.#turn = turn;
    if (thinking !== "") parts.push(...this.#delta("reasoning", thinking));
    if (content !== "") parts.push(...this.#delta("text", content));
    if (tool !== null) parts.push(...this.#tool(tool));
    else if (hasReasoning && content === "" && thinking === "" && recovery === null)
      parts.push(...this.#thinkingSign(chunk));
    return parts;
  }

  /**
   * The results of calls that the page has answered, and that were over before the run. Without them a page that sends its
   * answers by itself would do so for ever.
   */
  settle({ outcome }: Ending): UIPart[] {
    if (this.#answered.size === 0) return [];
    const parts = this.#encoding.conversation().flatMap(({ content }) => (typeof content === "string" ? [] : content));
    return [...this.#answered].flatMap(([id, name]) => {
      const result = parts.findLast((part) => part.type === "toolResult" && part.id === id);
      if (result?.type === "toolResult" && saysRefused(result.content)) {
        return this.#result({ id, name, output: new ToolRefusedError(name, result.content), isError: true });
      }
      if (result?.type === "toolResult" && !result.isError) {
        return this.#result({ id, name, output: outputOf(result), isError: false });
      }
      const isOver = result !== undefined || outcome === "complete";
      const words = toolWords(result?.type === "toolResult" ? result.content : null);
      return isOver ? this.#result({ id, name, output: new Error(words), isError: true }) : [];
    });
  }

  end(ending: Ending): UIPart[] {
    const { outcome, error, isStopped, approvals, commonFinishReasons, stopReason } = ending;
    const { version, shown } = this.#encoding;
    const asks = version === 5 ? [] : approvals;
    const requests = asks.map(({ id, toolCallId }): UIPart => ({
      type: "tool-approval-request",
      approvalId: id,
      toolCallId,
    }));
    const parts = [...this.#close(), ...requests, ...this.#endStep(), this.#metadata(ending)];
    if (outcome === "complete") {
      parts.push({ type: "finish", finishReason: finishReason(stopReason, commonFinishReasons) });
    } else if (isStopped) parts.push({ type: "abort" }, { type: "finish", finishReason: "other" });
    else parts.push({ type: "error", errorText: shown.errorText(error) });
    return parts;
  }

  /** The end of a message that a reader cannot be given the rest of. */
  fail(error: unknown): UIPart[] {
    this.isOver = true;
    return [...this.#endStep(), { type: "error", errorText: this.#encoding.shown.errorText(error) }];
  }

  #metadata(ending: Ending): UIPart {
    const { outcome, error, usage, cost, model, stopReason, approvals } = ending;
    const { run, shown, metadataOf } = this.#encoding;
    const problem = error === null ? {} : { error: { code: codeOf(error), message: shown.errorText(error) } };
    const ofAgent = stopReason === undefined ? {} : { stopReason };
    // A page adds metadata to what it has: calls that do not wait any more are taken back.
    const hasAsked = approvals.length > 0 || this.#encoding.earlier !== null;
    const asks = hasAsked ? { approvals: jsonData(approvals) } : {};
    const millrace = { run, outcome, ...figuresOf(ending, shown.figures), ...ofAgent, ...problem, ...asks };
    const own = metadataOf({ type: "finish", outcome, usage, cost, model });
    return { type: "message-metadata", messageMetadata: { ...own, millrace } };
  }

  #step(): UIPart[] {
    if (this.#isInStep) return [];
    this.#isInStep = true;
    return [{ type: "start-step" }];
  }

  #endStep(): UIPart[] {
    const parts = this.#close();
    for (const [toolCallId, input] of this.#calls) {
      if (input !== null) parts.push(this.#inputError(toolCallId, input));
      this.#known.add(toolCallId);
    }
    this.#calls.clear();
    if (this.#isInStep) parts.push({ type: "finish-step" });
    this.#isInStep = false;
    return parts;
  }

  #inputError(toolCallId: string, { name, text }: StreamingToolCall, words?: string): UIPart {
    const errorText = words ?? this.#encoding.shown.errorText(unusableInput(toolCallId, name, text));
    return { type: "tool-input-error", toolCallId, toolName: name, input: text, errorText };
  }

  #delta(kind: OpenPart["kind"], delta: string): UIPart[] {
    const parts = this.#openPart(kind);
    if (this.#open !== null) parts.push({ type: `${kind}-delta`, id: this.#open.id, delta });
    return parts;
  }

  #openPart(kind: OpenPart["kind"]): UIPart[] {
    if (this.#open?.kind === kind) return [];
    const parts = [...this.#close(), ...this.#step()];
    const id = String(this.#nextId++);
    this.#open = { kind, id };
    return [...parts, { type: `${kind}-start`, id }];
  }

  #close(metadata: ProviderMetadata | null = null): UIPart[] {
    if (this.#open === null) return [];
    const { kind, id } = this.#open;
    this.#open = null;
    const end: UIPart = { type: `${kind}-end`, id, ...(metadata !== null && { providerMetadata: metadata }) };
    if (this.#signature === "") return [end];
    const providerMetadata = signed(this.#signature);
    this.#signature = "";
    return [{ type: "reasoning-delta", id, delta: "", providerMetadata }, end];
  }

  #thinkingSign(chunk: ShownPair["chunk"]): UIPart[] {
    const sign = thinkingSign(chunk);
    if (sign === null) return [];
    const { signature, metadata, isEnd } = sign;
    // Thinking may come without its text.
    const parts = signature !== "" || metadata !== null ? this.#openPart("reasoning") : [];
    this.#signature += signature;
    if (isEnd && this.#open?.kind === "reasoning") parts.push(...this.#close(metadata));
    return parts;
  }

  #tool(tool: ToolCall | StreamingToolCall): UIPart[] {
    const { id: toolCallId, name: toolName } = tool;
    const parts = this.#calls.has(toolCallId) ? [] : [...this.#close(), ...this.#step()];
    if (tool.state === "complete") {
      this.#calls.set(toolCallId, null);
      return [...parts, { type: "tool-input-available", toolCallId, toolName, input: inputOf(tool) }];
    }
    if (!this.#calls.has(toolCallId)) parts.push({ type: "tool-input-start", toolCallId, toolName });
    this.#calls.set(toolCallId, tool);
    if (tool.delta !== "") parts.push({ type: "tool-input-delta", toolCallId, inputTextDelta: tool.delta });
    return parts;
  }

  #result({ id: toolCallId, name: toolName, output, isError }: AgentToolResult): UIPart[] {
    const { version, shown } = this.#encoding;
    this.#answered.delete(toolCallId);
    const input = this.#calls.get(toolCallId);
    const isKnown = input === null || this.#known.has(toolCallId);
    // Of a call in a message before this one, which cannot be changed any more.
    if (input === undefined && !isKnown && this.#encoding.isNew) return [];
    if (!isError) {
      const call: UIPart = { type: "tool-input-available", toolCallId, toolName, input: {}, dynamic: true };
      this.#known.add(toolCallId);
      const result: UIPart = { type: "tool-output-available", toolCallId, output: jsonData(output) ?? null };
      return isKnown ? [result] : [call, result];
    }
    const words = shown.errorText(output, toolWords(messageOf(output)));
    if (isKnown) {
      const isRefused = isRefusal(output) || this.#refused.has(toolCallId);
      if (isRefused && hasDenied(version)) return [{ type: "tool-output-denied", toolCallId }];
      return [{ type: "tool-output-error", toolCallId, errorText: words }];
    }
    this.#calls.delete(toolCallId);
    this.#known.add(toolCallId);
    if (input != null) return [this.#inputError(toolCallId, input, words)];
    return [{ type: "tool-input-error", toolCallId, toolName, input: {}, errorText: words, dynamic: true }];
  }

  /** The reply begins anew: what was shown of it is taken back. */
  #restart(cause: unknown): UIPart[] {
    if (!this.#isInStep) return [];
    if (this.#encoding.version !== 7) return this.fail(new StreamTruncatedError({ cause }));
    const parts = this.#close();
    this.#calls.clear();
    return [...parts, { type: "reset-step" }];
  }
}

function unusableInput(toolCallId: string, toolName: string, text: string): ToolInputError {
  return new ToolInputError({ toolCallId, toolName, state: "truncated", text, issues: [] });
}

const FINISH_REASONS: { readonly [Reason in CommonFinishReason]?: UIFinishReason } = {
  stop: "stop",
  length: "length",
  context_exceeded: "length",
  content_filter: "content-filter",
  tool_calls: "tool-calls",
};

const STOP_REASONS: Readonly<Record<string, UIFinishReason>> = {
  answer: "stop",
  length: "length",
  context_exceeded: "length",
  content_filter: "content-filter",
  cut: "length",
  tool: "tool-calls",
  approval: "tool-calls",
};

function finishReason(stopReason: string | null | undefined, reasons: readonly CommonFinishReason[]): UIFinishReason {
  if (stopReason != null) return STOP_REASONS[stopReason] ?? "other";
  return FINISH_REASONS[reasons[0] ?? "unknown"] ?? "other";
}

/** Whether the output of a call says that somebody has refused it. */
function isRefusal(output: unknown): boolean {
  return isError(output) && "code" in output && output.code === "tool_refused";
}
