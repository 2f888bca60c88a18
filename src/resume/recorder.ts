import type { Attempt } from "../attempt/attempt.ts";
import type { PreparedCall } from "../attempt/prepared.ts";
import { isObject } from "../json/object.ts";
import type { ResponseChunk } from "../provider/chunk.ts";
import type { Step } from "../provider/decoder.ts";
import type { Native } from "../provider/native.ts";
import type { CallPlan } from "../recovery/plan.ts";
import type { Reply } from "../recovery/reply.ts";
import type { SchemaIssue } from "../schema/validate.ts";
import type { ToolInput } from "../tool/tool-box.ts";
import { isDeclared } from "../tool/declared.ts";
import { errorRecord } from "./error-record.ts";
import type { Loggable } from "./event-run.ts";
import type {
  AttemptRecord,
  EventRecord,
  Figures,
  LogRecord,
  RecoveryRecord,
  ReplyRecord,
  RequestRecord,
} from "./record.ts";

/** Takes the records of a run. */
export interface Journal {
  /** The position of the last event that was logged: they are counted from 1. */
  position: number;
  /** @param length - About how many characters of text it has. */
  put: (record: Loggable, length?: number) => void;
}

/** Tells what is shown of a reply in records. */
export class Recorder<N extends Native> {
  /** Whether events are logged as soon as they are taken, rather than with the pairs that they become. */
  isImmediate = false;
  readonly #reply: Reply<N>;
  readonly #journal: Journal;
  readonly #logsRequest: boolean;
  /** The steps that were taken, by their chunks, until these are handed out. */
  readonly #steps = new Map<object, Step<N>>();
  /** The records of recoveries, made when they were taken: the reply may have gone on since. */
  readonly #recoveries = new Map<object, readonly LogRecord[]>();
  /** The calls whose ids are logged. */
  readonly #named = new WeakSet<ToolInput>();
  /** The attempt that is shown; null before anything was. */
  #shown: Attempt<N> | null;
  readonly #told: Set<Attempt<N>>;
  #hasEnded = false;

  /**
   * @param logsRequest - Whether the records hold the request, with its prompt.
   * @param known - The attempts that are logged already: the one that is shown, and those before it.
   */
  constructor(
    reply: Reply<N>,
    journal: Journal,
    logsRequest: boolean,
    known: { readonly shown: Attempt<N>; readonly earlier: readonly Attempt<N>[] } | null = null,
  ) {
    this.#shown = known?.shown ?? null;
    this.#told = new Set(known?.earlier);
    this.#reply = reply;
    this.#journal = journal;
    this.#logsRequest = logsRequest;
    // Put in front of the method itself, so that streams that are not kept have nothing to ask.
    const next = reply.next.bind(reply);
    reply.next = () => {
      const step = next();
      if (step !== null) this.#take(step);
      if (step !== null && this.isImmediate) this.chunk(step.chunk);
      return step;
    };
  }

