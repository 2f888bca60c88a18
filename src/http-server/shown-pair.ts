import type { AgentTurn } from "../agent/options.ts";
import { isObject, tryParse } from "../json/object.ts";
import type { ResponseChunk } from "../provider/chunk.ts";
import type { Native } from "../provider/native.ts";
import type { Reply } from "../recovery/reply.ts";
import type { Keepable } from "../resume/keep.ts";
import { errorOf } from "../resume/error-record.ts";
import type { Logged } from "../resume/read.ts";
import type { EndRecord } from "../resume/record.ts";
import { CallStream } from "../stream/call-stream.ts";
import { leavable } from "../stream/leavable.ts";
import { Stream } from "../stream/stream.ts";
import { stepsOf } from "../structured/steps.ts";
import { StructuredStream } from "../structured/structured-stream.ts";
import { jsonData } from "../tool/plain-data.ts";
import type { StreamingToolCall, ToolCall } from "../tool/tool-call.ts";
import type { Place } from "./cursor.ts";

/** A pair, as it is shown in a browser. */
export interface ShownPair {
  readonly chunk: ResponseChunk;
  /** The text that it adds: that of the chunk, or the JSON of a response model. */
  readonly content: string;
  readonly tool: ToolCall | StreamingToolCall | null;
  /** The turn of an agent that it belongs to, counted from 0; null for a single call. */
  readonly turn: number | null;
  /** Null if the stream does not begin with the run: nothing tells how much came before. */
  readonly place: Place | null;
}

type Pair = readonly [chunk: ResponseChunk, tool: unknown, turn?: AgentTurn];

/** A stream that belongs to a run of a log. */
interface OfRun extends Logged {
  /** The positions after which another process has gone on with the run, as far as it was read. */
  readonly "~takeovers"?: readonly number[];
  /** How many restarts are known to come. */
  readonly "~restartsAhead"?: number;
  /** What the run has come to, once that is known. */
  readonly "~end"?: EndRecord | null;
}

/** The error of a run whose reply is whole, but does not fit its model; null if there is none. */
export function unfitError(stream: Keepable): Error | null {
  const end = isOfRun(stream) ? (stream["~end"] ?? null) : null;
  return end?.error == null || stream.outcome !== "complete" ? null : errorOf(end.error);
}

/** Whether a stream was kept, or is read from a log. */
export function isOfRun(stream: object): stream is OfRun {
  return "run" in stream && typeof stream.run === "string" && "position" in stream;
}

/**
 * The stream whose pairs are read. A structured stream that is kept hands out snapshots of its model alone: its pairs are
 * made beside them.
 */
export async function streamOfPairs(stream: Keepable): Promise<Keepable> {
  return "~pairs" in stream ? (stream["~pairs"] as () => Promise<Keepable>)() : stream;
}

/** Reads a stream of any kind, pair by pair. It owns the stream, as an iteration does. */
export class PairReader {
  readonly stream: Keepable;
  readonly #pairs: AsyncIterator<Pair>;
  #place: Place = { position: 0, nth: -1, recoveries: 0 };
  #recoveries = 0;
  /** Whether the first pair was that of the first event; null before. */
  #isWhole: boolean | null = null;
  /** Settles once the stream is not read any more: it has ended, or was left. */
  readonly ended: Promise<void>;
  #onEnd = (): void => {};
  /** How much was read of the tool whose input is the JSON that was asked for. */
  #jsonLength = 0;

  /** @throws StreamConsumedError */
  constructor(stream: Keepable) {
    this.stream = stream;
    this.#pairs = iterationOf(stream);
    this.ended = new Promise((resolve) => {
      this.#onEnd = resolve;
    });
  }

  /** The next pair; null after the last. @throws The error of the stream. */
  async next(): Promise<ShownPair | null> {
    let isOver = true;
    let read: IteratorResult<Pair, unknown>;
    try {
      read = await this.#pairs.next();
      isOver = read.done === true;
    } finally {
      if (isOver) this.#onEnd();
    }
    if (read.done === true) return null;
    const [chunk, tool, turn] = read.value;
    const content = chunk.content + this.#json(chunk);
    // Pairs hold such tools alone.
    const shown = tool as ToolCall | StreamingToolCall | null;
    return { chunk, content, tool: shown, turn: turn?.index ?? null, place: this.#move(chunk) };
  }

  /** Whether the stream is known to begin within the run: it was read after a position. */
  get isPartial(): boolean {
    return this.#isWhole === false;
  }

  /** Stops reading: a stream that is not kept is closed. Reads that wait end. */
  leave(): void {
    const left = this.#pairs.return?.() ?? Promise.resolve();
    left.catch(() => {}).then(this.#onEnd);
  }

  #move({ recovery }: ResponseChunk): Place | null {
    const { position: before, nth } = this.#place;
    const position = isOfRun(this.stream) ? this.stream.position : before;
    const takeovers = isOfRun(this.stream) ? (this.stream["~takeovers"] ?? []) : [];
    if (recovery !== null) this.#recoveries += 1;
    const recoveries = this.#recoveries + takeovers.filter((after) => after < position).length;
    this.#place = { position, nth: position === before ? nth + 1 : 0, recoveries };
    this.#isWhole ??= position <= 1;
    return this.#isWhole ? this.#place : null;
  }

  /** What came of the JSON that was asked for as the input of a tool. */
  #json({ recovery }: ResponseChunk): string {
    const reply = this.stream instanceof CallStream ? this.stream["~reply"] : null;
    const jsonTool = reply?.prepared?.jsonTool ?? null;
    if (reply === null || jsonTool === null) return "";
    if (recovery?.type === "restart") this.#jsonLength = 0;
    const inputs = reply.shown.decoder.toolInputs.filter(({ name }) => name === jsonTool);
    const text = inputs.map((input) => input.text).join("");
    const added = text.slice(this.#jsonLength);
    this.#jsonLength = text.length;
    return added;
  }
}

function iterationOf(stream: Keepable): AsyncIterator<Pair> {
  if (!(stream instanceof CallStream) || stream instanceof Stream) {
    return (stream as AsyncIterable<Pair>)[Symbol.asyncIterator]();
  }
  // Owned at once: a second owner is refused here, not in what it reads.
  return leavable(structuredPairs(stream, stream["~own"]()), (reason) => stream.abort(reason));
}

/** @throws The error of the stream, that of a reply which does not fit the model included. */
async function* structuredPairs(
  stream: CallStream<Native>,
  reply: Reply<Native>,
): AsyncGenerator<Pair, void, undefined> {
  for await (const { chunk } of stepsOf(reply)) yield [chunk, null];
  if (stream instanceof StructuredStream) await stream.parse();
}

/** The input as the model wrote it: what a schema makes of it need not be data, and may differ from process to process. */
export function inputOf({ text, args }: ToolCall): unknown {
  const written = text === "" ? {} : tryParse(text);
  return isObject(written) ? written : (jsonData(args) ?? {});
}
