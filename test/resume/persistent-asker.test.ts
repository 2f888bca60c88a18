import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PersistentAsker } from "../../src/resume/persistent-asker.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const LEASE_MS = 300;

/** Calls of a log, each of which is answered by hand. */
function calls() {
  const answers: { give(answer: string): void; fail(error: unknown): void }[] = [];
  const done = vi.fn();
  const asker = new PersistentAsker({ leaseMs: LEASE_MS, onError: vi.fn(), onGivenUp: vi.fn() });
  const ask = (): Promise<string> => new Promise((give, fail) => answers.push({ give, fail }));
  return { answers, done, asker, task: { ask, done } };
}

describe("a log that is asked until it has done something", () => {
  it("has done it once, when the answer comes after it was given up, and before it is asked again", async () => {
    const { answers, done, asker, task } = calls();
    asker.ask(task);
    vi.advanceTimersByTime(LEASE_MS);
    asker.check();
    answers[0]?.give("late");
    await vi.advanceTimersByTimeAsync(0);
    expect(done).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(answers.length).toBe(2);
    answers[1]?.give("again");
    await vi.advanceTimersByTimeAsync(LEASE_MS);
    expect(done.mock.calls).toEqual([["again"]]);
    expect([answers.length, asker.isBusy]).toEqual([2, false]);
  });

  it("is asked again once, when it has also failed after it was given up", async () => {
    const { answers, done, asker, task } = calls();
    asker.ask(task);
    vi.advanceTimersByTime(LEASE_MS);
    asker.check();
    answers[0]?.fail(new Error("gone"));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(answers.length).toBe(2);
    answers[1]?.give("yes");
    await vi.advanceTimersByTimeAsync(0);
    expect(done.mock.calls).toEqual([["yes"]]);
  });

  it("may answer at once", () => {
    const { asker, done } = calls();
    asker.ask({ ask: () => "now", done });
    expect(done.mock.calls).toEqual([["now"]]);
    expect(asker.isBusy).toBe(false);
  });
});