  /**
   * Takes the chunk of a pair that is handed out. It may be one of several pairs of an event that completes several tools:
   * only the first of them is logged.
   */
  chunk(chunk: N["chunk"]): void {
    const step = this.#stepOf(chunk);
    if (step === undefined && this.#hasTools) return;
    if (this.#shown === null) this.#begin();
    this.#journal.position += 1;
    const recovery = chunk.recovery && this.#recoveries.get(chunk);
    if (recovery) for (const record of recovery) this.#journal.put(record);
    else if (step?.isEnd !== true) this.#journal.put(this.#recordOf(chunk, step), lengthOf(chunk));
  }

  /** Whether steps were taken that are not logged yet, since their pairs were not handed out. */
  get isBehind(): boolean {
    return this.#steps.size > 0;
  }

  /** The reply has ended. @returns The figures of the attempt that is shown, if that was the only one and they are known. */
  end(): Figures | null {
    if (this.#hasEnded) return null;
    this.#hasEnded = true;
    if (this.#shown === null) this.#begin();
    const { shown, outcome, error, times, firstContentTime, allAttempts } = this.#reply;
    for (const record of this.#attemptsBut(shown)) this.#journal.put(record);
    if (outcome === "pending") return null;
    const figures = figuresOf(shown);
    this.#journal.put({
      type: "replyEnd",
      outcome,
      error: error && errorRecord(error),
      requestId: shown.requestId ?? error?.requestId ?? null,
      start: times.start,
      firstContent: firstContentTime,
      end: times.end,
      figures,
    });
    return allAttempts.length === 1 ? figures : null;
  }

  #hiddenOf(attempt: Attempt<N>): NonNullable<AttemptRecord["hidden"]> {
    const { message, estimatedTokens, hasUsage } = attempt.decoder;
    return { message: this.#loggable(message, attempt), estimatedTokens, hasUsage };
  }

  /** Without tools, most steps have nothing to ask for, and each has a pair of its own. */
  get #hasTools(): boolean {
    const { prepared } = this.#reply;
    return prepared !== null && prepared.tools !== null;
  }

  #stepOf(chunk: N["chunk"]): Step<N> | undefined {
    if (this.#steps.size === 0) return undefined;
    const step = this.#steps.get(chunk);
    this.#steps.delete(chunk);
    return step;
  }

  #take(step: Step<N>): void {
    if (step.isEnd === true || this.#hasTools) this.#steps.set(step.chunk, step);
    const { recovery } = step.chunk;
    if (recovery === null) return;
    const { shown } = this.#reply;
    const before = this.#shown;
    const record: RecoveryRecord = {
      type: "recovery",
      recovery: recovery.type,
      attempt: recovery.attempt,
      cause: errorRecord(recovery.cause),
      repeated: step.repeated ?? 0,
      isResumed: before?.decoder === shown.decoder,
      reply: replyRecord(this.#reply, this.#logsRequest),
    };
    this.#shown = shown;
    this.#recoveries.set(step.chunk, [...this.#attemptsBut(shown, before), record]);
  }

  /** What is known of the reply once the first of it is shown. */
  #begin(): void {
    const { shown } = this.#reply;
    this.#shown = shown;
    for (const record of this.#attemptsBut(shown)) this.#journal.put(record);
    // Recoveries may follow before it is written.
    const { prepared, plan } = this.#reply;
    this.#journal.put(() => replyRecord({ shown, prepared, plan }, this.#logsRequest));
  }

  /** The attempts that were not told of yet, but for the one that is shown now. @param before - The one that was. */
  #attemptsBut(shown: Attempt<N>, before: Attempt<N> | null = null): AttemptRecord[] {
    return this.#reply.allAttempts.flatMap((attempt, place) => {
      if (attempt === shown || this.#told.has(attempt) || attempt.outcome === "pending") return [];
      this.#told.add(attempt);
      const hidden = attempt === before ? null : this.#hiddenOf(attempt);
      return [attemptRecord(attempt, place, hidden)];
    });
  }

  /** Events are parsed, and changed, when their batch is written. */
  #recordOf(chunk: N["chunk"], step: Step<N> | undefined): Loggable {
    const { shown } = this.#reply;
    const more = step === undefined || step.tools.length === 0 ? null : this.#ofCalls(step);
    if (more !== null) return { type: "event", event: this.#loggable(chunk.chunk, shown), ...more };
    // An event of a run holds little else than its values.
    if (this.#logsRequest || chunk["~run"] != null || shown.provider.withoutRequest === undefined) return chunk;
    return { of: chunk, event: () => this.#loggable(chunk.chunk, shown) };
  }

  /** An event or a message of an attempt, as the log may have it. */
  #loggable(given: unknown, { provider }: Attempt<N>): unknown {
    return this.#logsRequest || !isObject(given) ? given : (provider.withoutRequest?.(given) ?? given);
  }

  /** What readers cannot find out of the calls that a step has changed; null if that is nothing. */
  #ofCalls(step: Step<N>): Pick<EventRecord, "invalid" | "ids"> | null {
    const invalid = this.#invalid(step);
    const ids = this.#ids(step);
    if (invalid.length === 0 && ids.length === 0) return null;
    return { ...(invalid.length > 0 && { invalid }), ...(ids.length > 0 && { ids }) };
  }

  /** The ids of the calls that a step begins: those that came without one have been given another here. */
  #ids({ tools }: Step<N>): readonly string[] {
    return tools.flatMap(({ input }) => {
      if (this.#named.has(input)) return [];
      this.#named.add(input);
      return [input.id];
    });
  }

  /** The calls that a step has completed and that cannot run. */
  #invalid({ tools }: Step<N>): NonNullable<EventRecord["invalid"]> {
    const { prepared, shown } = this.#reply;
    return tools.flatMap<readonly [place: number, issues: readonly SchemaIssue[]]>(({ input, fragment }) => {
      const [call] = fragment === null ? (prepared?.tools?.calls([input], false) ?? []) : [];
      const issues = call?.state === "invalid" ? (call.error?.issues ?? []) : [];
      // By its place: several calls may have the same id. Input that is not a JSON object is recognised by its text.
      return issues.length === 0 ? [] : [[shown.decoder.toolInputs.indexOf(input), issues]];
    });
  }
}

