import { getEventListeners } from "node:events";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { StreamAbortedError } from "../../src/errors.ts";
import { tool } from "../../src/index.ts";
import type { ToolCall } from "../../src/tool/tool-call.ts";
import { toolResult } from "../../src/tool/tool-result.ts";
import { ToolRunner } from "../../src/agent/tool-runner.ts";

/** What the model is told of a tool that was running when its run was stopped. */
const STOPPED = "The outcome of this call is unknown: the tool was interrupted, since the run was stopped.";

function callOf(run: (context: { signal: AbortSignal }) => unknown, id = "toolu_1"): ToolCall {
  const definition = tool({ name: "run", call: (_, context) => run(context) });
  const call = definition["~open"]({ id, toolCall: () => null }).close("{}", {});
  if (!("call" in call)) throw new Error("The call is not complete.");
  return call;
}

const runnerOf = (signal = new AbortController().signal, parallel = 4): ToolRunner =>
  new ToolRunner(parallel, signal, undefined);
const listeners = (signal: AbortSignal): number => getEventListeners(signal, "abort").length;
const never = (): Promise<never> => new Promise<never>(() => {});
const throwing = (): never => {
  throw new Error("boom");
};

/** Runs the tools to their end. */
async function outputsOf(...calls: ToolCall[]): Promise<unknown[]> {
  const runner = runnerOf();
  for (const call of calls) runner.start(call);
  await runner.finish();
  return runner.outputs.map(([, output]) => output);
}

test("what approve changes in args does not reach the tool", async () => {
  const definition = tool({ name: "run", inputSchema: { type: "object" }, call: (args) => args });
  const call = definition["~open"]({ id: "toolu_1", toolCall: () => null }).close("", { paths: ["a"] });
  if (!("call" in call)) throw new Error("The call is not complete.");
  const seen: unknown[] = [];
  const runner = new ToolRunner(1, new AbortController().signal, (shown) => {
    seen.push(structuredClone(shown.args), shown.name, shown.id, inspect(shown));
    (shown.args as { paths: string[] }).paths.push("b");
    return true;
  });
  runner.start(call);
  await runner.finish();
  expect(runner.outputs).toEqual([[call, { paths: ["a"] }]]);
  expect(seen).toEqual([{ paths: ["a"] }, "run", "toolu_1", inspect(call)]);
});

test("a result that came while nobody waited is noticed by the next wait", async () => {
  const runner = runnerOf();
  const call = callOf(throwing);
  runner.start(call);
  await Promise.resolve();
  await Promise.resolve();
  expect(await runner.beforeResult(runner.finish())).toBeNull();
  expect(runner.takeResult()).toEqual([call, new Error("boom")]);
});

describe("a tool that throws", () => {
  const revocable = Proxy.revocable({}, {});
  revocable.revoke();
  const cases: Readonly<Record<string, readonly [thrown: unknown, message: string]>> = {
    "an object without a prototype": [Object.create(null), "an error without a readable message"],
    "a symbol": [Symbol("s"), "Symbol(s)"],
    "a string": ["out of paper", "out of paper"],
    nothing: [undefined, "undefined"],
    "a proxy that throws": [
      new Proxy({}, { get: throwing, getPrototypeOf: throwing }),
      "an error without a readable message",
    ],
    "a revoked proxy": [revocable.proxy, "an error without a readable message"],
    "a very long string": ["x".repeat(1e6), `${"x".repeat(1000)}…`],
  };
  for (const [what, [thrown, message]] of Object.entries(cases)) {
    test(`${what} has an error as its output`, async () => {
      const outputs = await outputsOf(
        callOf(() => {
          throw thrown;
        }),
        callOf(() => Promise.reject(thrown)),
      );
      for (const output of outputs) {
        expect(output).toBeInstanceOf(Error);
        expect(toolResult("toolu_1", output)).toEqual({ id: "toolu_1", content: message, isError: true });
      }
    });
  }

  test("an error has that error as its output", async () => {
    const error = new TypeError("No such book");
    expect((await outputsOf(callOf(() => Promise.reject(error))))[0]).toBe(error);
  });
});

test("outputs are in the order of the calls, not of their ends", async () => {
  const runner = runnerOf();
  let end: (output: string) => void = () => {};
  const slow = callOf(() => new Promise<string>((resolve) => (end = resolve)), "toolu_1");
  const fast = callOf(() => "fast", "toolu_2");
  for (const call of [slow, fast]) runner.start(call);
  await new Promise(setImmediate);
  expect(runner.outputs).toEqual([[fast, "fast"]]);
  end("slow");
  await runner.finish();
  expect(runner.outputs).toEqual([
    [slow, "slow"],
    [fast, "fast"],
  ]);
});

describe("when the signal is aborted", () => {
  test("finish() rejects, even if a tool never settles", async () => {
    const controller = new AbortController();
    const runner = runnerOf(controller.signal, 1);
    const calls = [callOf(never), callOf(never)];
    for (const call of calls) runner.start(call);
    const finished = runner.finish();
    controller.abort("Stop");
    await expect(finished).rejects.toThrow(StreamAbortedError);
    await expect(runner.finish()).rejects.toThrow(StreamAbortedError);
    // The second one never ran.
    expect(runner.outputs).toEqual([[calls[0], new Error(STOPPED)]]);
  });

  test("a promise that rejects later is handled", async () => {
    const controller = new AbortController();
    const runner = runnerOf(controller.signal);
    let fail: (error: Error) => void = () => {};
    const waiting = runner.wait(new Promise<never>((_, reject) => (fail = reject)));
    controller.abort("Stop");
    await expect(waiting).rejects.toThrow(StreamAbortedError);
    const late = runner.wait(Promise.reject(new Error("late")));
    await expect(late).rejects.toThrow(StreamAbortedError);
    const unhandled: unknown[] = [];
    const onUnhandled = (reason: unknown): void => void unhandled.push(reason);
    process.on("unhandledRejection", onUnhandled);
    fail(new Error("later"));
    await new Promise(setImmediate);
    process.off("unhandledRejection", onUnhandled);
    expect(unhandled).toEqual([]);
  });
});

test("a runner has one listener on the signal while it waits, and none afterwards", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const runner = runnerOf(signal);
  let end = (): void => {};
  const open = new Promise<void>((resolve) => (end = resolve));
  runner.start(callOf(() => open));
  const finished = [runner.finish(), runner.finish(), runner.wait(open)];
  expect(listeners(signal)).toBe(1);
  end();
  await Promise.all(finished);
  expect(listeners(signal)).toBe(0);
  const stopped = runner.wait(never());
  expect(listeners(signal)).toBe(1);
  controller.abort();
  await expect(stopped).rejects.toThrow(StreamAbortedError);
  expect(listeners(signal)).toBe(0);
});

test("a call that is started twice runs once", async () => {
  let runs = 0;
  const call = callOf(() => ++runs);
  expect(await outputsOf(call, call)).toEqual([1]);
});

test("4,000 calls take linear time", async () => {
  const start = performance.now();
  const outputs = await outputsOf(...Array.from({ length: 4000 }, (_, n) => callOf(() => n, `toolu_${n}`)));
  expect(outputs).toEqual(Array.from({ length: 4000 }, (_, n) => n));
  expect(performance.now() - start).toBeLessThan(2000);
});
