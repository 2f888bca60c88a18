import type { Script } from "millrace/testing";

/** A case, and the replies with which a fake server stands in for the API. */
export interface LiveCase {
  readonly name: string;
  readonly rare: readonly string[];
  readonly replies: readonly Script[];
}

export const cases: readonly LiveCase[];
