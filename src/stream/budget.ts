import { MillraceError } from "../errors.ts";

/** What a call may take before it is stopped. */
export interface Budget {
  /** Output tokens of all attempts, thinking and the input of tools included; estimated until the provider has counted. */
  readonly outputTokens?: number | undefined;
  /** US dollars, for all attempts. Where the price is not known, nothing is stopped. */
  readonly cost?: number | undefined;
}

/** The call took more than its budget, and was stopped: its outcome is `aborted`. */
export class BudgetExceededError extends MillraceError {
  readonly code = "budget_exceeded";
  /** Which part of the budget. */
  declare readonly budget: keyof Budget;
  /** What it allowed. */
  declare readonly allowed: number;
  /** What had been taken when the stream was stopped, as far as is known. */
  declare readonly taken: number;
  constructor(budget: keyof Budget, allowed: number, taken: number) {
    super(`The budget is spent: budget.${budget} is ${allowed}, and ${taken} was taken.`, { budget, allowed, taken });
  }
}
