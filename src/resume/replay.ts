import { Attempt, UNREAD } from "../attempt/attempt.ts";
import type { Prepared, PreparedCall } from "../attempt/prepared.ts";
import type { CallMachine } from "../call/call.ts";
import { InvalidOptionError, type MillraceError } from "../errors.ts";
import type { FrameReader } from "../frame/frame-reader.ts";
import { Secrets } from "../http/redaction.ts";
import type { Body, Exchange } from "../http/request.ts";
import type { CommonMessage } from "../prompt/common-message.ts";
import type { Decoder, Step } from "../provider/decoder.ts";
import type { Native } from "../provider/native.ts";
import type { Provider, Request } from "../provider/provider.ts";
import type { CallPlan } from "../recovery/plan.ts";
import { retryPolicy } from "../recovery/policy.ts";
import type { Reply } from "../recovery/reply.ts";
import type { CallStream } from "../stream/call-stream.ts";
import { isDeclared } from "../tool/declared.ts";
import type { ToolBox } from "../tool/tool-box.ts";
import type { AnyTool } from "../tool/tool.ts";
import { errorOf } from "./error-record.ts";
import { LoggedToolBox } from "./logged-tools.ts";
import type { AttemptRecord, Figures, ReplyEndRecord, ReplyRecord } from "./record.ts";
import { ReplayDecoder, type ReplayedRecord } from "./replay-decoder.ts";
import { type SentMessages, sentMessages } from "./sent-messages.ts";

/** Gives a provider by its name, once its code is loaded. */
export type ProviderNamed = (name: string) => Provider<Native>;

/** Gives how a provider's JSON is read, if it has another form than the value that was asked for. */
export type ReadFormat = NonNullable<CallMachine<Native, never, never>["fromJson"]>;

/** How the stream of a replay is made. */
export interface ReplayOptions<N extends Native, S> {
  readonly reply: ReplyRecord;
  readonly providerNamed: ProviderNamed;
  /** Makes the stream of a plan. */
  readonly open: (plan: CallPlan<N>) => S;
  /** The tools with their functions; null if they are data alone. */
  readonly tools: readonly object[] | null;
  /** Undefined if the call is not known, or asks for no format. */
  readonly fromJson: ReadFormat | undefined;
  /** The messages that the prompt gave, neutral or native, if they are known. */
  readonly messages: () => readonly N["promptMessage"][] | undefined;
  /** Ends the reading. */
  readonly signal: AbortSignal | undefined;
  /** Asks for more records. */
  readonly pull: () => void;
  /** Gives the position of the next step. */
  readonly nextPosition: () => number;
  /** The last position that the reader knows: steps up to it are not handed out again. */
  readonly after: number;
  /** The reader has left, or has read all. */
  readonly onLeave: () => void;
}

/** The plan of a call that is read from a log: nothing of it is limited, or sent again. */
export function replayPlan<N extends Native>({
  provider,
  reply: { model, prices },
  tools,
  signal,
  prepare,
  common,
}: {
  readonly provider: Provider<N>;
  readonly reply: ReplyRecord;
  readonly tools: readonly object[] | null;
  readonly signal: AbortSignal | undefined;
  readonly prepare: () => Promise<Prepared<N>>;
  readonly common: CallPlan<N>["common"];
}): CallPlan<N> {
  return {
    targets: [{ model, provider }],
    fnArgs: [],
    promptTemplate: null,
    tools: (tools ?? []) as readonly AnyTool[],
    timeout: { connect: Infinity, firstContent: Infinity, idle: Infinity, total: Infinity },
    limit: { frame: Infinity },
    retry: retryPolicy(false),
    onInterrupt: "fail",
    resumesOnly: false,
    earlier: [],
    signal,
    prices,
    prepare,
    common,
    read: () => Promise.reject(new Error("Nothing of it is sent.")),
    extend() {
      throw new InvalidOptionError("stream", "a reply that is read from a log cannot be repeated.");
    },
  };
}

/** A reply that is read from its records, by a stream of the same kind. */
export class Replay<N extends Native, S extends CallStream<N>> {
  readonly stream: S;
  readonly #options: ReplayOptions<N, S>;
  readonly #body: RecordBody;
  /** The provider of what is shown, with a decoder of records. */
  readonly #provider: Provider<N>;
  readonly #decoder: ReplayDecoder<N>;
  readonly #begun: Promise<void>;
  #tellBegun = (): void => {};
  #hasBegun = false;
  #reply: ReplyRecord;

