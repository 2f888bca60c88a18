import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { tool } from "../../src/tool/tool.ts";
import { ended, endingsOf, readTo } from "./endings.ts";
import { beats, expectHandledRejections, failure, gate, inTurn, open, read, reply } from "./reading.ts";
import type { Beat } from "./subject.ts";
import { subjects } from "./subjects.ts";

expectHandledRejections();

const lookUp = tool({ name: "look_up", inputSchema: { type: "object" }, call: () => "done" });
const PROMPT = "Who wrote the secret diary?";
const WORDS = ["Adrian ", "Mole."];

describe.each(subjects)("S7: nothing received is lost ($name)", (subject) => {
  const { traits } = subject;
  const parts: Beat[] = [
    ...(traits.thinking ? [{ thinking: "Sue Townsend" }] : []),
    ...WORDS.map((text) => ({ text })),
    { tool: "look_up", input: '{"title":"Mistborn"}', pieces: 2 },
    { tool: "look_up", input: '{"title":"Elan', isCut: true },
  ];

  describe.each(endingsOf(subject))("after $name", (ending) => {
    it("the stream has all that came, and its error too", async () => {
      await using server = await subject.serve(() => ended(ending, ...parts));
      const { stream, error } = await readTo(ending, subject, server, { tools: [lookUp] });
      expect(stream.outcome).toBe(ending.outcome);
      const { content, thinking, message, id, model, usage, requestId } = stream;
      expect([content, thinking]).toEqual(["Adrian Mole.", traits.thinking ? "Sue Townsend" : ""]);
      expect(message).not.toBeNull();
      expect(requestId).toBe(server.requests[0]?.id);
      const [whole, cut] = stream.tools;
      expect(whole).toMatchObject({ name: "look_up", state: "complete", args: { title: "Mistborn" } });
      if (cut !== undefined) expect(cut.toolCall).toBeTypeOf("object");
      if (cut !== undefined && traits.textInputs) expect(cut.text).toBe('{"title":"Elan');
      if (cut !== undefined && !ending.hasSign) expect(cut.state).toBe("truncated");
      expect(stream.tool).toBe(whole);
      expect(stream.attempts).toMatchObject([{ outcome: ending.outcome, message, requestId, usage }]);
      if (stream.error === null) return;
      expect(stream.error).toMatchObject({ requestId, usage, phase: "streaming" });
      expect(stream.error.partial).toEqual({ content, thinking, message, id, model });
      if (error !== null) expect(error).toBe(stream.error);
    });

    it("its error keeps what was said out of logs", async () => {
      await using server = await subject.serve(() => ended(ending, ...parts));
      const { stream } = await readTo(ending, subject, server, { tools: [lookUp] });
      const { error } = stream;
      if (error === null) return;
      expect(Object.keys(error)).not.toContain("partial");
      for (const shown of [String(error), error.stack, JSON.stringify(error), inspect(error, { depth: 20 })]) {
        for (const words of [PROMPT, "Adrian", "Townsend", "Mistborn"]) expect(shown).not.toContain(words);
      }
    });
  });

  it("errors say how far the request had come", async () => {
    const started: Beat[] = traits.starts ? [{ start: true }] : [];
    const scripts = inTurn(
      { status: 0 },
      { status: 503, message: "Busy" },
      beats(...started, { end: "reset" }),
      beats(...started, { error: "Busy", retryable: true }),
      beats({ text: "Hi" }, { end: "reset" }),
      beats({ text: "Hi" }, { error: "Busy", retryable: true }),
    );
    await using server = await subject.serve(scripts);
    for (const phase of ["connect", "connect", "first-content", "first-content", "streaming", "streaming"]) {
      const { error } = await read(open(subject, server, { retry: false }));
      expect(error).toMatchObject({ phase, retryable: true });
    }
  });

  it("errors of a response have its status, its id and the provider's words", async () => {
    for (const [status, retryable] of [
      [400, false],
      [401, false],
      [403, false],
      [404, false],
      [429, true],
      [500, true],
      [503, true],
    ] as const) {
      await using server = await subject.serve(() => ({ status, message: "Out of paper", retryAfterMs: 7_000 }));
      const stream = open(subject, server, { retry: false });
      const { error } = await read(stream);
      const requestId = server.requests[0]?.id;
      expect(error).toMatchObject({ code: "api_error", status, retryable, requestId, retryAfterMs: 7_000 });
      expect(error).toMatchObject({ providerMessage: expect.stringContaining("Out of paper") });
      expect(String(error)).toContain("Out of paper");
      expect([stream.requestId, stream.attempts[0]?.requestId]).toEqual([requestId, requestId]);
    }
  });

  it("what was shown stays when no further request succeeds", async () => {
    await using server = await subject.serve(inTurn(beats({ text: "Hi" }, { end: "reset" }), { status: 500 }));
    const stream = open(subject, server, { onInterrupt: "restart" });
    const { text, pairs, error } = await read(stream);
    expect([text, stream.content, pairs.some(([{ recovery }]) => recovery !== null)]).toEqual(["Hi", "Hi", false]);
    expect(error).toMatchObject({ code: "api_error", status: 500, partial: { content: "Hi" } });
    expect([stream.outcome, stream.attempts.length]).toEqual(["failed", 3]);
  });

  it("the message of each request is in the report of its attempt", async () => {
    await using server = await subject.serve(
      inTurn(beats({ text: "Hi" }, { end: "reset" }), beats({ text: "Oh" }, { end: "reset" }), reply("Hi there")),
    );
    const stream = open(subject, server, { onInterrupt: "restart" });
    await read(stream);
    const said = stream.attempts.map(({ message }) => /Hi there|Hi|Oh/.exec(JSON.stringify(message))?.[0]);
    expect(said).toEqual(["Hi", "Oh", "Hi there"]);
    expect(stream.attempts.map(({ requestId }) => requestId)).toEqual(server.requests.map(({ id }) => id));
    for (const { startTime, endTime } of stream.attempts) expect(endTime).toBeGreaterThanOrEqual(startTime ?? Infinity);
  });

  it("a reader may look at any time", async () => {
    const go = gate();
    await using server = await subject.serve(() =>
      beats({ text: "Hi " }, { wait: go.opened }, { text: "there" }, { finish: "stop" }),
    );
    const stream = open(subject, server);
    let text = "";
    for await (const [chunk] of stream) {
      text += chunk.content;
      // It may be ahead of pairs that were held.
      expect(stream.content.startsWith(text)).toBe(true);
      expect(stream.message).not.toBeNull();
      go.open();
    }
    expect(text).toBe("Hi there");
    expect(stream.timings.firstChunk).toBeGreaterThanOrEqual(stream.timings.start ?? Infinity);
  });

  it("a drained stream knows as much as one that was iterated", async () => {
    const script = beats(...parts.slice(0, -1), { finish: "tool_calls" });
    await using server = await subject.serve(() => script);
    const drained = open(subject, server, { tools: [lookUp] });
    const response = await drained.response();
    const iterated = open(subject, server, { tools: [lookUp] });
    await read(iterated);
    for (const view of [response, iterated]) {
      expect(view).toMatchObject({ content: drained.content, thinking: drained.thinking, usage: drained.usage });
      expect(view.tools.map(({ name, state, text }) => [name, state, text])).toEqual(
        drained.tools.map(({ name, state, text }) => [name, state, text]),
      );
    }
    expect(String(response)).toBe(response.content);
    expect(await failure(Promise.resolve().then(() => drained.textStream()))).toMatchObject({
      code: "stream_consumed",
    });
  });
});
