/// <reference lib="esnext.disposable" />
import type { CallMachine } from "../call/call.ts";
import { InvalidOptionError, StreamAbortedError, StreamConsumedError } from "../errors.ts";
import type { Native } from "../provider/native.ts";
import { whenAborted } from "../recovery/abort-signal.ts";
import { checkNumber, positive, wholeFrom } from "../recovery/number-option.ts";
import type { CallPlan } from "../recovery/plan.ts";
import type { ToolOutput } from "../stream/history.ts";
import { handled, leavable } from "../stream/leavable.ts";
import type { Pair } from "../stream/pair-source.ts";
import type { Stream } from "../stream/stream.ts";
import type { AnyToolCall, PairTypes } from "../tool/pair.ts";
import type { ToolCall } from "../tool/tool-call.ts";
import { ToolRunner } from "./tool-runner.ts";

/** A call that {@link agent} can repeat. */
export interface Repeatable<N extends Native, Args extends readonly unknown[], T extends PairTypes> {
  readonly "~call": CallMachine<N, Args, T>;
}

/** One turn of the conversation: the model's reply, and what its tools gave. */
export interface AgentTurn<out N extends Native = Native, out T extends PairTypes = PairTypes> {
  /** Counts from 0. */
  readonly index: number;
  readonly stream: Stream<N, T>;
  /** The tools that were run, and what they gave; an `Error` where they failed, were refused or interrupted. */
  readonly outputs: readonly ToolOutput[];
}

/** Why a run ended: the model asked for nothing more, or one of the limits. */
export type AgentStop = "answer" | "turns" | "tool" | "tokens" | "cost" | "condition";

/** How an agent works. */
export interface AgentOptions<N extends Native = Native, T extends PairTypes = PairTypes> {
  /** The most replies. Default 10. */
  readonly maxTurns?: number | undefined;
  /** How many tools may run at a time. Default 4. */
  readonly parallel?: number | undefined;
  /** Stops before tools of this name run: for a tool that hands something over, say. */
  readonly stopAtTool?: string | readonly string[] | undefined;
  /** Stops after the turn that reaches this many output tokens, in all turns together. */
  readonly maxOutputTokens?: number | undefined;
  /** Stops after the turn that reaches this cost in US dollars, in all turns together. */
  readonly maxCost?: number | undefined;
  /** Stops after a turn for which this gives true. It is asked where the run would go on. */
  readonly stopWhen?: Asked<AgentTurn<N, T>, boolean> | undefined;
  /**
   * Asked before a tool runs: true lets it run. False, or a reason, is told to the model instead of a result. What it
   * throws ends the run. As many may be asked about at a time as may run.
   */
  readonly approve?: Asked<CallableTool<T>, boolean | string> | undefined;
  /** Aborts the run: the stream, and the tools through their own signal. That of the call does so, too. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * A function that is asked something. It is a method's type, whose parameter is compared both ways: TypeScript first
 * looks at the options before it knows the tools of a call that is written in place.
 */
export type Asked<About, Answer> = { ask(about: About): Answer | Promise<Answer> }["ask"];

/** A tool of the pairs whose input is complete. */
export type CallableTool<T extends PairTypes> = Exclude<NonNullable<T["~pair"]>, { readonly state: "streaming" }>;

/**
 * Makes a function that repeats a call for as long as the model asks for tools, and runs them.
 *
 * What a tool throws is told to the model, and so is input that its schema refuses. A turn that the provider has paused,
 * to go on later or once it had summed up what came before, is sent back, and goes on.
 *
 * @param call - A call with tools, streamed or not.
 *
 * @example
 * ```ts
 * import { agent, tool } from "millrace";
 * import { call } from "millrace/anthropic";
 *
 * const clock = tool({ name: "clock", description: "Tells the time.", call: () => new Date().toISOString() });
 * const ask = agent(call("claude-sonnet-5-5", { stream: true, tools: [clock] }, (question: string) => question));
 * for await (const [chunk, tool, turn] of ask("What time is it?")) process.stdout.write(chunk.content);
 * ```
 */
export function agent<N extends Native, Args extends readonly unknown[], T extends PairTypes>(
  call: Repeatable<N, Args, T>,
  options: AgentOptions<N, T> = {},
): (...args: Args) => AgentRun<N, T> {
  checkNumber("maxTurns", options.maxTurns, wholeFrom(1));
  checkNumber("parallel", options.parallel, wholeFrom(1));
  checkNumber("maxOutputTokens", options.maxOutputTokens, positive);
  checkNumber("maxCost", options.maxCost, positive);
  const machine = call["~call"];
  return (...args) => new AgentRun(machine.plan(...args), machine, options);
}

/**
 * A run of an agent: the pairs of all its turns as one stream. The third of each is the turn that it belongs to.
 *
 * Nothing is sent before the first read. It can be read once: iterate it, or `await` {@link finish}. Leaving the
 * iteration stops the stream and the tools.
 *
 * @example
 * ```ts
 * const run = librarian("Something funny, please.");
 * for await (const [chunk, tool, turn] of run) process.stdout.write(tool ? `${turn.index}: ${tool.name}` : chunk.content);
 * console.log(run.stopReason, run.cost, run.history().length);
 * ```
 */
export class AgentRun<out N extends Native, out T extends PairTypes> implements AsyncDisposable {
  readonly #plan: CallPlan<N>;
  readonly #machine: { open(plan: CallPlan<N>): Stream<N, T> };
  readonly #options: AgentOptions<Native, PairTypes>;
  readonly #controller = new AbortController();
  readonly #cleanups: (() => void)[] = [];
  readonly #turns: AgentTurn<N, T>[] = [];
  #pairs: AsyncGenerator<[...Pair<N, T>, AgentTurn<N, T>], void, undefined> | null = null;
  #finished: Promise<AgentTurn<N, T>> | null = null;
  /** The output tokens of all turns before the last: they do not change any more. */
  #tokensBefore = 0;
  #stopReason: AgentStop | null = null;
  #isOver = false;
  #hasLeft = false;
  #error: unknown = null;

