import type { Usage } from "../cost/usage.ts";
import type { PairTypes } from "../tool/pair.ts";
import { ArrivingJson } from "./arriving-json.ts";
import { DONE, type ServerEvent } from "./event-reader.ts";
import { Line, type LineOptions, postOf, streamURL } from "./line.ts";
import { TaskSlice } from "./next-task.ts";
import { ReplyError, type ReplyErrorCode, unreadable } from "./reply-error.ts";
import { type PlaceStorage, StoredPlace } from "./stored-place.ts";
import {
  type Approval,
  type ApprovalOf,
  ArrivingCall,
  type ArrivingTool,
  type CompleteTool,
  type ToolOf,
  type UnknownTools,
} from "./tool.ts";

/** Settings of {@link connect}. */
export interface ConnectOptions extends LineOptions {
  /** Starts a reply: it is sent as JSON, by POST. Without it, the connection resumes the reply of `id`. */
  readonly body?: unknown;
  /** The place that the server keeps the reply in, such as a chat. Without it, a lost connection is the end. */
  readonly id?: string | undefined;
  /** Where on to read without a `body`: `"stored"`, where this tab was before a reload, or the `position` of an earlier connection. By default all is read. */
  readonly after?: "stored" | (string & {}) | undefined;
  /** Leaves the reply when it is aborted, as `close()` does; the iteration then throws. */
  readonly signal?: AbortSignal | undefined;
  /** Remembers run and position for after a reload. Default: `sessionStorage`; null for none. */
  readonly storage?: PlaceStorage | null | undefined;
  /** Where to go on (GET) and to stop (DELETE). Default: the URL, and `/<id>/stream`. */
  readonly resumeURL?: string | undefined;
}

/** A result of a tool that an agent has run. */
export interface ToolResult {
  /** The id of the call. */
  readonly id: string;
  /** The tool's name. */
  readonly name: string;
  /** What the tool gave, as JSON carries it. */
  readonly output: unknown;
  /** Whether the model is told of an error. */
  readonly isError: boolean;
}

/** The first half of a pair: what an event adds. */
export interface Chunk {
  /** Text, or `""`. */
  readonly content: string;
  /** Thinking, or `""`. */
  readonly thinking: string;
  /** The finish reasons that the event carries; empty if it carries none. */
  readonly finishReasons: readonly string[];
  /** Set if another request has taken over, else null. `restart`: discard what was shown of this turn; without a turn, of all. */
  readonly recovery: { readonly type: "restart" | "continue"; readonly attempt: number } | null;
  /** Set if an agent reports what one of its tools gave, else null. */
  readonly toolResult: ToolResult | null;
  /** The turn of an agent, from 0; null if no agent has written it. */
  readonly turn: number | null;
}

interface ChunkEvent extends Partial<Omit<Chunk, "turn">> {
  readonly type: "chunk";
  readonly tool?:
    | { readonly id: string; readonly name: string; readonly delta: string; readonly state: "streaming" }
    | CompleteTool;
  readonly turn?: number;
}

interface EndEvent {
  readonly type: "end";
  readonly outcome: "complete" | "truncated" | "failed" | "aborted";
  readonly error?: { readonly code: ReplyErrorCode; readonly message: string } | null;
  readonly finishReasons?: readonly string[];
  readonly usage?: Usage | null;
  readonly cost?: number | null;
  readonly model?: string | null;
  readonly stopReason?: string | null;
  readonly approvals?: readonly Approval[];
}

type Event = { readonly type: "start"; readonly run: string | null } | ChunkEvent | EndEvent;

/** The outcomes that the page's own errors stand for; any other error is a failure. */
const OUTCOMES: Partial<Record<ReplyErrorCode, Connection["outcome"]>> = {
  nothing_to_resume: "truncated",
  stream_truncated: "truncated",
  stream_aborted: "aborted",
};
/** The run that a position is in. */
const runOf = (position: string | undefined): string | null =>
  position === undefined ? null : decodeURIComponent(position.replace(/:[^:]*$/, ""));

const ENDS: readonly unknown[] = ["complete", "truncated", "failed", "aborted"];

const stopped = (): ReplyError => new ReplyError("stream_aborted", "The reply was stopped.");
const left = (cause?: unknown): ReplyError =>
  new ReplyError("stream_aborted", "The page has left the reply.", { cause });

