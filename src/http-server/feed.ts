import { outcomeOfFailure } from "../agent/run.ts";
import type { FinalState } from "../attempt/lifecycle.ts";
import type { Usage } from "../cost/usage.ts";
import { isMillraceError } from "../errors.ts";
import { LONGEST_TIMER_MS } from "../http/timeout.ts";
import { stringField } from "../json/object.ts";
import type { CommonFinishReason } from "../provider/native.ts";
import type { Keepable } from "../resume/keep.ts";
import { CallStream } from "../stream/call-stream.ts";
import { type PairReader, type ShownPair, unfitError } from "./shown-pair.ts";

/** Nothing has come in time. */
export const LATE = "late";
/** There are no more pairs. */
export const END = "end";

type Item = ShownPair | typeof END;

/** The pairs of a stream for a reader that does not wait for ever. */
export class Feed {
  readonly #reader: PairReader;
  /** Those that came before the first content, and that. */
  readonly #ahead: Item[] = [];
  #reading: Promise<Item> | null = null;
  #failure: unknown = null;
  #hasLeft = false;

  constructor(reader: PairReader) {
    this.#reader = reader;
  }

  /**
   * Waits for the first content, the end, or so many milliseconds.
   *
   * @throws The error of the stream, if it has no content, unless somebody has stopped it.
   */
  async hasBegun(ms: number): Promise<void> {
    const deadline = performance.now() + ms;
    let item: Item | typeof LATE;
    do {
      item = await this.#read(deadline - performance.now());
      if (item !== LATE) this.#ahead.push(item);
    } while (item !== LATE && item !== END && !hasContent(item));
    if (item === END && this.#failure !== null && !this.ending.isStopped) throw this.#failure;
  }

  /** The next pair, if it comes within so many milliseconds. */
  async take(ms: number): Promise<Item | typeof LATE> {
    return this.#ahead.shift() ?? (await this.#read(ms));
  }

  /** How the stream has ended, after the last pair. */
  get ending(): Ending {
    return endingOf(this.#reader.stream, this.#failure);
  }

  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  /** Stops reading. A read that waits ends. */
  leave(): void {
    this.#hasLeft = true;
    this.#reader.leave();
  }

  async #read(ms: number): Promise<Item | typeof LATE> {
    const reading = (this.#reading ??= this.#next());
    const item = ms > LONGEST_TIMER_MS ? await reading : await within(ms, reading);
    if (item !== LATE) this.#reading = null;
    return item;
  }

  async #next(): Promise<Item> {
    try {
      return (await this.#reader.next()) ?? END;
    } catch (error) {
      this.#failure = error;
      return END;
    }
  }
}

function hasContent({ chunk, content, tool }: ShownPair): boolean {
  return content !== "" || chunk.thinking !== "" || tool !== null || chunk.toolResult !== null;
}

async function within<V>(ms: number, promise: Promise<V>): Promise<V | typeof LATE> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<typeof LATE>((resolve) => (timer = setTimeout(() => resolve(LATE), Math.max(0, ms))));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** How a stream has ended. */
export interface Ending {
  readonly outcome: FinalState;
  /** The error that ended it, or null. */
  readonly error: unknown;
  /** Whether somebody has stopped it, which is no fault. */
  readonly isStopped: boolean;
  readonly finishReasons: readonly string[];
  readonly commonFinishReasons: readonly CommonFinishReason[];
  /** In words that all providers share; null where it is not known. */
  readonly usage: Usage | null;
  /** In US dollars; null where it is not known. */
  readonly cost: number | null;
  readonly model: string | null;
  /** Of an agent: why it has ended; null if it was cut. Undefined for a single call. */
  readonly stopReason: string | null | undefined;
  readonly approvals: readonly PendingApproval[];
}

/** Those figures of an end that a visitor gets. */
export function figuresOf(ending: Ending, names: readonly ("usage" | "cost" | "model")[]): Partial<Ending> {
  return Object.fromEntries(names.map((name) => [name, ending[name]]));
}

/** How a stream has ended that was read to its end. @param failure - What its iteration has thrown, or null. */
function endingOf(stream: Keepable, failure: unknown): Ending {
  const isCall = stream instanceof CallStream;
  const last = isCall ? stream : (stream.turns.at(-1)?.stream ?? null);
  const error = stream.error ?? failure ?? unfitError(stream);
  // The reply may be whole, and not fit the model that it was to be.
  const isKnown = stream.outcome !== "pending" && (stream.outcome !== "complete" || error === null);
  const outcome = isKnown ? stream.outcome : null;
  return {
    outcome: outcome ?? (error === null ? "complete" : outcomeOfFailure(error)),
    error,
    isStopped: isMillraceError(error) && error.code === "stream_aborted",
    finishReasons: last?.finishReasons ?? [],
    commonFinishReasons: last?.commonFinishReasons ?? [],
    usage: ifKnown(() => stream.commonUsage),
    cost: ifKnown(() => stream.cost),
    model: last?.model ?? null,
    stopReason: isCall ? undefined : stream.stopReason,
    approvals: isCall ? [] : approvalsOf(stream),
  };
}

/** Prices are the user's own and may throw; so does usage, while the code of a provider is not loaded. */
function ifKnown<V>(read: () => V): V | null {
  try {
    return read();
  } catch {
    return null;
  }
}

/** A call that an agent has asked approval for. */
export interface PendingApproval {
  /** What the answer names. */
  readonly id: string;
  /** The id of the call. */
  readonly toolCallId: string;
  /** The name of the tool. */
  readonly name: string;
  /** Its input. */
  readonly args: unknown;
}

/** The calls that a run waits for approval of. */
export function approvalsOf(run: object): readonly PendingApproval[] {
  const approvals: unknown = "approvals" in run ? run.approvals : null;
  return Array.isArray(approvals) ? approvals.filter(isApproval) : [];
}

function isApproval(value: unknown): value is PendingApproval {
  return ["id", "toolCallId", "name"].every((name) => stringField(value, name) !== null);
}