  /** @internal */
  constructor(plan: CallPlan<N>, machine: { open(plan: CallPlan<N>): Stream<N, T> }, options: object) {
    this.#plan = plan;
    this.#machine = machine;
    this.#options = options;
  }

  /** The turns so far. */
  get turns(): readonly AgentTurn<N, T>[] {
    return this.#turns;
  }

  /** Why the run ended; null while it goes on, and where it was left or failed. */
  get stopReason(): AgentStop | null {
    return this.#stopReason;
  }

  /** The text of the last turn: the answer, once the run has ended. */
  get content(): string {
    return this.#turns.at(-1)?.stream.content ?? "";
  }

  /** Output tokens of all turns. */
  get outputTokens(): number {
    return this.#tokensBefore + (this.#turns.at(-1)?.stream.outputTokens ?? 0);
  }

  /** What all turns cost so far, in US dollars; null where that is not known. */
  get cost(): number | null {
    return this.#turns.reduce<number | null>(
      (sum, { stream: { cost } }) => (sum === null || cost === null ? null : sum + cost),
      0,
    );
  }

  /** The whole conversation, as it may be sent back, however the run has ended. */
  history(): readonly N["item"][] {
    // The last turn has not begun if its request could not be made.
    const last = this.#turns.findLast(({ stream }) => stream.timings.start !== null && stream.hasRequest);
    return last === undefined ? [] : last.stream.history(last.outputs);
  }