  constructor(options: ReplayOptions<N, S>) {
    const { reply, pull, onLeave } = options;
    this.#options = options;
    this.#reply = reply;
    this.#body = new RecordBody(pull, onLeave);
    this.#begun = new Promise((resolve) => (this.#tellBegun = resolve));
    const provider = this.#named(reply);
    this.#decoder = new ReplayDecoder<N>(provider, {
      onStep: (step) => this.#isNew(step),
      onAttempt: (record, decoder) => this.#addAttempt(record, decoder),
      onRecovery: (next) => this.#show(next),
      onEnd: (record, failure) => this.#end(record, failure),
    });
    this.#provider = { ...provider, ...this.#own };
    this.stream = options.open(this.#plan());
  }

  /** Takes the next records of the reply. */
  push(records: readonly (ReplayedRecord | ReplyRecord)[]): void {
    for (const record of records) {
      if (record.type === "reply" || (record.type === "replyEnd" && !this.#hasBegun)) {
        this.#begin(record.type === "reply" ? record : this.#reply);
      }
      if (record.type !== "reply") this.#body.push(record);
    }
    if (this.#hasBegun) this.#body.onReady();
    else this.#options.pull();
  }

  #begin(reply: ReplyRecord): void {
    this.#hasBegun = true;
    this.#decoder.begin(this.#show(reply), reply);
    this.#tellBegun();
  }

  /** The decoder of the provider that the reply is of now. */
  get decoder(): Decoder<N> {
    return this.#decoder.inner;
  }

  /** Whether all records that it has were handed out. */
  get isDrained(): boolean {
    return this.#body.isEmpty;
  }

  /** Whether the reply would be whole if nothing more came. */
  get wouldBeWhole(): boolean {
    return this.#decoder.wouldBeWhole;
  }

  #isNew({ tools }: Step<N>): boolean {
    const { nextPosition, after } = this.#options;
    if (nextPosition() > after) return true;
    // What is known already is part of what follows.
    const box = this.#state.prepared?.tools;
    for (const update of tools) box?.apply(update);
    return false;
  }

  get #own(): Pick<Provider<N>, "createDecoder" | "requestId"> {
    return { createDecoder: () => this.#decoder, requestId: () => this.#reply.requestId };
  }

  get #state(): Reply<N> {
    return this.stream["~reply"];
  }

  #named({ provider }: ReplyRecord): Provider<N> {
    // Of the provider that the records are of.
    return this.#options.providerNamed(provider) as unknown as Provider<N>;
  }

  #plan(): CallPlan<N> {
    const { tools, signal, reply } = this.#options;
    const prepare = async (): Promise<Prepared<N>> => {
      if (!this.#hasBegun) this.#options.pull();
      await this.#begun;
      return { call: this.#call(), request: this.#request(), totalTimeoutMs: undefined };
    };
    const common = (): readonly CommonMessage[] | null => this.#given()?.common() ?? null;
    return replayPlan({ provider: this.#provider, reply, tools, signal, prepare, common });
  }

  #request(): Request<N> {
    return {
      http: { url: "", headers: {}, body: "", connectTimeoutMs: Infinity, agent: undefined, secrets: () => [] },
      transport: () => this.#body.exchange(),
      createFrames: recordFrames,
    };
  }

  #call(): PreparedCall<N> {
    const { request, jsonTool = null } = this.#reply;
    const given = (): SentMessages<N> | undefined => this.#given();
    const unlogged = (): never => {
      throw new InvalidOptionError("messages", "the log does not have them: keep(…, { request: true }), or pass them.");
    };
    return {
      body: request?.body ?? null,
      get items() {
        return request?.items ?? given()?.items ?? unlogged();
      },
      common: () => (request?.common as readonly CommonMessage[] | undefined) ?? given()?.common() ?? unlogged(),
      jsonTool,
      fromJson: this.#fromJson(),
      dynamicConfig: null,
      callParams: request?.callParams as N["callParams"] | undefined,
      metadata: request?.metadata ?? {},
      leftOut: [],
      tools: this.#toolBox(),
      totalTimeoutMs: undefined,
    };
  }

  #fromJson(): PreparedCall<N>["fromJson"] {
    const { convertsJson = false, model, provider } = this.#reply;
    const { fromJson, providerNamed } = this.#options;
    // Nothing but the schema counts.
    return convertsJson ? fromJson?.({ model, messages: [], stream: true }, providerNamed(provider)) : undefined;
  }

  #given(): SentMessages<N> | undefined {
    const { reply } = this.#options;
    const messages = this.#options.messages();
    return messages && sentMessages(messages, this.#named(reply), this.#named(this.#reply));
  }

  #toolBox(): ToolBox | null {
    const { tools: names = [], partialTools = false } = this.#reply;
    if (names.length === 0) return null;
    const declared = (this.#options.tools ?? []).filter(isDeclared).filter(({ name }) => names.includes(name));
    const box = declared[0]?.["~box"](declared, partialTools);
    return box ?? new LoggedToolBox(names, partialTools, this.#decoder.verdicts);
  }

  #addAttempt(record: AttemptRecord, decoder: Decoder<N> | null): void {
    const { place, model, outcome, error, requestId, start, end, figures, hidden } = record;
    const provider = this.#named({ ...this.#reply, provider: record.provider });
    const reply = this.#state;
    const attempt = new Attempt<N>(reply.plan, 0, { model, provider }, null, new Secrets(), () => {});
    // Of the wire's shape, since it was made of its events.
    attempt.decoder = decoder ?? ({ ...UNREAD, ...hidden, isWhole: outcome === "complete" } as Decoder<N>);
    attempt.state = outcome;
    attempt.error = error && errorOf(error);
    attempt.requestId = requestId;
    Object.assign(attempt.times, { start, end });
    // Of the very same reply, which went on, they were not the last.
    if (decoder !== this.#decoder) setFigures(attempt, figures);
    reply.attempts.splice(place, 0, attempt);
  }

  /** From now on the reply is this one. */
  #show(next: ReplyRecord): Provider<N> {
    this.#reply = next;
    const provider = this.#named(next);
    Object.assign(this.#provider, provider, this.#own);
    Object.assign(this.#state.shown, { model: next.model, requestId: next.requestId });
    return provider;
  }

  #end({ outcome, requestId, start, figures }: ReplyEndRecord, failure: MillraceError): void {
    const reply = this.#state;
    setFigures(reply.shown, figures);
    reply.shown.requestId = requestId;
    reply.times.start = start;
    // Not a fault of this reply: where it was received, it was stopped.
    if (outcome === "aborted") reply.shown.move("abort", failure);
  }
}

