import { expect, it } from "vitest";
import { describeFailure, runHostile } from "../endurance/hostile-run.mjs";
import { agent, MillraceError, tool } from "../src/index.ts";
import { call, client, limiter } from "../src/providers/anthropic/index.ts";
import { call as structuredCall } from "../src/providers/anthropic/structured.ts";
import { firstProblem } from "../src/testing/anthropic/check.ts";
import { messageChecks, turnChecks } from "../src/testing/anthropic/check-messages.ts";
import { unrestrictedModel } from "../src/testing/anthropic/model-rules.ts";
import { SentBlocks } from "../src/testing/anthropic/sent.ts";

/** Milliseconds after which no further cases begin, so that a slow machine plays fewer. */
const ENOUGH_MS = 25_000;
/** The same cases each time: a build does not fail by chance. The long run (`npm run endurance -- hostile`) looks for others. */
const seed = Number(process.env["MILLRACE_HOSTILE_SEED"] ?? 1);
const cases = Number(process.env["MILLRACE_HOSTILE_CASES"] ?? 400);

const request = {
  model: unrestrictedModel("any"),
  version: "2023-06-01",
  betas: new Set<string>(),
  fields: new Set<string>(),
  sent: new SentBlocks(),
};
const problemWith = (messages: readonly unknown[]): string | null =>
  firstProblem([...turnChecks, ...messageChecks], { ...request, body: { messages } });
const library = { agent, call, client, limiter, MillraceError, problemWith, structuredCall, tool };

it("a hostile reply surprises no reader", { timeout: 120_000 }, async () => {
  const { done, failure } = await runHostile(library, { seed, cases, until: performance.now() + ENOUGH_MS });
  expect(failure === null ? "" : describeFailure(failure)).toBe("");
  console.log(`${done} hostile cases from seed ${seed} on (MILLRACE_HOSTILE_SEED)`);
});
