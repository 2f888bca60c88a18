import { describe, expect, it } from "vitest";
import { ApiError } from "../../src/errors.ts";
import { tool } from "../../src/tool/tool.ts";
import { beats, expectHandledRejections, gate, inTurn, open, quiet, read, reply } from "./reading.ts";
import type { Beat, Script } from "./subject.ts";
import { subjects } from "./subjects.ts";

expectHandledRejections();

const lookUp = tool({ name: "look_up", inputSchema: { type: "object" }, call: () => "done" });

describe.each(subjects)("S2: one pair per event ($name)", (subject) => {
  const { traits } = subject;
  const thinking: Beat[] = traits.thinking ? [{ thinking: "Let me " }, { thinking: "see." }] : [];
  const story: Script = beats(
    ...thinking,
    { text: "Once upon " },
    { text: "a time — “ünïcödé” 🐉" },
    { tool: "look_up", input: '{"title":"Mistborn","pages":[1,2]}', pieces: 4 },
    { finish: "tool_calls" },
  );
  const eventsOf = async (script: Script): Promise<unknown[]> => {
    await using server = await subject.serve(() => script);
    const { pairs, error } = await read(open(subject, server, { tools: [lookUp] }));
    expect(error).toBeNull();
    return pairs.map(([{ chunk }]) => chunk);
  };

  it("gives the same pairs however the bytes are split", async () => {
    let expected: string | null = null;
    for (const pieceSize of [undefined, 1, 7, 1_000_000]) {
      await using server = await subject.serve(() => ({ ...story, ...(pieceSize !== undefined && { pieceSize }) }));
      const stream = open(subject, server, { tools: [lookUp] });
      const { pairs, text, error } = await read(stream);
      expect([error, text, stream.content]).toEqual([null, "Once upon a time — “ünïcödé” 🐉", text]);
      expect(pairs.map(([chunk]) => chunk.thinking).join("")).toBe(traits.thinking ? "Let me see." : "");
      expect(pairs.every(([{ chunk, recovery }]) => chunk !== null && recovery === null)).toBe(true);
      const seen = pairs.map(([{ content, thinking, finishReasons }, called]) => {
        return { content, thinking, finishReasons, called: called && [called.name, called.text] };
      });
      expected ??= JSON.stringify(seen);
      expect(JSON.stringify(seen)).toBe(expected);
    }
  });

  it("gives chunks that stay as they were", async () => {
    await using server = await subject.serve(() => story);
    const kept: { chunk: unknown; then: string }[] = [];
    const stream = open(subject, server, { tools: [lookUp] });
    for await (const [{ chunk }] of stream) kept.push({ chunk, then: JSON.stringify(chunk) });
    for (const { chunk, then } of kept) expect(JSON.stringify(chunk)).toBe(then);
    // Read for the first time after the end they are the same.
    const late = await eventsOf(story);
    expect(late.length).toBe(kept.length);
    expect(late.map((chunk) => typeof chunk)).toEqual(kept.map(({ chunk }) => typeof chunk));
  });

  it.runIf(traits.pings)("gives none for what is no event", async () => {
    const plain = beats({ text: "Hi " }, { text: "there" }, { finish: "stop" });
    const pinged = beats(
      ...([
        { ping: true },
        { text: "Hi " },
        { ping: true },
        { ping: true },
        { text: "there" },
        { finish: "stop" },
      ] as const),
      { ping: true },
    );
    expect((await eventsOf(pinged)).length).toBe((await eventsOf(plain)).length);
  });

  it.runIf(traits.starts)("holds them until there is content, since the request may be repeated", async () => {
    const started = gate();
    const go = gate();
    await using server = await subject.serve(() =>
      beats({ start: true }, { wait: () => (started.open(), go.opened) }, { text: "Hi" }, { finish: "stop" }),
    );
    const iterator = open(subject, server)[Symbol.asyncIterator]();
    let isThere = false;
    const first = iterator.next().then((result) => ((isThere = true), result));
    await started.opened;
    await quiet(20);
    expect(isThere).toBe(false);
    go.open();
    expect((await first).value?.[0].content).toBe("");
  });

  it.runIf(traits.starts)("gives them at once if it may not", async () => {
    const go = gate();
    await using server = await subject.serve(() =>
      beats({ start: true }, { wait: go.opened }, { text: "Hi" }, { finish: "stop" }),
    );
    const iterator = open(subject, server, { retry: false })[Symbol.asyncIterator]();
    expect((await iterator.next()).value?.[0]).toMatchObject({ content: "", recovery: null });
    go.open();
    while (!(await iterator.next()).done);
  });

  it("leaves no trace of a request that was repeated before there was content", async () => {
    const started: Beat[] = traits.starts ? [{ start: true }] : [];
    const whole = reply("Hi ", "there");
    await using server = await subject.serve(
      inTurn(beats(...started, { end: "reset" }), beats(...started, { error: "Busy", retryable: true }), whole),
    );
    const stream = open(subject, server);
    const { pairs, text, error } = await read(stream);
    expect([error, text, stream.attempts.map(({ outcome }) => outcome)]).toEqual([
      null,
      "Hi there",
      ["truncated", "failed", "complete"],
    ]);
    expect(pairs.length).toBe((await eventsOf(whole)).length);
  });

  it("gives what was held when the last request fails", async () => {
    const started: Beat[] = traits.starts ? [{ start: true }] : [];
    await using server = await subject.serve(() => beats(...started, { end: "reset" }));
    const stream = open(subject, server, { retry: { attempts: 2, delay: 1 } });
    const { pairs, error } = await read(stream);
    expect([error, stream.attempts.length]).toEqual([stream.error, 2]);
    expect(error).toMatchObject({ code: "stream_truncated" });
    if (traits.starts) expect(pairs.length).toBeGreaterThan(0);
    expect(stream.message === null).toBe(!traits.starts);
  });

  it.runIf(traits.joinsTools)("gives one for each further tool of an event, without content", async () => {
    const calls = ["a", "b", "c"].map((title) => ({ tool: "look_up", input: JSON.stringify({ title }) }));
    await using server = await subject.serve(() => beats({ tools: calls }, { finish: "tool_calls" }));
    const stream = open(subject, server, { tools: [lookUp] });
    const { pairs, error } = await read(stream);
    const bearing = pairs.filter(([, called]) => called !== null);
    expect([error, bearing.map(([, called]) => called?.args)]).toEqual([
      null,
      calls.map(({ input }) => JSON.parse(input)),
    ]);
    for (const [chunk] of bearing)
      expect([chunk.content, chunk.recovery, chunk.chunk !== null]).toEqual(["", null, true]);
    expect(stream.tools.map(({ state }) => state)).toEqual(["complete", "complete", "complete"]);
  });

  it("throws the provider's error", async () => {
    for (const retryable of [true, false]) {
      await using server = await subject.serve(() => beats({ text: "Hi" }, { error: "Out of paper", retryable }));
      const stream = open(subject, server);
      const { text, error } = await read(stream);
      expect(text).toBe("Hi");
      expect(error).toBeInstanceOf(ApiError);
      expect(error).toMatchObject({ retryable, providerMessage: expect.stringContaining("Out of paper") });
      expect([stream.outcome, stream.error]).toEqual(["failed", error]);
    }
  });

  it.each(["restart", "continue"] as const)("says out of band that it recovered: %s", async (onInterrupt) => {
    await using server = await subject.serve(
      inTurn(beats({ text: "It was a bright cold day" }, { end: "reset" }), reply(" in April, and ", "the clocks")),
    );
    const stream = open(subject, server, { onInterrupt });
    const { pairs, error } = await read(stream);
    expect(error).toBeNull();
    const own = pairs.filter(([{ chunk }]) => chunk === null);
    expect(own).toHaveLength(1);
    expect(own[0]?.[0]).toMatchObject({ content: "", thinking: "", finishReasons: [] });
    expect(own[0]?.[0].recovery).toMatchObject({ type: onInterrupt, attempt: 1, cause: { code: "stream_truncated" } });
    expect(own[0]?.[0].recovery?.cause).toBe(stream.attempts[0]?.error);
    for (const [{ chunk, recovery }] of pairs) expect(recovery === null).toBe(chunk !== null);
  });
});
