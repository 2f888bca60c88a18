import { UNREAD } from "../attempt/attempt.ts";
import type { Blocks, Decoder, Step } from "../provider/decoder.ts";
import type { FrameReader } from "../frame/frame-reader.ts";
import { type MillraceError, StreamTruncatedError } from "../errors.ts";
import { isObject } from "../json/object.ts";
import type { Native } from "../provider/native.ts";
import type { Provider } from "../provider/provider.ts";
import { withoutBeginning } from "../recovery/overlap.ts";
import type { SchemaIssue } from "../schema/validate.ts";
import type { ToolInput } from "../tool/tool-box.ts";
import { errorOf } from "./error-record.ts";
import type { AttemptRecord, EventRecord, RecoveryRecord, ReplyEndRecord, ReplyRecord } from "./record.ts";

/** The records of one reply after its first. */
export type ReplayedRecord = EventRecord | RecoveryRecord | AttemptRecord | ReplyEndRecord;

/** What a decoder of records tells the reply that it decodes for. */
export interface ReplayListener<N extends Native> {
  /** A step is due. Gives whether to hand it out. */
  onStep(step: Step<N>): boolean;
  /** An attempt that is not the one that is shown, any more. @param decoder - Null for one that never was. */
  onAttempt(record: AttemptRecord, decoder: Decoder<N> | null): void;
  /** Another reply takes over. Gives its provider. */
  onRecovery(reply: ReplyRecord): Provider<N>;
  /** The reply has ended. @param failure - What is thrown to its reader, unless it is whole. */
  onEnd(record: ReplyEndRecord, failure: MillraceError): void;
}

/**
 * Turns the records of a reply into the steps that were taken where it was received. The decoder of its provider does the
 * work; this one knows of what came in between: recoveries, and the end as it was there.
 */
export class ReplayDecoder<N extends Native> implements Decoder<N> {
  /** The calls that were found not to be runnable, and why. */
  readonly verdicts = new Map<ToolInput, readonly SchemaIssue[]>();
  /** The calls that have begun. */
  readonly #named = new WeakSet<ToolInput>();
  readonly #listener: ReplayListener<N>;
  #provider: Provider<N>;
  /** The decoder of the provider that the reply is of now. */
  inner: Decoder<N> = UNREAD;
  #frames: FrameReader<N["frame"], unknown> | null = null;
  /** The attempt that the next recovery recovers from, if that was shown. */
  #interrupted: AttemptRecord | null = null;
  /** Steps to hand out. */
  readonly #ready: Step<N>[] = [];
  /** Steps whose beginning is left out, once there are so many characters of it. */
  #held: Step<N>[] = [];
  #repeated = 0;
  #isWhole = false;
  #isComplete = false;
  /** How the reply has ended, unless it is whole. */
  #failure: MillraceError | null = null;

  constructor(provider: Provider<N>, listener: ReplayListener<N>) {
    this.#provider = provider;
    this.#listener = listener;
  }

  /** The reply has begun, of this provider. @param before - The items of a reply that it continues. */
  begin(provider: Provider<N>, { context }: ReplyRecord, before: readonly N["item"][] = []): void {
    this.#provider = provider;
    this.inner = provider.createDecoder(before);
    this.#frames = provider.createEventFrames(context);
  }

  /** Whether the reply would be whole if nothing more came. */
  get wouldBeWhole(): boolean {
    return this.inner.isWhole;
  }

  decode(frame: N["frame"]): Step<N> | null {
    // The frames of a replay are its records.
    const record = frame as ReplayedRecord;
    if (record.type === "event") this.#event(record);
    else if (record.type === "recovery") this.#recover(record);
    else if (record.type === "attempt") this.#attempt(record);
    else if (record.type === "replyEnd") this.#end(record);
    return this.next();
  }

