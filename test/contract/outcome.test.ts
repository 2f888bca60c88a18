import { describe, expect, it } from "vitest";
import { BudgetExceededError } from "../../src/recovery/budget.ts";
import { ended, endingsOf, readTo } from "./endings.ts";
import {
  type AnyStream,
  beats,
  expectClosed,
  expectHandledRejections,
  failure,
  gate,
  inTurn,
  open,
  read,
  reply,
} from "./reading.ts";
import type { Beat } from "./subject.ts";
import { subjects } from "./subjects.ts";

expectHandledRejections();

/** All that a stream says of how it ended must be one story, and stay so. */
async function expectAgreement(stream: AnyStream, text: string): Promise<void> {
  const { outcome, error } = stream;
  for (let times = 0; times < 2; times++) {
    expect([stream.outcome, stream.error, stream.content]).toEqual([outcome, error, text]);
    expect(error === null).toBe(outcome === "complete");
    if (error === null) {
      expect((await stream.response()).content).toBe(text);
      expect(stream.constructCallResponse().content).toBe(text);
    } else {
      expect(await failure(stream.response())).toBe(error);
      expect(() => stream.constructCallResponse()).toThrow(error);
    }
    expect(stream.attempts.at(-1)).toMatchObject({ outcome, error });
    expect(stream.endTime).toBeGreaterThanOrEqual(stream.startTime ?? Infinity);
    // Whatever is done now comes too late.
    stream.abort("too late");
    await stream[Symbol.asyncDispose]();
  }
}