/**
 * A reply on its way to the page: an iterable of `[chunk, tool]` pairs, and what they come to.
 *
 * The first read starts it. A lost connection is made good, and each pair comes once. The iteration throws the `error`
 * unless the reply is complete, this page has ended it, or there is nothing to go on with.
 *
 * @typeParam Tools - The types of the server's tools, as for {@link connect}: `typeof clock | typeof search`.
 */
export interface Connection<out Tools extends PairTypes = UnknownTools> extends AsyncIterable<
  readonly [Chunk, ToolOf<Tools> | null]
> {
  /** The text so far; of an agent, that of the turn. */
  readonly content: string;
  /** The thinking so far; of an agent, that of the turn. */
  readonly thinking: string;
  /** `pending`, then exactly one of four. It is `complete` only if the server says so. */
  readonly outcome: "pending" | EndEvent["outcome"];
  /** Why the reply is not complete; null while it is pending, and if it is complete. */
  readonly error: ReplyError | null;
  /** Why the model stopped. */
  readonly finishReasons: readonly string[];
  /** What the reply used; null before its end, and unless the server says so (`sendUsage`). */
  readonly usage: Usage | null;
  /** What it cost, in US dollars; null before its end, if that is not known, and unless the server says so (`sendCost`). */
  readonly cost: number | null;
  /** The model that has answered; null before the end, and unless the server says so (`sendModel`). */
  readonly model: string | null;
  /** Why the run of an agent ended; null for other replies, and before the end. */
  readonly stopReason: string | null;
  /** The calls of tools that wait for the user's approval. */
  readonly approvals: readonly ApprovalOf<Tools>[];
  /** The run that the server keeps; null before that is known, and if it keeps none. */
  readonly run: string | null;
  /** Where a later {@link connect} can go on: its option `after`. Null before the first pair, and if nothing is kept. */
  readonly position: string | null;
  /**
   * Has the server end the reply, wherever it is being written. It then ends as `aborted`, here as for every other reader.
   * Before the server has answered, it ends here at once, and the server is asked to stop what is live in the place.
   *
   * @returns A promise that settles once the server has agreed. It rejects with a ReplyError if the server cannot be asked,
   * or does not answer within 10 s (`idleMs`, if that is shorter).
   */
  stop(): Promise<void>;
  /** Leaves. A reply that the server keeps goes on without this page; another one is ended. */
  close(): void;
}

/** Makes a connection. @internal */
export class ReplyConnection<Tools extends PairTypes> implements Connection<Tools> {
  content = "";
  thinking = "";
  outcome: Connection["outcome"] = "pending";
  error: ReplyError | null = null;
  finishReasons: readonly string[] = [];
  usage: Usage | null = null;
  cost: number | null = null;
  model: string | null = null;
  stopReason: string | null = null;
  approvals: readonly ApprovalOf<Tools>[] = [];

  readonly #url: string;
  readonly #options: ConnectOptions;
  readonly #line: Line;
  readonly #stored: StoredPlace;
  readonly #inputs = new Map<string, ArrivingJson>();
  #turn: number | null = null;
  #isRead = false;
  /** Stopped or left by this page, which therefore need not be told. */
  #isOwnEnd = false;

  constructor(url: string, options: ConnectOptions) {
    const { id, resumeURL, storage } = options;
    this.#url = url;
    this.#options = options;
    this.#line = new Line(resumeURL ?? (id === undefined ? null : streamURL(url, id)), options);
    this.#stored = new StoredPlace(storage, id === undefined ? null : `${url}:${id}`);
  }

  get run(): string | null {
    return this.#line.run;
  }

  get position(): string | null {
    return this.#line.position;
  }

  async stop(): Promise<void> {
    if (this.outcome !== "pending") return;
    this.#isOwnEnd = true;
    const line = this.#line;
    if (this.#isRead && !line.isAnswered) {
      const reason = stopped();
      this.#settle(reason);
      return line.stopUnanswered(reason);
    }
    const isToldSo = this.#isRead && (await line.stop());
    if (!isToldSo) this.#leave(stopped());
  }

