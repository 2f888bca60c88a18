import { MillraceError } from "../errors.ts";

/** How much a call may take before it is stopped. */
export interface Budget {
  /** Output tokens of all requests, thinking and tool inputs included. Estimated until the provider has counted them. */
  readonly outputTokens?: number | undefined;
  /** US dollars, for all requests. Nothing is stopped if the price is not known. */
  readonly cost?: number | undefined;
}

/** How much the requests for one result have taken. */
export interface Spending {
  readonly outputTokens: number;
  /** US dollars. */
  readonly cost: number;
}

/**
 * A call exceeded its budget and was stopped: its outcome is `aborted`.
 *
 * @example
 * ```ts
 * import { BudgetExceededError } from "millrace";
 *
 * function report(error: unknown): void {
 *   if (error instanceof BudgetExceededError) console.error(error.budget, error.allowed, error.taken);
 * }
 * ```
 */
export class BudgetExceededError extends MillraceError {
  readonly code = "budget_exceeded";
  /** Which part of the budget. */
  declare readonly budget: keyof Budget;
  /** How much the budget allowed. */
  declare readonly allowed: number;
  /** How much had been taken when the call was stopped, as far as is known. */
  declare readonly taken: number;
  constructor(budget: keyof Budget, allowed: number, taken: number) {
    super(`The budget is spent: budget.${budget} is ${allowed}, and ${taken} was taken.`, { budget, allowed, taken });
  }
}

/** The error if a budget is exceeded, or null. */
export function excess(budget: Budget, spent: Spending): BudgetExceededError | null {
  const part = (["outputTokens", "cost"] as const).find((name) => spent[name] > (budget[name] ?? Infinity));
  return part === undefined ? null : new BudgetExceededError(part, budget[part] ?? 0, spent[part]);
}
