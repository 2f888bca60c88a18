import { messageOf, StreamTruncatedError } from "../errors.ts";
import { encodeSse } from "../frame/encode-sse.ts";
import { jsonData } from "../tool/plain-data.ts";
import type { StreamingToolCall, ToolCall } from "../tool/tool-call.ts";
import { idOf, KnownPart, type Cursor, type Place } from "./cursor.ts";
import { type Ending, figuresOf } from "./feed.ts";
import { codeOf, toolWords } from "./public-error.ts";
import type { Shown } from "./response-options.ts";
import { type ShownPair, inputOf } from "./shown-pair.ts";

/** Writes what a reader is sent. */
export interface Wire {
  readonly headers: Readonly<Record<string, string>>;
  /** What comes within so many milliseconds after something was sent is sent together. */
  readonly windowMs: number;
  /** A line that says that the connection is alive; null if the format has none. */
  readonly keepAlive: string | null;
  /** Whether errors before the first content are told as JSON. */
  readonly hasJsonErrors: boolean;
  /** Nothing that follows would be shown. */
  readonly isOver: boolean;
  /** About how many characters wait to be taken. */
  readonly size: number;
  /** @param isPartial - Whether the stream lacks the beginning of the run: a page could not go on where it was. */
  start(isPartial: boolean): void;
  /** @throws StaleCursorError */
  pair(pair: ShownPair): void;
  end(ending: Ending): void;
  /** The reader has seen what has been lost since. Gives whether it can be sent all of the run again. */
  startOver(): boolean;
  /** What was written since the last time. */
  take(): string;
  /** The error that breaks the connection in place of its end; null if it ends. */
  readonly failure: unknown;
}

export const SSE_HEADERS = { "content-type": "text/event-stream; charset=utf-8" };
export const OPEN = ": open\n\n";
export const KEEP_ALIVE = ": keep-alive\n\n";

/** Server-sent events of our own. */
export class EventsWire implements Wire {
  readonly headers = SSE_HEADERS;
  readonly windowMs = 0;
  readonly keepAlive = KEEP_ALIVE;
  readonly hasJsonErrors = true;
  readonly isOver = false;
  readonly failure = null;
  readonly #run: string | null;
  readonly #shown: Shown;
  #known: KnownPart;
  #text = "";

  constructor(run: string | null, cursor: Cursor | null, shown: Shown) {
    this.#run = run;
    this.#shown = shown;
    this.#known = new KnownPart(cursor);
  }

  get size(): number {
    return this.#text.length;
  }

  start(isPartial: boolean): void {
    this.#text += OPEN;
    this.#write(startEvent(isPartial ? null : this.#run), null);
  }

  pair(pair: ShownPair): void {
    if (pair.place !== null && this.#known.ofPair(pair.place) > 0) return;
    const event = chunkEvent(pair, this.#shown);
    if (event !== null) this.#write(event, pair.place);
  }

  end(ending: Ending): void {
    this.#write(endEvent(ending, this.#shown), null);
  }

  startOver(): boolean {
    this.#known = new KnownPart(null);
    this.#write({ type: "chunk", recovery: { type: "restart", attempt: 0 } }, null);
    return true;
  }

  take(): string {
    const text = this.#text;
    this.#text = "";
    return text;
  }

  #write(event: BrowserEvent, place: Place | null): void {
    const id = place === null || this.#run === null ? "" : `id: ${idOf(this.#run, place, null)}\n`;
    this.#text += id + encodeSse({ data: JSON.stringify(event) });
  }
}

/** The text alone. A reply that is not whole breaks the connection: nothing else tells it from one that is. */
export class TextWire implements Wire {
  readonly headers = { "content-type": "text/plain; charset=utf-8" };
  readonly windowMs = 0;
  readonly keepAlive = null;
  readonly hasJsonErrors = false;
  failure: unknown = null;
  isOver = false;
  #text = "";
  #turn: number | null = null;
  #hasText = false;
  /** How many restarts are known to come: nothing is sent of what they replaced. */
  #restartsAhead: number;

  constructor(restartsAhead: number) {
    this.#restartsAhead = restartsAhead;
  }

  get size(): number {
    return this.#text.length;
  }

  start(): void {}

  pair({ chunk: { recovery }, content, turn }: ShownPair): void {
    if (this.#restartsAhead > 0) {
      if (recovery?.type === "restart") this.#restartsAhead -= 1;
      // Text cannot be taken back.
    } else if (recovery?.type === "restart" && this.#hasText) {
      this.failure = recovery.cause ?? new StreamTruncatedError();
      this.isOver = true;
    } else if (content !== "") {
      if (turn !== this.#turn && this.#hasText) this.#text += "\n\n";
      this.#turn = turn;
      this.#text += content;
      this.#hasText = true;
    }
  }

  end({ outcome, error }: Ending): void {
    if (outcome !== "complete") this.failure = error ?? new StreamTruncatedError();
  }

  startOver(): boolean {
    return true;
  }

  take(): string {
    // UTF-8 has no form for half a character: it waits for its other half.
    const isCut = /[\ud800-\udbff]$/.test(this.#text) && this.failure === null;
    const text = isCut ? this.#text.slice(0, -1) : this.#text;
    this.#text = this.#text.slice(text.length);
    return text;
  }
}

/** An event of our own wire. It is JSON. */
export type BrowserEvent = Readonly<Record<string, unknown>> & { readonly type: "start" | "chunk" | "end" };

/** The first event. @param run - Null if the stream is not kept. */
function startEvent(run: string | null): BrowserEvent {
  return { type: "start", run };
}

/** The event of a pair; null if it has nothing to show. */
function chunkEvent(
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
      output: isError ? errorText(output, toolWords(messageOf(output))) : (jsonData(output) ?? null),
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
