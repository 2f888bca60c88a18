import { StreamAbortedError } from "./errors.ts";
import type { Native } from "./provider.ts";
import type { CallPlan } from "./stream/attempt.ts";
import type { ToolOutput } from "./stream/history.ts";
import type { Pair } from "./stream/pair-source.ts";
import type { Stream } from "./stream/stream.ts";
import type { AnyToolCall, PairTypes } from "./tool/pair.ts";
import type { ToolCall } from "./tool/tool-call.ts";
import { ToolRunner } from "./tool/tool-runner.ts";

/** A call, as the loop needs it: how to plan it, and how to open a stream. Every call has it under `~call`. */
export interface CallMachine<N extends Native, Args extends readonly unknown[], T extends PairTypes> {
  plan(...args: Args): CallPlan<N>;
  open(plan: CallPlan<N>): Stream<N, T>;
}

/** A call that {@link agent} can repeat. */
export interface Repeatable<N extends Native, Args extends readonly unknown[], T extends PairTypes> {
  readonly "~call": CallMachine<N, Args, T>;
}

/** One turn of the conversation: the model's reply, and what its tools gave. */
export interface AgentTurn<out N extends Native = Native, out T extends PairTypes = PairTypes> {
  /** Counts from 0. */
  readonly index: number;
  readonly stream: Stream<N, T>;
  /** The tools that were run, and what they gave; an `Error` where they failed or were refused. */
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
  /** Stops after the turn that passes this many output tokens, in all turns together. */
  readonly maxOutputTokens?: number | undefined;
  /** Stops after the turn that passes this cost in US dollars, in all turns together. */
  readonly maxCost?: number | undefined;
  /** Stops after a turn for which this gives true. */
  readonly stopWhen?: ((turn: AgentTurn<N, T>) => boolean | Promise<boolean>) | undefined;
  /** Asked before a tool runs. False, or a reason, is told to the model instead of a result. */
  readonly approve?: ((tool: NonNullable<T["~pair"]>) => boolean | string | Promise<boolean | string>) | undefined;
  /** Aborts the run: the stream, and the tools through their own signal. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes a function that repeats a call for as long as the model asks for tools, and runs them.
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
  const machine = call["~call"];
  return (...args) => new AgentRun(machine.plan(...args), machine, options);
}

/**
 * A run of an agent: the pairs of all its turns as one stream. The third of each is the turn that it belongs to.
 *
 * It can be read once. Leaving the iteration stops the stream and the tools.
 */
export class AgentRun<out N extends Native, out T extends PairTypes> implements AsyncDisposable {
  readonly #plan: CallPlan<N>;
  readonly #machine: { open(plan: CallPlan<N>): Stream<N, T> };
  readonly #options: AgentOptions<Native, PairTypes>;
  readonly #controller = new AbortController();
  readonly #pairs: AsyncGenerator<[...Pair<N, T>, AgentTurn<N, T>], void, undefined>;
  readonly #turns: AgentTurn<N, T>[] = [];
  #stopReason: AgentStop | null = null;

  /** @internal */
  constructor(plan: CallPlan<N>, machine: { open(plan: CallPlan<N>): Stream<N, T> }, options: object) {
    this.#plan = plan;
    this.#machine = machine;
    this.#options = options;
    this.#pairs = this.#run();
  }

  /** The turns so far. */
  get turns(): readonly AgentTurn<N, T>[] {
    return this.#turns;
  }

  /** Why the run ended; null while it goes on, and after an error. */
  get stopReason(): AgentStop | null {
    return this.#stopReason;
  }

  /** The text of the last turn: the answer, once the run has ended. */
  get content(): string {
    return this.#turns.at(-1)?.stream.content ?? "";
  }

  /** Output tokens of all turns. */
  get outputTokens(): number {
    return this.#turns.reduce((sum, { stream }) => sum + stream.outputTokens, 0);
  }