  /** @throws StreamConsumedError if the run is being read, or was. */
  [Symbol.asyncIterator](): AsyncGenerator<[...Pair<N, T>, AgentTurn<N, T>], void, undefined> {
    if (this.#pairs !== null) throw new StreamConsumedError();
    this.#pairs = leavable(this.#run(), (reason) => this.#leave(reason));
    return this.#pairs;
  }

  /**
   * Runs to the end, and gives the last turn; after an iteration, what that came to. The same promise each time.
   *
   * @throws StreamConsumedError while an iteration is under way; whatever has ended the run before its end.
   */
  finish(): Promise<AgentTurn<N, T>> {
    if (this.#finished === null && this.#pairs !== null && !this.#isOver) {
      return handled(Promise.reject(new StreamConsumedError()));
    }
    return (this.#finished ??= handled(this.#drain()));
  }

  /** Stops the stream and the tools. The iteration throws StreamAbortedError. */
  abort(reason?: unknown): void {
    this.#controller.abort(reason);
    this.#turns.at(-1)?.stream.abort(reason);
  }

  /** Stops the stream and the tools. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#leave();
    await this.#pairs?.return();
    await Promise.all(this.#turns.slice(-1).map(({ stream }) => stream[Symbol.asyncDispose]()));
  }

  #leave(reason?: unknown): void {
    this.#hasLeft = true;
    this.abort(reason);
  }

  async #drain(): Promise<AgentTurn<N, T>> {
    if (!this.#isOver) {
      const pairs = this[Symbol.asyncIterator]();
      while (!(await pairs.next()).done);
    }
    const last = this.#turns.at(-1);
    if (this.#stopReason === null || last === undefined) throw this.#error ?? new StreamAbortedError();
    return last;
  }

  async *#run(): AsyncGenerator<[...Pair<N, T>, AgentTurn<N, T>], void, undefined> {
    try {
      this.#listen(this.#options.signal);
      this.#listen(this.#plan.signal);
      let plan = this.#plan;
      while (this.#stopReason === null) {
        const { turn, runner } = this.#open(plan);
        yield* this.#read(turn, runner);
        this.#listen(turn.stream.dynamicConfig?.signal);
        this.#stopReason = await this.#finishTurn(turn, runner);
        if (this.#stopReason === null) plan = plan.extend(this.history().slice(turn.stream.messages.length));
      }
    } catch (error) {
      if (this.#hasLeft) return;
      this.#error = error;
      throw error;
    } finally {
      this.#isOver = true;
      for (const cleanup of this.#cleanups) cleanup();
      this.#controller.abort(new StreamAbortedError("The run has ended."));
    }
  }

  /** While a stream is read it listens itself; tools know of this run's signal alone. */
  #listen(signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    if (signal.aborted) this.abort(signal.reason);
    else this.#cleanups.push(whenAborted(signal, () => this.abort(signal.reason)));
  }

  #open(plan: CallPlan<N>): { turn: AgentTurn<N, T>; runner: ToolRunner } {
    const { signal } = this.#controller;
    if (signal.aborted) throw new StreamAbortedError(signal.reason);
    const { parallel = 4, approve, maxCost } = this.#options;
    const stream = this.#machine.open(plan);
    if (maxCost !== undefined && stream.cost === null) {
      throw new InvalidOptionError("maxCost", `the price of ${stream.model} is not known: give it in prices.`);
    }
    const runner = new ToolRunner(parallel, signal, approve);
    const turn = {
      index: this.#turns.length,
      stream,
      get outputs() {
        return runner.outputs;
      },
    };
    this.#tokensBefore = this.outputTokens;
    this.#turns.push(turn);
    return { turn, runner };
  }

  async *#read(
    turn: AgentTurn<N, T>,
    runner: ToolRunner,
  ): AsyncGenerator<[...Pair<N, T>, AgentTurn<N, T>], void, undefined> {
    for await (const [chunk, tool] of turn.stream) {
      // The declared tools are what `T` stands for.
      const call = tool as unknown as AnyToolCall | null;
      if (call?.state === "complete" && call["~early"] && !this.#stopsAt(call)) runner.start(call);
      yield [chunk, tool, turn];
    }
  }

  /** Runs the tools that a turn asks for. Gives why the run ends with it, or null: it goes on. */
  async #finishTurn(turn: AgentTurn<N, T>, runner: ToolRunner): Promise<AgentStop | null> {
    const { tools, asksForTools, commonFinishReasons } = turn.stream;
    const calls = (tools as readonly AnyToolCall[]).filter((call) => call.state === "complete");
    const isHandedOver = asksForTools && calls.some((call) => this.#stopsAt(call));
    if (asksForTools && !isHandedOver) for (const call of calls) runner.start(call);
    await runner.finish();
    if (isHandedOver) return "tool";
    const isPaused = commonFinishReasons.some((reason) => reason === "pause" || reason === "compaction");
    return asksForTools || isPaused ? this.#limit(turn, runner) : "answer";
  }

  #stopsAt({ name }: ToolCall): boolean {
    return [this.#options.stopAtTool ?? []].flat().includes(name);
  }

  async #limit(turn: AgentTurn<N, T>, runner: ToolRunner): Promise<AgentStop | null> {
    const { maxTurns = 10, maxOutputTokens = Infinity, maxCost, stopWhen } = this.#options;
    if (this.outputTokens >= maxOutputTokens) return "tokens";
    if (maxCost !== undefined && (this.cost ?? Infinity) >= maxCost) return "cost";
    if (await runner.wait(Promise.resolve(stopWhen?.(turn)))) return "condition";
    return this.#turns.length >= maxTurns ? "turns" : null;
  }
}
