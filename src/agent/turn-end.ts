import type { Native } from "../provider/native.ts";
import type { Stream } from "../stream/stream.ts";
import type { PairTypes } from "../tool/pair.ts";
import type { ToolCall } from "../tool/tool-call.ts";
import type { ToolChoice } from "../tool/tool-choice.ts";
import type { AgentOptions, AgentStop, AgentTurn } from "./options.ts";
import type { ToolRunner } from "./tool-runner.ts";
import { asksForNative, completeCalls, cutCalls, endOf, inputsOf } from "./turn.ts";

/** What the limits of a run count. */
interface Totals {
  readonly turns: readonly unknown[];
  readonly outputTokens: number;
  readonly cost: number | null;
}

/** Says after each turn whether the run goes on. */
export class TurnEnd<N extends Native, T extends PairTypes> {
  readonly #tools: readonly object[];
  readonly #options: AgentOptions<N, PairTypes>;
  /** The tools whose input was cut in the last turn. */
  #cut: readonly string[] = [];

  /** @param tools - Those of the call: a dynamic config may replace them. */
  constructor(tools: readonly object[], options: AgentOptions<N, PairTypes>) {
    this.#tools = tools;
    this.#options = options;
  }

  /**
   * Why the run ends with a turn, or null: it goes on.
   *
   * @param isFollowed - Whether the run has had the next turn already: then it did not end here.
   */
  async stopAfter(
    turn: AgentTurn<N, T>,
    runner: ToolRunner,
    totals: Totals,
    isFollowed: boolean,
  ): Promise<AgentStop | null> {
    const { stream } = turn;
    const { asksForTools, commonFinishReasons: reasons } = stream;
    const cut = cutCalls(inputsOf(stream), reasons).map(({ name }) => name);
    const isCutAgain = cut.some((name) => this.#cut.includes(name));
    this.#cut = cut;
    if (isFollowed) return null;
    if (this.handsOver(stream)) return "tool";
    if (asksForTools && runner.isHeld) return "approval";
    if (isCutAgain) return "cut";
    const isPaused = reasons.includes("pause") || reasons.includes("compaction");
    return asksForTools || isPaused || cut.length > 0 ? this.#limit(turn, runner, totals) : endOf(reasons);
  }

  /** Whether the program is to run what the model asks for. */
  handsOver(stream: Stream<N, T>): boolean {
    if (!stream.asksForTools) return false;
    return (
      completeCalls(stream).some((call) => this.stopsAt(call)) || asksForNative(inputsOf(stream), this.toolsOf(stream))
    );
  }

  stopsAt({ name }: ToolCall): boolean {
    return [this.#options.stopAtTool ?? []].flat().includes(name);
  }

  toolsOf(stream: Stream<N, T>): readonly object[] {
    return stream.dynamicConfig?.tools ?? this.#tools;
  }

  async #limit(turn: AgentTurn<N, T>, runner: ToolRunner, totals: Totals): Promise<AgentStop | null> {
    const { maxTurns = 10, maxOutputTokens = Infinity, maxCost, stopWhen } = this.#options;
    if (totals.outputTokens >= maxOutputTokens) return "tokens";
    if (maxCost !== undefined && (totals.cost ?? Infinity) >= maxCost) return "cost";
    if (await runner.wait(Promise.resolve(stopWhen?.(turn)))) return "condition";
    return totals.turns.length >= maxTurns ? "turns" : null;
  }
}

/**
 * The choice for the turns after one in which the model has obeyed a choice that forces: it may use tools from then on.
 * Undefined if the choice does not force, or none of the calls is what it asks for.
 */
export function liftedChoice(
  choice: ToolChoice | undefined,
  calls: readonly { readonly name: string }[],
): ToolChoice | undefined {
  const { type, ...asked } = typeof choice === "object" ? choice : { type: choice };
  if (type !== "any" && type !== "tool") return undefined;
  const isObeyed = calls.some(({ name }) => !("name" in asked) || asked.name === name);
  return isObeyed ? { type: "auto", parallel: "parallel" in asked ? asked.parallel : undefined } : undefined;
}