  /** What all turns cost so far, in US dollars; null where that is not known. */
  get cost(): number | null {
    return this.#turns.reduce<number | null>(
      (sum, { stream: { cost } }) => (sum === null || cost === null ? null : sum + cost),
      0,
    );
  }

  /** The whole conversation, as it may be sent back. */
  history(): readonly N["messageParam"][] {
    const last = this.#turns.at(-1);
    return last === undefined ? [] : last.stream.history(last.outputs);
  }

  [Symbol.asyncIterator](): AsyncGenerator<[...Pair<N, T>, AgentTurn<N, T>], void, undefined> {
    return this.#pairs;
  }

  /** Runs to the end, if nobody iterates, and gives the last turn. */
  async finish(): Promise<AgentTurn<N, T>> {
    while (!(await this.#pairs.next()).done);
    const last = this.#turns.at(-1);
    if (last === undefined) throw new StreamAbortedError("The run was left before its first turn.");
    return last;
  }

  /** Stops the stream and the tools. The iteration throws StreamAbortedError. */
  abort(reason?: unknown): void {
    this.#controller.abort(reason);
    this.#turns.at(-1)?.stream.abort(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.abort();
    await this.#pairs.return();
  }

  async *#run(): AsyncGenerator<[...Pair<N, T>, AgentTurn<N, T>], void, undefined> {
    const { signal, maxTurns = 10 } = this.#options;
    const onAbort = (): void => this.abort(signal?.reason);
    if (signal?.aborted) onAbort();
    signal?.addEventListener("abort", onAbort);
    try {
      let plan = this.#plan;
      for (let index = 0; this.#stopReason === null; index++) {
        if (index >= maxTurns) {
          this.#stopReason = "turns";
          break;
        }
        const turn = { index, stream: this.#machine.open(plan), outputs: [] as ToolOutput[] };
        this.#turns.push(turn);
        if (this.#controller.signal.aborted) turn.stream.abort(this.#controller.signal.reason);
        yield* this.#runTurn(turn);
        const sent = turn.stream.messages.length;
        plan = plan.extend(turn.stream.history(turn.outputs).slice(sent));
      }
    } finally {
      signal?.removeEventListener("abort", onAbort);
      this.#controller.abort(new StreamAbortedError("The run has ended."));
    }
  }

  async *#runTurn(
    turn: AgentTurn<N, T> & { readonly outputs: ToolOutput[] },
  ): AsyncGenerator<[...Pair<N, T>, AgentTurn<N, T>], void, undefined> {
    const { parallel = 4, approve } = this.#options;
    const { stream } = turn;
    const runner = new ToolRunner(
      parallel,
      this.#controller.signal,
      approve as ((tool: ToolCall) => boolean) | undefined,
    );
    for await (const [chunk, tool] of stream) {
      // Of pairs with tools, those that can be called.
      const call = tool as (AnyToolCall & { readonly "~early"?: boolean }) | null;
      if (call?.state === "complete" && call["~early"] && !this.#stopsAt(call.name)) runner.start(call);
      yield [chunk, tool, turn];
    }
    const calls = stream.tools as readonly AnyToolCall[];
    if (calls.some(({ name, state }) => state === "complete" && this.#stopsAt(name))) {
      this.#stopReason = "tool";
      return;
    }
    for (const call of calls) if (call.state === "complete") runner.start(call);
    turn.outputs.push(...(await runner.finish()));
    const goesOn = stream.asksForTools || stream.commonFinishReasons.includes("pause");
    this.#stopReason = goesOn ? await this.#limit(turn) : "answer";
  }

  #stopsAt(name: string): boolean {
    return [this.#options.stopAtTool ?? []].flat().includes(name);
  }

  async #limit(turn: AgentTurn<N, T>): Promise<AgentStop | null> {
    const { maxOutputTokens = Infinity, maxCost = Infinity, stopWhen } = this.#options;
    if (this.outputTokens >= maxOutputTokens) return "tokens";
    if ((this.cost ?? 0) >= maxCost) return "cost";
    return (await stopWhen?.(turn)) ? "condition" : null;
  }
}
