import type { Attempt } from "../attempt/attempt.ts";
import { joinCosts } from "../cost/price.ts";
import type { Native } from "../provider/native.ts";
import type { Budget, Spending } from "./budget.ts";

/** The attempts that are charged for. Those that went on with one and the same reply are charged for once. */
function charged<N extends Native>(attempts: readonly Attempt<N>[]): readonly Attempt<N>[] {
  return [...new Map(attempts.map((attempt) => [attempt.decoder, attempt])).values()];
}

/**
 * What the attempts of a call cost so far; null if that is not known.
 *
 * @param shown - Gives the model, before any of them has a message.
 */
export function costOf<N extends Native>(attempts: readonly Attempt<N>[], shown: Attempt<N>): N["costMetadata"] | null {
  const begun = charged(attempts).filter(({ decoder }) => decoder.message !== null);
  return joinCosts((begun.length > 0 ? begun : [shown]).map(({ costMetadata }) => costMetadata));
}

/** What attempts have taken of a budget, estimated where the provider has not counted. */
export function spendingOf<N extends Native>(budget: Budget, attempts: readonly Attempt<N>[]): Spending {
  let outputTokens = 0;
  let cost = 0;
  for (const attempt of charged(attempts)) {
    const source = attempt.decoder.isWhole ? attempt.usageSource : "estimated";
    outputTokens += attempt.provider.views.commonUsage(attempt.reply, source).outputTokens;
    if (budget.cost !== undefined) cost += attempt.costFor(source)?.cost ?? 0;
  }
  return { outputTokens, cost };
}