  next(): Step<N> | null {
    let step = this.#ready.shift();
    while (step !== undefined && !this.#listener.onStep(step)) step = this.#ready.shift();
    return step ?? null;
  }

  end(): Step<N> | null {
    const step = this.next();
    if (step === null && this.#failure !== null) throw this.#failure;
    return step;
  }

  dropText(length: number): void {
    this.inner.dropText(length);
  }

  get message(): N["message"] | null {
    return this.inner.message;
  }

  items(answered?: Blocks): readonly N["item"][] {
    return this.inner.items(answered);
  }

  get toolInputs(): readonly ToolInput[] {
    return this.inner.toolInputs;
  }

  // The end is where it was, and not before: what came after the sign of it belongs to the reply as well.
  get isWhole(): boolean {
    return this.#isWhole;
  }

  get isOver(): boolean {
    return this.#isComplete && this.#isWhole && this.#ready.length === 0;
  }

  get hasContent(): boolean {
    return this.inner.hasContent;
  }

  get progress(): number {
    return this.inner.progress;
  }

  get canContinue(): boolean {
    return this.inner.canContinue;
  }

  get estimatedTokens(): number {
    return this.inner.estimatedTokens;
  }

  get hasUsage(): boolean {
    return this.inner.hasUsage;
  }

  #event({ event, invalid, ids }: EventRecord): void {
    if (!isObject(event)) return;
    this.#frames?.push(event);
    this.#decodeFrames(ids);
    const { toolInputs } = invalid === undefined ? { toolInputs: [] } : this.inner;
    for (const [place, issues] of invalid ?? []) {
      const input = toolInputs[place];
      if (input !== undefined) this.verdicts.set(input, issues);
    }
    this.#leaveOut();
  }

  /** @param ids - Those of the calls that begin, in their order. */
  #decodeFrames(ids: readonly string[] = []): void {
    const frames = this.#frames;
    let named = 0;
    for (let frame = frames?.next() ?? null; frame !== null; frame = frames?.next() ?? null) {
      let step = this.inner.decode(frame);
      for (; step !== null; step = this.inner.next()) {
        for (const { input } of step.tools) {
          if (this.#named.has(input)) continue;
          this.#named.add(input);
          const id = ids[named++];
          if (id !== undefined && id !== input.id) rename(input, id);
        }
        (this.#repeated > 0 ? this.#held : this.#ready).push(step);
      }
    }
  }

  /** Leaves out the beginning of the text, once there is enough of it. */
  #leaveOut(isLast = false): void {
    if (this.#repeated === 0) return;
    const length = this.#held.reduce((sum, { chunk }) => sum + chunk.content.length, 0);
    if (length < this.#repeated && !isLast) return;
    this.inner.dropText(this.#repeated);
    this.#ready.push(...withoutBeginning(this.#held, this.#repeated, this.#provider));
    this.#held = [];
    this.#repeated = 0;
  }

  #attempt(record: AttemptRecord): void {
    if (record.hidden === undefined) this.#interrupted = record;
    else this.#listener.onAttempt(record, null);
  }

  #recover({ recovery: type, attempt, cause, repeated, isResumed, reply }: RecoveryRecord): void {
    const before = this.inner;
    this.#leaveOut(true);
    // An attempt that goes on with the very same reply shares its decoder, and is charged for once.
    if (this.#interrupted !== null) this.#listener.onAttempt(this.#interrupted, isResumed ? this : before);
    this.#interrupted = null;
    const provider = this.#listener.onRecovery(reply);
    if (!isResumed) this.begin(provider, reply, type === "continue" ? before.items() : []);
    const parts = { event: null, content: "", thinking: "", recovery: { type, attempt, cause: errorOf(cause) } };
    this.#ready.push({ chunk: this.#provider.createChunk(parts), tools: [] });
    this.#repeated = repeated;
  }

  #end(record: ReplyEndRecord): void {
    this.#leaveOut(true);
    const { outcome, error } = record;
    if (outcome === "complete") {
      this.#frames?.end(true);
      this.#decodeFrames();
      const step = this.inner.end();
      if (step !== null) this.#ready.push(step);
    }
    this.#isWhole = this.inner.isWhole;
    this.#failure = error === null ? new StreamTruncatedError() : errorOf(error);
    this.#isComplete = outcome === "complete";
    this.#listener.onEnd(record, this.#failure);
  }
}

/** Gives a call the id that it has elsewhere: one that came without is given another each time that it is read. */
function rename(input: ToolInput, id: string): void {
  const block = isObject(input.block) ? input.block : {};
  for (const key of Object.keys(block)) if (block[key] === input.id) block[key] = id;
  Object.defineProperty(input, "id", { value: id });
}