describe.each(subjects)("S6: one outcome ($name)", (subject) => {
  const { traits } = subject;

  describe.each(endingsOf(subject))("$name", (ending) => {
    it.each([
      ["after text", [{ text: "Hi " }, { text: "there" }], "Hi there"],
      ["at once", [], ""],
    ] as const)(`is ${ending.outcome}, %s`, async (_, parts, text) => {
      await using server = await subject.serve(() => ended(ending, ...parts));
      const { stream, text: seen, error } = await readTo(ending, subject, server);
      expect([stream.outcome, seen]).toEqual([ending.outcome, text]);
      if (ending.reader === "breaks" || ending.outcome === "complete") expect(error).toBeNull();
      else expect(error).toBe(stream.error);
      if (ending.code !== null) expect(stream.error).toMatchObject({ code: ending.code });
      await expectAgreement(stream, text);
      // After the last event the connection is kept a little, to be used again.
      const isKept = traits.endsWithSign && ending.hasSign;
      const isOpen = ending.beats.some((beat) => "end" in beat && beat.end === "open");
      if (isOpen && !isKept) await expectClosed(server);
    });

    it.runIf(ending.reader === "reads on")(
      `is ${ending.outcome} for those who await the response or read text`,
      async () => {
        await using server = await subject.serve(() => ended(ending, { text: "Hi " }, { text: "there" }));
        const options = { retry: false, timeout: ending.timeout } as const;
        const drained = open(subject, server, options);
        await drained.response().catch(() => {});
        expect(drained.outcome).toBe(ending.outcome);
        await expectAgreement(drained, "Hi there");
        const texts = open(subject, server, options);
        let text = "";
        const reading = (async () => {
          for await (const piece of texts.textStream()) text += piece;
        })();
        if (ending.outcome === "complete") await reading;
        else expect(await failure(reading)).toBe(texts.error);
        expect([text, texts.outcome]).toEqual(["Hi there", ending.outcome]);
        await expectAgreement(texts, "Hi there");
      },
    );
  });

  it.skipIf(traits.endsWithSign)("an abort after the sign does not reject the read that waits", async () => {
    const reached = gate();
    await using server = await subject.serve(() =>
      beats({ text: "Hi" }, { finish: "stop" }, { wait: () => reached.open() }, { end: "open" }),
    );
    const stream = open(subject, server);
    const response = stream.response();
    await reached.opened;
    while (stream.finishReasons.length === 0) await new Promise(setImmediate);
    stream.abort("enough");
    if (traits.endsWithBody) expect(await failure(response)).toMatchObject({ code: "stream_aborted" });
    else expect((await response).content).toBe("Hi");
    await expectClosed(server);
  });

  it("an empty body is truncated, and so is no body at all", async () => {
    await using server = await subject.serve(inTurn(beats({ end: "clean" }), beats({ end: "reset" })));
    for (let requests = 0; requests < 2; requests++) {
      const stream = open(subject, server, { retry: false });
      expect((await read(stream)).error).toMatchObject({ code: "stream_truncated", retryable: true });
      expect([stream.outcome, stream.message]).toEqual(["truncated", null]);
      await expectAgreement(stream, "");
    }
  });

  it("a response that never comes, or is an error, fails", async () => {
    await using server = await subject.serve(inTurn({ status: 0 }, { status: 400 }, { status: 500 }));
    for (const code of ["connection", "api_error", "api_error"]) {
      const stream = open(subject, server, { retry: false });
      expect((await read(stream)).error).toMatchObject({ code });
      expect(stream.outcome).toBe("failed");
      await expectAgreement(stream, "");
    }
  });

  it.each(["stop", "length", "content_filter", "tool_calls"] as const)("%s is an end as any other", async (reason) => {
    await using server = await subject.serve(() => beats({ text: "Hi" }, { finish: reason }));
    const stream = open(subject, server);
    expect(await read(stream)).toMatchObject({ text: "Hi", error: null });
    expect([stream.outcome, stream.commonFinishReasons]).toEqual(["complete", [reason]]);
    expect(stream.finishReasons).toHaveLength(1);
    await expectAgreement(stream, "Hi");
  });

  it("a budget that is exceeded aborts", async () => {
    const words: Beat[] = Array.from({ length: 40 }, () => ({ text: "word " }));
    await using server = await subject.serve(() => beats(...words, { end: "open" }));
    const stream = open(subject, server, { budget: { outputTokens: 20 } });
    const { text, error } = await read(stream);
    expect(error).toBeInstanceOf(BudgetExceededError);
    expect(error).toMatchObject({ code: "budget_exceeded", budget: "outputTokens", allowed: 20 });
    expect((error as BudgetExceededError).taken).toBeGreaterThan(20);
    expect([stream.outcome, text.length]).toEqual(["aborted", stream.content.length]);
    await expectAgreement(stream, text);
    await expectClosed(server);
  });

  it("is of the attempt that served", async () => {
    await using server = await subject.serve(
      inTurn({ status: 500 }, beats({ text: "Hi" }, { end: "reset" }), reply("Hi ", "there")),
    );
    const stream = open(subject, server, { onInterrupt: "restart" });
    expect(await read(stream)).toMatchObject({ text: "Hi there", error: null });
    expect(stream.attempts.map(({ outcome }) => outcome)).toEqual(["failed", "truncated", "complete"]);
    await expectAgreement(stream, "Hi there");
  });

  it.skipIf(traits.endsWithSign)("waits 2 s for what may follow the sign, and never takes that back", async () => {
    const sign = { finish: "stop" } as const;
    const pause = (ms: number): Beat => ({ wait: () => new Promise((resolve) => setTimeout(resolve, ms)) });
    const scripts: readonly (readonly Beat[])[] = [
      [{ text: "Hi " }, sign, pause(1_200), { text: "there" }, pause(1_200), { text: "!" }, { end: "clean" }],
      [{ text: "Hi " }, sign, { text: "there" }, { text: "!" }, { end: "reset" }],
      [{ text: "Hi there!" }, sign, { end: "kept" }],
      [{ text: "Hi there!" }, sign, { end: "open" }],
    ];
    await using server = await subject.serve(({ body }) => {
      const [, at] = /script (\d)/.exec(JSON.stringify(body)) ?? [];
      return beats(...(scripts[Number(at)] ?? []));
    });
    const elapsed = async (script: number): Promise<{ stream: AnyStream; ms: number }> => {
      const start = performance.now();
      const timeout = { idle: 5_000 };
      const stream = open(subject, server, { timeout, retry: false }, () => `script ${script}`);
      await read(stream);
      return { stream, ms: performance.now() - start };
    };
    const [resumed, reset, kept, silent] = await Promise.all([0, 1, 2, traits.endsWithBody ? 0 : 3].map(elapsed));
    for (const run of [resumed, reset, kept, silent]) {
      if (traits.endsWithBody && (run === reset || run === kept)) continue;
      expect([run?.stream.content, run?.stream.outcome]).toEqual(["Hi there!", "complete"]);
      expect(run?.stream.commonFinishReasons).toEqual(["stop"]);
    }
    expect(reset?.stream.content).toBe("Hi there!");
    if (traits.endsWithBody) return;
    expect(silent?.ms).toBeGreaterThan(1_900);
    expect(silent?.ms).toBeLessThan(3_500);
  });
});
