import { StreamTruncatedError } from "../errors.ts";
import { encodeSse } from "../frame/encode-sse.ts";
import { idOf, KnownPart, type Cursor, type Place } from "./cursor.ts";
import type { Ending } from "./ending.ts";
import { type BrowserEvent, chunkEvent, endEvent, startEvent } from "./event-encoder.ts";
import type { Shown } from "./response-options.ts";
import type { ShownPair } from "./shown-pair.ts";
import type { UIEncoder } from "./ui-encoder.ts";
import { joined, partJson, type UIPart } from "./ui-part.ts";

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

const SSE_HEADERS = { "content-type": "text/event-stream; charset=utf-8" };
const OPEN = ": open\n\n";
const KEEP_ALIVE = ": keep-alive\n\n";

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

/** A part that waits, with the id that it gives. */
interface WaitingPart {
  readonly part: UIPart;
  readonly id: string | null;
}

/** Deltas that come so soon after others are sent together: the client parses all of a message at each. */
const UI_WINDOW_MS = 16;

/** The UI message stream of the AI SDK. */
export class UIWire implements Wire {
  readonly headers = { ...SSE_HEADERS, "x-vercel-ai-ui-message-stream": "v1" };
  readonly windowMs = UI_WINDOW_MS;
  readonly keepAlive = KEEP_ALIVE;
  readonly hasJsonErrors = false;
  readonly failure = null;
  readonly #run: string | null;
  readonly #encoder: UIEncoder;
  readonly #known: KnownPart;
  #text = "";
  /** Whether the places of pairs are known: the ids of the end need that, too. */
  #hasPlaces = false;
  #hasBegun = false;
  /** The last part: the next may be joined to it. */
  #last: WaitingPart | null = null;
  #lastSize = 0;

  constructor(run: string | null, cursor: Cursor | null, encoder: UIEncoder) {
    this.#run = run;
    this.#encoder = encoder;
    this.#known = new KnownPart(cursor);
  }

  get isOver(): boolean {
    return this.#encoder.isOver;
  }

  get size(): number {
    return this.#text.length + this.#lastSize;
  }

  start(): void {
    this.#text += OPEN;
    if (!this.#encoder.startsLater) this.#begin(null);
  }

  pair(pair: ShownPair): void {
    this.#begin(pair);
    const parts = this.#encoder.pair(pair);
    // Even of a pair without parts: it tells whether what the reader knows is in the log.
    const { place } = pair;
    this.#hasPlaces = place !== null;
    if (place === null) for (const part of parts) this.#put(part, null);
    else this.#putAll(parts, place, this.#known.ofPair(place));
    if (this.isOver) this.#done();
  }

  end(ending: Ending): void {
    this.#begin(null);
    this.#putAll(this.#encoder.end(ending), null, this.#known.ofEnd);
    this.#done();
  }

  startOver(): boolean {
    // The parts that the reader has open are not those that are open here.
    for (const part of this.#encoder.fail(new StreamTruncatedError()).slice(-1)) this.#put(part, null);
    this.#done();
    return false;
  }

  take(): string {
    this.#flush();
    const text = this.#text;
    this.#text = "";
    return text;
  }

  #begin(first: ShownPair | null): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    for (const part of this.#encoder.start(first)) this.#put(part, null);
  }

  /** @param known - How many of them the reader has. */
  #putAll(parts: readonly UIPart[], place: Place | null, known: number): void {
    for (const [index, part] of parts.entries()) {
      if (index < known) continue;
      const isLast = place !== null && index === parts.length - 1;
      const hasId = this.#run !== null && this.#hasPlaces;
      this.#put(part, hasId ? idOf(this.#run, place, isLast ? null : index + 1) : null);
    }
  }

  #put(part: UIPart, id: string | null): void {
    const both = this.#last && joined(this.#last.part, part);
    if (both === null) this.#flush();
    this.#last = { part: both ?? part, id };
    this.#lastSize += "delta" in part ? part.delta.length : "inputTextDelta" in part ? part.inputTextDelta.length : 100;
  }

  #flush(): void {
    if (this.#last === null) return;
    const { part, id } = this.#last;
    this.#text += (id === null ? "" : `id: ${id}\n`) + encodeSse({ data: partJson(part) });
    this.#last = null;
    this.#lastSize = 0;
  }

  #done(): void {
    this.#flush();
    this.#text += "data: [DONE]\n\n";
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

  get size(): number {
    return this.#text.length;
  }

  start(): void {}

  pair({ chunk: { recovery }, content, turn }: ShownPair): void {
    // Text cannot be taken back.
    if (recovery?.type === "restart" && this.#hasText) {
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
