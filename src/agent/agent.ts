import type { Native } from "../provider/native.ts";
import type { CallPlan } from "../recovery/plan.ts";
import { whenAborted } from "../recovery/abort-signal.ts";
import { checkOptions } from "../schema/option-form.ts";
import { handled } from "../stream/leavable.ts";
import type { Parsing } from "../structured/structured-call.ts";
import type { PairTypes } from "../tool/pair.ts";
import { agentForms, type AgentOptions, type Repeatable } from "./options.ts";
import { AgentRun, type AgentScript } from "./run.ts";

/** A run of an agent; if its call has a response model, the run has `parse()`, which gives the model of the last text. */
export type RunOf<N extends Native, T extends PairTypes, Model> = [Model] extends [never]
  ? AgentRun<N, T>
  : AgentRun<N, T> & Parsing<Model>;

/** A function that starts a run. */
export interface Agent<N extends Native, Args extends readonly unknown[], T extends PairTypes, Model = never> {
  (...args: Args): RunOf<N, T, Model>;
  /** Lets a log start a run of what it holds. @internal */
  readonly "~agent": {
    plan(...args: Args): CallPlan<N>;
    start(plan: CallPlan<N>, script: AgentScript<N, T>): RunOf<N, T, Model>;
  };
}

/**
 * Makes a function that repeats a call for as long as the model asks for tools, and runs them.
 *
 * The model gets an error result if a tool throws or does not exist, or if its input is invalid or was cut. A turn that the
 * provider paused (also for compaction) is sent back, and continues. A `toolChoice` of the call that forces a tool is dropped
 * once the model has obeyed it.
 *
 * @param call - A call with tools, streamed or not.
 * @param options - Limits, and what may stop the run: see {@link AgentOptions}. All are optional.
 * @throws InvalidOptionError if an option has a name or a value that means nothing.
 *
 * @example
 * ```ts
 * import { agent, tool } from "millrace";
 * import { call } from "millrace/anthropic";
 *
 * const clock = tool({ name: "clock", description: "Tells the time.", call: () => new Date().toISOString() });
 * const ask = agent(call("claude-sonnet-5-5", { stream: true, tools: [clock] }, (question: string) => question));
 * for await (const [chunk, toolCall, turn] of ask("What time is it?")) process.stdout.write(chunk.content);
 * ```
 */
export function agent<N extends Native, Args extends readonly unknown[], T extends PairTypes, Model = never>(
  call: Repeatable<N, Args, T, Model>,
  options: AgentOptions<N, T> = {},
): Agent<N, Args, T, Model> {
  checkOptions(options, agentForms, "", { maxSteps: "maxTurns", abortSignal: "signal" });
  const machine = call["~call"];
  const start = (plan: CallPlan<N>, script: AgentScript<N, T> | null): RunOf<N, T, Model> => {
    const run = new AgentRun(plan, machine, options, script);
    const { parse } = machine;
    if (parse !== undefined) {
      const parseLast = async (): Promise<Model> => parse((await run.finish()).stream.constructCallResponse());
      Object.defineProperty(run, "parse", { value: () => handled(abortable(run, options.signal, parseLast)) });
    }
    // With a response model it has `parse` now.
    return run as RunOf<N, T, Model>;
  };
  const ask = (...args: Args): RunOf<N, T, Model> => start(machine.plan(...args), null);
  return Object.assign(ask, { "~agent": { plan: machine.plan, start, fromJson: machine.fromJson } });
}

/** Lets a signal abort the run until the work is done: once the run has ended, it does not listen any more itself. */
async function abortable<V>(
  run: { abort(reason: unknown): void },
  signal: AbortSignal | undefined,
  work: () => Promise<V>,
): Promise<V> {
  const cancel = signal && whenAborted(signal, () => run.abort(signal.reason));
  try {
    return await work();
  } finally {
    cancel?.();
  }
}