  close(): void {
    this.#isOwnEnd = true;
    this.#leave(left());
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly [Chunk, ToolOf<Tools> | null], void> {
    if (this.#isRead)
      throw new ReplyError("stream_consumed", "A connection can be read only once: connect anew to read it again.");
    this.#isRead = true;
    const { signal } = this.#options;
    const { addEventListener, removeEventListener } = globalThis;
    const onHide = (): void => this.#stored.write(this.run, this.position);
    addEventListener?.("pagehide", onHide);
    const onAbort = (): void => this.#leave(left(signal?.reason));
    if (signal?.aborted) onAbort();
    signal?.addEventListener("abort", onAbort);
    try {
      if (this.outcome === "pending") yield* this.#pairs();
    } catch (error) {
      this.#settle(error instanceof ReplyError ? error : unreadable(error));
    } finally {
      signal?.removeEventListener("abort", onAbort);
      removeEventListener?.("pagehide", onHide);
      onHide();
      this.#settle(left());
    }
    const { error } = this;
    if (error === null || error.code === "nothing_to_resume") return;
    if (this.#isOwnEnd && error.code === "stream_aborted") return;
    throw error;
  }

  async *#pairs(): AsyncGenerator<readonly [Chunk, ToolOf<Tools> | null], void> {
    const line = this.#line;
    const slice = new TaskSlice();
    for await (const events of line.batches(this.#url, this.#request())) {
      for (const event of events) {
        const pair = this.#take(event);
        if (pair !== null) yield pair;
        if (this.outcome !== "pending") return;
        if (slice.isOver) await slice.next();
      }
      if (this.#stored.isOld) this.#stored.write(line.run, line.position);
    }
  }

  /** The first request; null to resume a run. */
  #request(): RequestInit | null {
    const { body, after } = this.#options;
    if (body !== undefined) {
      const init = postOf(body);
      // Until the server has named the new run, a reload is to find that one, and not the last.
      this.#stored.forget();
      return init;
    }
    const line = this.#line;
    const stored = this.#stored.read();
    line.position = after === "stored" ? (stored?.position ?? null) : (after ?? null);
    line.run = (after === "stored" ? null : runOf(after)) ?? stored?.run ?? null;
    return null;
  }

  #take(event: ServerEvent): readonly [Chunk, ToolOf<Tools> | null] | null {
    // Before its position is taken: what can be read is before it.
    if (event.data === null || event.data === DONE) throw unreadable();
    if (!this.#line.take(event)) return null;
    // What millrace has written, unless something in between has meddled with it.
    const data = event.data as Event;
    if (data.type === "start") this.#line.run ??= data.run;
    if (data.type === "end") this.#end(data);
    if (data.type !== "chunk") return null;
    // A producer has taken over that does not know all that was shown here: everything comes again.
    if (event.id === null && data.recovery?.type === "restart") this.#line.position = null;
    return this.#pair(data);
  }

  #pair({ tool, ...given }: ChunkEvent): readonly [Chunk, ToolOf<Tools> | null] {
    const { content = "", thinking = "", finishReasons = [], recovery = null, toolResult = null, turn = null } = given;
    const chunk: Chunk = { content, thinking, finishReasons, recovery, toolResult, turn };
    if (chunk.turn !== this.#turn || chunk.recovery?.type === "restart") {
      this.#turn = chunk.turn;
      this.content = this.thinking = "";
      this.finishReasons = [];
      this.#inputs.clear();
    }
    this.content += chunk.content;
    this.thinking += chunk.thinking;
    if (chunk.finishReasons.length > 0) this.finishReasons = chunk.finishReasons;
    // Its types are those of the tools on the server, which the page has named.
    return [chunk, (tool === undefined ? null : this.#tool(tool)) as ToolOf<Tools> | null];
  }

  #tool(tool: NonNullable<ChunkEvent["tool"]>): CompleteTool | ArrivingTool {
    const { id, name } = tool;
    if (tool.state === "complete") {
      this.#inputs.delete(id);
      return { id, name, state: "complete", args: tool.args, delta: null };
    }
    const input = this.#inputs.get(id) ?? new ArrivingJson();
    this.#inputs.set(id, input);
    input.push(tool.delta);
    return new ArrivingCall(id, name, tool.delta, input);
  }

  #end({ outcome, error, ...figures }: EndEvent): void {
    const reason = error ?? (outcome === "aborted" ? stopped() : null);
    if (!ENDS.includes(outcome) || (outcome !== "complete" && typeof reason?.code !== "string")) throw unreadable();
    const { finishReasons, usage, cost, model, stopReason, approvals } = { ...this, ...figures };
    Object.assign(this, { outcome, finishReasons, usage, cost, model, stopReason, approvals });
    if (outcome !== "complete" && reason !== null) this.error = new ReplyError(reason.code, reason.message);
  }

  #leave(reason: ReplyError): void {
    this.#settle(reason);
    this.#line.close(reason);
  }

  /** Only the first end counts. */
  #settle(error: ReplyError): void {
    if (this.outcome !== "pending") return;
    this.error = error;
    this.outcome = OUTCOMES[error.code] ?? "failed";
  }
}