/** What is known of a reply before it has begun. */
export function plannedRecord<N extends Native>({ targets, tools = [], prices }: CallPlan<N>): ReplyRecord {
  const names = tools.filter(isDeclared).map(({ name }) => name);
  const [{ model, provider }] = targets;
  return {
    type: "reply",
    provider: provider.name,
    model,
    requestId: null,
    ...(names.length > 0 && { tools: names }),
    ...(prices !== undefined && { prices }),
  };
}

/** What is known of a reply that has begun. */
function replyRecord<N extends Native>(
  { shown, prepared, plan }: Pick<Reply<N>, "shown" | "prepared" | "plan">,
  logsRequest: boolean,
): ReplyRecord {
  const { provider, model, requestId, request } = shown;
  const planned = { ...plannedRecord(plan), provider: provider.name, model, requestId };
  if (prepared === null) return planned;
  const { tools, jsonTool, fromJson } = prepared;
  return {
    ...planned,
    tools: tools?.types.map(({ name }) => name),
    ...(request?.context !== undefined && { context: request.context }),
    ...(tools?.isPartial && { partialTools: true }),
    ...(jsonTool !== null && { jsonTool }),
    ...(fromJson !== undefined && { convertsJson: true }),
    ...(logsRequest && { request: requestRecord(prepared) }),
  };
}

function requestRecord<N extends Native>({
  body,
  items,
  common,
  callParams,
  metadata,
}: PreparedCall<N>): RequestRecord {
  return { body, items, common: common(), ...(callParams !== undefined && { callParams }), metadata };
}

function lengthOf({ content, thinking }: ResponseChunk): number {
  return content.length + thinking.length;
}

/** @returns Null if they are not known: prices are the user's own, and may throw. */
function figuresOf<N extends Native>(attempt: Attempt<N>): Figures | null {
  try {
    const { usage, commonUsage, costMetadata } = attempt;
    return { usage, commonUsage, costMetadata };
  } catch {
    return null;
  }
}

function attemptRecord<N extends Native>(
  attempt: Attempt<N>,
  place: number,
  hidden: AttemptRecord["hidden"] | null,
): AttemptRecord {
  const { provider, model, outcome, error, requestId, times } = attempt;
  return {
    type: "attempt",
    place,
    provider: provider.name,
    model,
    // Of those that have ended alone.
    outcome: outcome === "pending" ? "aborted" : outcome,
    error: error && errorRecord(error),
    requestId: requestId ?? error?.requestId ?? null,
    start: times.start,
    end: times.end,
    figures: figuresOf(attempt),
    ...(hidden && { hidden }),
  };
}
