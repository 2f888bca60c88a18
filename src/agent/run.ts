/// <reference lib="esnext.disposable" />
import { mergeParams } from "../call/options.ts";
import { withChanges } from "../call/single-request.ts";
import { sumUsage } from "../cost/usage.ts";
import {
  InvalidOptionError,
  isMillraceError,
  messageOf,
  StreamAbortedError,
  StreamConsumedError,
  StreamNotStartedError,
} from "../errors.ts";
import { inspectable } from "../json/inspectable.ts";
import type { FinalState, Outcome } from "../attempt/lifecycle.ts";
import type { PreparedCall } from "../attempt/prepared.ts";
import type { CommonMessage } from "../prompt/common-message.ts";
import type { Native } from "../provider/native.ts";
import type { MessageViews } from "../provider/provider.ts";
import { whenAborted } from "../recovery/abort-signal.ts";
import type { CallPlan } from "../recovery/plan.ts";
import { checkOptions } from "../schema/option-form.ts";
import { handled, leavable } from "../stream/leavable.ts";
import type { Stream } from "../stream/stream.ts";
import type { PairTypes } from "../tool/pair.ts";
import { isError, jsonData } from "../tool/plain-data.ts";
import type { ToolApproval, ToolCall } from "../tool/tool-call.ts";
import type { ToolChoice } from "../tool/tool-choice.ts";
import { type AgentOptions, type AgentStop, type AgentTurn, turnForms } from "./options.ts";
import { openConversation } from "./open-calls.ts";
import { OpenPrompt } from "./open-prompt.ts";
import { type PastRun, type PastTurn, withPastOutputs } from "./past-run.ts";
import { ToolRunner } from "./tool-runner.ts";
import { finishTools, replyPairs, type Triple } from "./turn-pairs.ts";
import { callAt, completeCalls, cutAnswer, cutCalls, inputsOf, missingAnswers, shownTurn } from "./turn.ts";
import { liftedChoice, TurnEnd } from "./turn-end.ts";
import { historyOfTurn, waitingCalls } from "./waiting-calls.ts";

/**
 * Gives the pairs of a run, and why it ended, instead of a model: read from a log, say. It adds each turn to the list. The
 * type of a method, since those of properties would make every run invariant.
 *
 * @internal
 */
export type AgentScript<N extends Native, T extends PairTypes> = {
  play(turns: AgentTurn<N, T>[], signal: AbortSignal): AsyncGenerator<Triple<N, T>, AgentStop | null, undefined>;
}["play"];

/**
 * A run of an agent: the pairs of all its turns as one stream, each with the turn that it belongs to. The result of a
 * tool is a pair as well, handed out as soon as the tool has finished: its chunk has a `toolResult`.
 *
 * Nothing is sent before the first read. It can be read once: iterate it, or `await` {@link finish}. Leaving the
 * iteration stops the stream and the tools.
 *
 * @example
 * ```ts
 * import { agent, tool } from "millrace";
 * import { call } from "millrace/anthropic";
 *
 * const findBook = tool({ name: "find_book", description: "Finds a book.", call: () => "Guards! Guards!" });
 * const lend = call("claude-sonnet-5-5", { stream: true, tools: [findBook] }, (wish: string) => `You lend books. ${wish}`);
 * const run = agent(lend)("Something funny, please.");
 * for await (const [chunk, toolCall, turn] of run) {
 *   if (toolCall) console.log(`${turn.index}: ${toolCall.name}`);
 *   else if (chunk.toolResult) console.log(`${turn.index}: ${chunk.toolResult.name} is done`);
 *   else process.stdout.write(chunk.content);
 * }
 * console.log(run.stopReason, run.cost, run.history().length);
 * ```
 */
export class AgentRun<out N extends Native, out T extends PairTypes> implements AsyncDisposable {
  readonly #plan: CallPlan<N>;
  readonly #machine: { open(plan: CallPlan<N>): Stream<N, T> };
  readonly #options: AgentOptions<N, PairTypes>;
  readonly #controller = new AbortController();
  readonly #cleanups: (() => void)[] = [];
  readonly #turns: AgentTurn<N, T>[] = [];
  #pairs: AsyncGenerator<Triple<N, T>, void, undefined> | null = null;
  #finished: Promise<AgentTurn<N, T>> | null = null;
  /** Parameters that replies have asked for. */
  #carried: N["callParams"] | undefined;
  /** In place of the call's own, which the model has obeyed. */
  #lifted: ToolChoice | undefined;
  /** Whether the run goes on after a turn. */
  readonly #turnEnd: TurnEnd<N, T>;
  /** The conversation with what approved tools have given, if that was not sent to the model. */
  #unsent: PreparedCall<N> | null = null;
  #stopReason: AgentStop | null = null;
  #hasBegun = false;
  #isOver = false;
  #hasLeft = false;
  #error: Error | null = null;
  readonly #script: AgentScript<N, T> | null;