/** What was counted where the request was sent is what counts: here, estimates and prices might differ. */
function setFigures<N extends Native>(attempt: Attempt<N>, figures: Figures | null): void {
  for (const [name, value] of Object.entries(figures ?? {})) Object.defineProperty(attempt, name, { value });
}

/** Gives an attempt the figures that were logged of another, if any were. */
export function copyFigures<N extends Native>(from: Attempt<N>, to: Attempt<N>): void {
  for (const [name, figure] of Object.entries(Object.getOwnPropertyDescriptors(from))) {
    if (FIGURES.includes(name)) Object.defineProperty(to, name, figure);
  }
}

const FIGURES: readonly string[] = ["usage", "commonUsage", "costMetadata"] satisfies (keyof Figures)[];

/** Records as the body of a response. */
class RecordBody implements Body<readonly ReplayedRecord[]> {
  ended = false;
  readonly failure = null;
  onReady = (): void => {};
  readonly #pull: () => void;
  readonly #onLeave: () => void;
  #records: ReplayedRecord[] = [];
  #isLast = false;

  constructor(pull: () => void, onLeave: () => void) {
    this.#pull = pull;
    this.#onLeave = onLeave;
  }

  get isEmpty(): boolean {
    return this.#records.length === 0;
  }

  exchange(): Exchange {
    const response = Promise.resolve({ status: 200, header: () => null, body: this });
    return { response, close: () => this.close() };
  }

  push(record: ReplayedRecord): void {
    if (this.ended || this.#isLast) return;
    this.#records.push(record);
    this.#isLast = record.type === "replyEnd";
  }

  take(): readonly ReplayedRecord[] | null {
    const records = this.#records;
    if (records.length === 0) {
      if (this.#isLast) this.ended = true;
      else if (!this.ended) this.#pull();
      return null;
    }
    this.#records = [];
    return records;
  }

  finish(): void {
    this.close();
  }

  close(): void {
    this.ended = true;
    this.#records = [];
    this.#onLeave();
  }
}

/** The frames of a replay are its records. */
function recordFrames<N extends Native>(): FrameReader<N["frame"], unknown> {
  let records: readonly ReplayedRecord[] = [];
  let at = 0;
  return {
    push(piece) {
      records = piece as readonly ReplayedRecord[];
      at = 0;
    },
    next: () => records[at++] ?? null,
    end() {},
  };
}
