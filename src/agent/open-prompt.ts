import type { PreparedCall } from "../attempt/prepared.ts";
import type { Native } from "../provider/native.ts";
import type { CallPlan, PlannedPrompt } from "../recovery/plan.ts";
import { isDeclared } from "../tool/declared.ts";
import type { ToolInput } from "../tool/tool-box.ts";
import type { OpenCall, OpenConversation } from "./open-calls.ts";
import { lostOutput, type PastRun } from "./past-run.ts";
import { ToolRefusedError, UNANSWERED } from "./tool-refused-error.ts";
import type { ToolRunner } from "./tool-runner.ts";
import { type AnsweredCall, answered, missingAnswers } from "./turn.ts";
import { stringify } from "../json/stringify.ts";

/** A prompt whose calls may wait for their results, and what becomes of them. */
export class OpenPrompt<N extends Native> {
  readonly runner: ToolRunner;
  readonly #plan: CallPlan<N>;
  readonly #prompt: PlannedPrompt<N>;
  readonly #conversation: OpenConversation<N>;
  #isAnswered = false;
  readonly #calls = new Map<OpenCall, AnsweredCall>();

  constructor(plan: CallPlan<N>, prompt: PlannedPrompt<N>, conversation: OpenConversation<N>, runner: ToolRunner) {
    this.#plan = plan;
    this.#prompt = prompt;
    this.#conversation = conversation;
    this.runner = runner;
  }

  /** Whether there is nothing to ask the model: what was approved has run, and the model has answered. */
  get isOver(): boolean {
    return this.#conversation.isOver;
  }

  /** Whether there are calls that somebody has approved. */
  get hasApproved(): boolean {
    return this.#conversation.calls.some(({ answer }) => answer === true);
  }

  /**
   * Starts what was approved, and settles the other calls.
   *
   * @param past - What is known of the run, if it began elsewhere: nothing that may have run there is started.
   */
  async start(past: PastRun | null): Promise<void> {
    const answers = [...(past?.answers ?? [])];
    const tools = this.#prompt.config?.tools ?? this.#plan.tools ?? [];
    const declared = tools.filter(isDeclared);
    const box = declared[0]?.["~box"](declared, false);
    for (const open of this.#conversation.calls) {
      const input = inputOf(open);
      const { name, answer } = open;
      const call =
        answer === true ? await this.runner.wait(Promise.resolve(box?.apply({ input, fragment: null }))) : null;
      const known = call ?? answered(input);
      this.#calls.set(open, known);
      const place = answers.findIndex((given) => given.id === open.id && given.name === name);
      const [given] = place < 0 ? [] : answers.splice(place, 1);
      if (given !== undefined) this.runner.restore(known, given.output);
      else if (call?.state === "complete") {
        if (past === null) this.runner.start(call, "approved");
        else this.runner.settle(call, lostOutput());
      } else if (call?.state === "invalid") this.runner.settle(call, call.error);
      else if (answer !== true) this.runner.settle(known, new ToolRefusedError(name, answer ?? UNANSWERED));
      else for (const [, error] of missingAnswers([input], tools)) this.runner.settle(known, error);
    }
  }

  /** Gives the prompt a result for each call. Those that did not come to run are told so. */
  answer(): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    const outputs = new Map(this.runner.outputs);
    this.#prompt.messages = this.#conversation.answered((open) => {
      const call = this.#calls.get(open) ?? answered(inputOf(open));
      return call["~result"](outputs.has(call) ? outputs.get(call) : new Error("The tool was not run."));
    });
  }

  /** The request as it would be sent, if tools have run for it or it is over; null if not, or if it cannot be sent. */
  async prepared(): Promise<PreparedCall<N> | null> {
    if (this.#calls.size === 0 && !this.isOver) return null;
    this.answer();
    const [target] = this.#plan.targets;
    return this.#plan.prepare(target, []).then(
      ({ call }) => call,
      () => null,
    );
  }
}

/** A call as a reply would have it. */
function inputOf(open: OpenCall): ToolInput {
  const { id, name, args } = open;
  const isText = typeof args === "string";
  return {
    id,
    name,
    block: open,
    text: isText ? args : stringify(args ?? {}),
    value: isText ? undefined : args,
    state: "complete",
  };
}