  /** @internal */
  constructor(
    plan: CallPlan<N>,
    machine: { open(plan: CallPlan<N>): Stream<N, T> },
    options: AgentOptions<N, PairTypes>,
    script: AgentScript<N, T> | null = null,
  ) {
    this.#plan = plan;
    this.#machine = machine;
    this.#options = options;
    this.#script = script;
    this.#turnEnd = new TurnEnd(plan.tools ?? [], options);
    inspectable(this);
  }

  /** What the run was made of. @internal */
  get "~plan"(): CallPlan<N> {
    return this.#plan;
  }

  /** Told of each turn before its stream is read. @internal */
  "~onTurn": { told(turn: AgentTurn<N, T>): void }["told"] | null = null;

  /** Called before the model is asked for a turn. @internal */
  "~beforeRequest": ((index: number) => void) | null = null;

  /** Waited for before tools are started: those of a reply, or those that were approved in the prompt. @internal */
  "~beforeTools": (() => Promise<void>) | null = null;

  /** What it has had already: it goes on from there. Set before it is read. @internal */
  "~past": PastRun | null = null;

  /** Whether somebody reads it, or did. @internal */
  get "~isRead"(): boolean {
    return this.#pairs !== null;
  }

  /** The text of the last turn. */
  toString(): string {
    return this.#text;
  }

  /** What `console.log` shows, and `JSON.stringify` gives. */
  toJSON(): object {
    const { outcome, stopReason, turns, usage, cost } = this;
    const [content, approvals] = [this.#text, this.#approvals];
    const waiting = approvals.length > 0 && { approvals: jsonData(approvals) };
    const error = this.#error;
    return {
      outcome,
      stopReason,
      ...waiting,
      content,
      turns,
      usage,
      cost,
      ...(error !== null && { error: `${error.name}: ${messageOf(error)}` }),
    };
  }

  /** The turns so far. */
  get turns(): readonly AgentTurn<N, T>[] {
    return this.#turns;
  }

  /**
   * `pending`, then exactly one of `complete`, `truncated`, `failed`, `aborted`: as that of a stream. A run is `complete` if it
   * ended by itself, for whatever reason: see {@link stopReason}. If a reply ended it, its outcome is that of the reply.
   */
  get outcome(): Outcome {
    if (this.#stopReason !== null) return "complete";
    const error = this.#error;
    if (error === null) return this.#isOver ? "complete" : "pending";
    const last = this.#turns.at(-1)?.stream;
    const ofReply = last !== undefined && last.error === error ? last.outcome : "pending";
    return ofReply === "pending" ? outcomeOfFailure(error) : ofReply;
  }

  /**
   * What ended the run; null while it goes on, and if it is complete. It is the error of a reply, or what an option of the
   * agent has thrown; if that was no `Error`, it is the `cause` of one.
   */
  get error(): Error | null {
    return this.#error;
  }

  /** Why the run ended; null while it goes on, and where it was left or failed. */
  get stopReason(): AgentStop | null {
    return this.#stopReason;
  }

  /**
   * The calls that wait until a person has agreed, if that is why the run has ended: ask, and give the answers to the next
   * run by {@link approve}.
   *
   * @throws StreamNotStartedError if nobody has read the run yet.
   */
  get approvals(): readonly NonNullable<T["~approval"]>[] {
    this.#needRead("approvals");
    return this.#approvals;
  }

  /**
   * The text of the last turn: the answer, if that is why the run has ended.
   *
   * @throws StreamNotStartedError if nobody has read the run yet. `await` of a run does not read it; iterate it, or `await`
   * {@link finish}.
   */
  get content(): string {
    this.#needRead("content");
    return this.#text;
  }

  /** Output tokens of all turns. */
  get outputTokens(): number {
    return this.#turns.reduce((sum, { stream }) => sum + stream.outputTokens, 0);
  }

  /**
   * The usage of all turns together, under the provider's own field names: counts are added up, lists joined. `source` is
   * that of the turn whose usage is the least certain.
   */
  get usage(): N["usage"] {
    const [first, ...others] = this.#turns.map(({ stream }) => stream.usage);
    return first === undefined ? this.#views.usage(NOTHING, "estimated") : sumUsage<N["usage"]>([first, ...others]);
  }

  /** The usage of all turns together, in words that all providers share. */
  get commonUsage(): N["commonUsage"] {
    const [first, ...others] = this.#turns.map(({ stream }) => stream.commonUsage);
    return first === undefined
      ? this.#views.commonUsage(NOTHING, "estimated")
      : sumUsage<N["commonUsage"]>([first, ...others]);
  }

  /** What all turns cost so far, in US dollars; null where that is not known. */
  get cost(): number | null {
    return this.#turns.reduce<number | null>(
      (sum, { stream: { cost } }) => (sum === null || cost === null ? null : sum + cost),
      0,
    );
  }

  /**
   * The whole conversation, as it may be sent back, however the run has ended. Calls in {@link approvals} stay open in it.
   *
   * @throws StreamNotStartedError as long as there is no request, also if the run has ended before there was one: never an
   * empty conversation.
   */
  history(): readonly N["item"][] {
    const last = this.#lastSent;
    if (last === undefined) {
      if (this.#unsent === null) throw new StreamNotStartedError("history");
      return this.#unsent.items;
    }
    return historyOfTurn(last, this.#waiting());
  }

  /**
   * {@link history} as data that belongs to no provider, which any of them takes as a prompt. It is known as soon as the
   * prompt function has run: also if the run was aborted before its first request was made, or has no API key.
   *
   * @throws StreamNotStartedError before, also if the run has ended by then or its prompt was refused: never an empty
   * conversation.
   */
  commonHistory(): readonly CommonMessage[] {
    const last = this.#lastSent;
    if (last === undefined) {
      const sent = (this.#unsent ?? this.#plan).common();
      if (sent === null) throw new StreamNotStartedError("commonHistory");
      return sent;
    }
    const { stream } = last;
    const { provider } = stream["~reply"].shown;
    return [...stream.commonMessages, ...provider.common(this.history().slice(stream.messages.length))];
  }

  /** @throws StreamConsumedError if the run is being read, or was. */
  [Symbol.asyncIterator](): AsyncGenerator<Triple<N, T>, void, undefined> {
    if (this.#pairs !== null) throw new StreamConsumedError();
    this.#pairs = leavable(this.#run(), (reason) => this.#leave(reason));
    return this.#pairs;
  }

  /**
   * Reads the run to its end, and returns the last turn; after an iteration, the turn at which that ended. It always
   * returns the same promise. If there was nothing to ask the model, `turns` is empty, and this gives a turn whose stream
   * was not sent.
   *
   * @throws StreamConsumedError while an iteration is under way; whatever has ended the run before its end.
   */
  finish(): Promise<AgentTurn<N, T>> {
    if (this.#finished === null && this.#pairs !== null && !this.#isOver) {
      return handled(Promise.reject(new StreamConsumedError()));
    }
    return (this.#finished ??= handled(this.#drain()));
  }

  /**
   * Stops the stream and the tools. The iteration throws StreamAbortedError.
   *
   * @param reason - Becomes the `cause` of the error.
   */
  abort(reason?: unknown): void {
    if (!this.#hasBegun) this.#error ??= new StreamAbortedError(reason);
    this.#controller.abort(reason);
    this.#turns.at(-1)?.stream.abort(reason);
  }

  /** Ends it before it has begun. @internal */
  "~refuse"(error: unknown): void {
    this.#error ??= asError(error);
    this.#leave(error);
  }

  /** Stops the stream and the tools. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#leave();
    await this.#pairs?.return();
    await Promise.all(this.#turns.slice(-1).map(({ stream }) => stream[Symbol.asyncDispose]()));
  }

  /** What a run gives in the end is not there before it is read, and nothing would look like a result: to `await` one is easy. */
  #needRead(accessor: string): void {
    if (this.#pairs === null && this.#error === null) throw new StreamNotStartedError(accessor, UNREAD);
  }

  get #text(): string {
    return this.#turns.at(-1)?.stream.content ?? "";
  }

  get #approvals(): readonly NonNullable<T["~approval"]>[] {
    const approvals = this.#waiting().map(({ id, name, args }): ToolApproval => ({ id, toolCallId: id, name, args }));
    // Of the tools that `T` stands for.
    return approvals as unknown as readonly NonNullable<T["~approval"]>[];
  }

  get #views(): MessageViews<N> {
    return this.#plan.targets[0].provider.views;
  }

  /** The last turn whose request was made. */
  get #lastSent(): AgentTurn<N, T> | undefined {
    // When it was made is not known of a turn whose producer was lost.
    const isSent = (start: number | null): boolean => start !== null || this.#script !== null;
    return this.#turns.findLast(({ stream }) => isSent(stream.timings.start) && stream.hasRequest);
  }

  /** The calls that have no output because a person has to agree first. */
  #waiting(): readonly ToolCall[] {
    const last = this.#turns.at(-1);
    if (this.#stopReason !== "approval" || last === undefined) return [];
    return waitingCalls(last);
  }

  #leave(reason?: unknown): void {
    this.#hasLeft = true;
    this.abort(reason);
    if (!this.#isOver && this.#stopReason === null)
      this.#error ??= this.#turns.at(-1)?.stream.error ?? new StreamAbortedError(reason);
  }

  async #drain(): Promise<AgentTurn<N, T>> {
    if (!this.#isOver) {
      const pairs = this[Symbol.asyncIterator]();
      while (!(await pairs.next()).done);
    }
    const last = this.#turns.at(-1);
    if (this.#stopReason === null) throw this.#error ?? new StreamAbortedError();
    return last ?? this.#unsentTurn();
  }

  #unsentTurn(): AgentTurn<N, T> {
    const stream = this.#machine.open(this.#plan);
    stream.abort(new Error("Nothing was sent: the conversation ends with the model's answer."));
    return shownTurn({ index: 0, stream, outputs: [] });
  }

  async *#run(): AsyncGenerator<Triple<N, T>, void, undefined> {
    this.#hasBegun = true;
    let open: OpenPrompt<N> | null = null;
    try {
      this.#listen(this.#options.signal);
      this.#listen(this.#plan.signal);
      if (this.#script !== null) {
        this.#stopReason = yield* this.#script(this.#turns, this.#controller.signal);
        if (this.#stopReason === null) this.#throwIfAborted();
        return;
      }
      let plan = this.#plan;
      open = await this.#readPrompt(plan);
      if (open?.isOver) this.#stopReason = "answer";
      while (this.#stopReason === null) {
        const { turn, runner } = await this.#open(plan);
        if (open !== null && turn.index === 0) yield* this.#answerPrompt(open, turn);
        this["~beforeRequest"]?.(turn.index);
        yield* replyPairs(turn, runner, (call) => call["~early"] === true && !this.#turnEnd.stopsAt(call));
        this.#listen(turn.stream.dynamicConfig?.signal);
        yield* this.#runTools(turn, runner);
        this.#stopReason = await this.#turnEnd.stopAfter(turn, runner, this, this.#isFollowed(turn));
        if (this.#stopReason === null) plan = this.#goOn(plan, turn);
      }
    } catch (error) {
      if (this.#hasLeft) return;
      this.#error = asError(error);
      throw this.#error;
    } finally {
      this.#isOver = true;
      for (const cleanup of this.#cleanups) cleanup();
      this.#controller.abort(new StreamAbortedError("The run has ended."));
      // Otherwise nobody would know what tools have given.
      if (this.#lastSent === undefined) this.#unsent = (await open?.prepared()) ?? null;
    }
  }

  /** While a stream is read it listens itself; tools know of this run's signal alone. */
  #listen(signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    if (signal.aborted) this.abort(signal.reason);
    else this.#cleanups.push(whenAborted(signal, () => this.abort(signal.reason)));
  }

  #throwIfAborted(): void {
    const { signal } = this.#controller;
    if (signal.aborted) throw new StreamAbortedError(signal.reason);
  }

  async #open(plan: CallPlan<N>): Promise<{ turn: AgentTurn<N, T>; runner: ToolRunner }> {
    this.#throwIfAborted();
    const { maxCost, turnOptions } = this.#options;
    const runner = this.#createRunner();
    const index = this.#turns.length;
    const past = this.#pastTurn(index);
    const isAsked = turnOptions !== undefined && past?.hasEnded !== true;
    const own = isAsked ? await runner.wait(Promise.resolve(turnOptions({ index, turns: this.#turns }))) : undefined;
    if (own) checkOptions(own, turnForms, "turnOptions.");
    const callParams = mergeParams<N["callParams"]>(this.#carried, own?.callParams);
    const isCut = (): boolean => this.#isOver && this.#stopReason === null;
    const stream = this.#machine.open(
      withChanges(plan, { ...own, toolChoice: own?.toolChoice ?? this.#lifted, callParams }),
    );
    if (maxCost !== undefined && stream.cost === null) {
      throw new InvalidOptionError("maxCost", `the price of ${stream.model} is not known: give it in prices.`);
    }
    const turn = shownTurn({
      index,
      stream,
      get outputs() {
        const outputs = runner.outputsOf(inputsOf(stream));
        return past !== undefined && isCut() ? withPastOutputs(stream, outputs, past) : outputs;
      },
    });
    this.#turns.push(turn);
    past?.begin(stream);
    this["~onTurn"]?.(turn);
    return { turn, runner };
  }

  #createRunner(): ToolRunner {
    const { parallel = 4, approve } = this.#options;
    return new ToolRunner(parallel, this.#controller.signal, approve);
  }

  /** The prompt, if it leaves calls open, or has answers to calls. */
  async #readPrompt(plan: CallPlan<N>): Promise<OpenPrompt<N> | null> {
    const runner = this.#createRunner();
    const prompt = await runner.wait(plan.read()).catch(() => null);
    // What is wrong with it, the first turn finds out.
    if (prompt === null) return null;
    const conversation = openConversation<N>({ author: plan.targets[0].provider, messages: prompt.messages });
    if (conversation.isSettled) return null;
    this.#lifted ??= liftedChoice(plan.toolChoice, conversation.calls);
    return new OpenPrompt(plan, prompt, conversation, runner);
  }

  /** Runs what was approved in the prompt. It is sent with a result for each call. */
  async *#answerPrompt(open: OpenPrompt<N>, turn: AgentTurn<N, T>): AsyncGenerator<Triple<N, T>, void, undefined> {
    if (open.hasApproved) await open.runner.wait(Promise.resolve(this["~beforeTools"]?.()));
    await open.start(this["~past"]);
    yield* finishTools(turn, open.runner);
    open.answer();
  }

  /** Runs the tools that a turn asks for, unless it hands over. */
  async *#runTools(turn: AgentTurn<N, T>, runner: ToolRunner): AsyncGenerator<Triple<N, T>, void, undefined> {
    const past = this.#pastTurn(turn.index);
    for (const { place, output } of past?.outputs ?? []) {
      const call = callAt(turn.stream, place);
      if (call !== null) runner.restore(call, output);
    }
    if (this.#isFollowed(turn)) return;
    if (!this.#turnEnd.handsOver(turn.stream)) {
      if (turn.stream.asksForTools) await runner.wait(Promise.resolve(this["~beforeTools"]?.()));
      this.#answerCalls(turn.stream, runner, past);
    }
    yield* finishTools(turn, runner);
  }

  #answerCalls(stream: Stream<N, T>, runner: ToolRunner, past: PastTurn | undefined): void {
    const inputs = inputsOf(stream);
    for (const input of cutCalls(inputs, stream.commonFinishReasons)) runner.settle(...cutAnswer(input));
    if (!stream.asksForTools) return;
    const calls = completeCalls(stream);
    const arrived = new Set(past?.arrived.map((place) => inputs[place]?.block));
    // Before the end of a reply no others are started.
    const mayHaveRun = (call: ToolCall): boolean => past?.hasEnded === true || call["~early"] === true;
    for (const call of calls) runner.start(call, arrived.has(call.toolCall) && mayHaveRun(call) ? "lost" : null);
    for (const answer of missingAnswers(inputs, this.#turnEnd.toolsOf(stream))) runner.settle(...answer);
  }

  #pastTurn(index: number): PastTurn | undefined {
    return this["~past"]?.turns[index];
  }

  /** Whether the run has had the turn after this one already: then it did not end here. */
  #isFollowed({ index }: AgentTurn<N, T>): boolean {
    return this.#pastTurn(index + 1) !== undefined;
  }

  /** The plan of the turn after this one. */
  #goOn(plan: CallPlan<N>, { stream }: AgentTurn<N, T>): CallPlan<N> {
    const { provider } = stream["~reply"].shown;
    if (stream.asksForTools) this.#lifted ??= liftedChoice(this.#plan.toolChoice, completeCalls(stream));
    if (provider === plan.targets[0].provider) {
      const asked = provider.nextParams?.(stream.message, stream.callParams);
      this.#carried = mergeParams<N["callParams"]>(this.#carried, asked);
    }
    return plan.extend(this.history().slice(stream.messages.length), provider);
  }
}

/** Anything may be thrown. */
function asError(thrown: unknown): Error {
  return isError(thrown) ? thrown : new Error(messageOf(thrown), { cause: thrown });
}

/** How a run has ended that has thrown this. */
export function outcomeOfFailure(failure: unknown): FinalState {
  const code = isMillraceError(failure) ? failure.code : "";
  if (code === "stream_truncated") return "truncated";
  return code === "stream_aborted" || code === "budget_exceeded" ? "aborted" : "failed";
}

const UNREAD = "the run is read: iterate it, or await run.finish()";

/** A reply that has not begun. */
const NOTHING = { message: null, estimatedTokens: 0 };
