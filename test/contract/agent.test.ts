import { getEventListeners } from "node:events";
import { describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { agent } from "../../src/agent/agent.ts";
import type { AgentOptions } from "../../src/agent/options.ts";
import { StreamNotStartedError } from "../../src/errors.ts";
import { user } from "../../src/index.ts";
import { tool } from "../../src/tool/tool.ts";
import {
  beats,
  expectClosed,
  expectHandledRejections,
  failure,
  gate,
  inTurn,
  type Options,
  quiet,
  read,
  reply,
  within,
} from "./reading.ts";
import type { Beat, Script, Server } from "./subject.ts";
import { subjects } from "./subjects.ts";

expectHandledRejections();

/** What must not wait for anything. */
const SOON_MS = 250;

const lookUp = tool({
  name: "look_up",
  input: z.object({ title: z.string() }),
  call: ({ title }) => {
    if (title === "Elantris") throw new Error("No such book.");
    return { title, pages: 541 };
  },
});
const look = (title: unknown): Beat => ({ tool: "look_up", input: JSON.stringify({ title }) });
const wait: Beat = { tool: "wait", input: "{}" };
/** A tool that nobody declared. It says that the one before is complete, wherever nothing else does. */
const later: Beat = { tool: "later", input: "{}" };
const asking = (...parts: readonly Beat[]): Script => beats(...parts, { finish: "tool_calls" });

/** A tool that says when it has begun, and ends when it is told to, or aborted. */
function waiting(runEarly = false) {
  const begun = gate<AbortSignal>();
  const end = gate<string>();
  const run = vi.fn((_: unknown, { signal }: { readonly signal: AbortSignal }) => {
    begun.open(signal);
    return new Promise<string>((resolve, reject) => {
      void end.opened.then(resolve);
      signal.addEventListener("abort", () => reject(signal.reason as Error));
    });
  });
  return { definition: tool({ name: "wait", runEarly, call: run }), begun: begun.opened, end: end.open, run };
}

describe.each(subjects)("an agent ($name)", (subject) => {
  const start = (
    server: Server,
    tools: Options["tools"] = [lookUp],
    options: AgentOptions = {},
    more: Options = {},
  ) => {
    const common = { client: subject.client(server.url), retry: { delay: 1 }, ...more, tools, stream: true } as const;
    return agent(
      subject.call(subject.models[0], common, () => "Hello"),
      options,
    )();
  };

  it("repeats the call while tools are asked for: all turns are one stream", async () => {
    await using server = await subject.serve(
      inTurn(
        asking({ text: "Let me see." }, look("Mistborn"), look("Warbreaker")),
        asking(look("Oathbringer")),
        reply("Read Mistborn."),
      ),
    );
    const run = start(server);
    const texts: string[] = [];
    const titles: unknown[] = [];
    for await (const [chunk, called, turn] of run) {
      texts[turn.index] = (texts[turn.index] ?? "") + chunk.content;
      if (called !== null) titles.push(called);
      expect(turn).toBe(run.turns.at(-1));
      expect(run.stopReason).toBeNull();
    }
    expect(texts).toEqual(["Let me see.", "", "Read Mistborn."]);
    expect(titles).toMatchObject(["Mistborn", "Warbreaker", "Oathbringer"].map((title) => ({ args: { title } })));
    expect([run.stopReason, run.content, run.turns.length]).toEqual(["answer", "Read Mistborn.", 3]);
    expect(run.turns[0]?.outputs.map(([, output]) => output)).toEqual([
      { title: "Mistborn", pages: 541 },
      { title: "Warbreaker", pages: 541 },
    ]);
    expect(run.outputTokens).toBe(75);
    // What was said and found goes back, and is only added to.
    const [first, second, third] = server.requests.map(({ body }) => JSON.stringify(body));
    expect(second).toContain("541");
    expect((third ?? "").length).toBeGreaterThan((second ?? "").length);
    expect((second ?? "").length).toBeGreaterThan((first ?? "").length);
    expect(run.history().slice(0, -1)).toEqual(run.turns[2]?.stream.messages);
  });

  it("runs the prompt function once, and takes the tools of a dynamic config", async () => {
    await using server = await subject.serve(inTurn(asking(look("Mistborn")), reply("Done.")));
    const fn = vi.fn(() => ({ messages: [user("Hello")], tools: [lookUp] }));
    const run = agent(subject.call(subject.models[0], { client: subject.client(server.url) }, fn))();
    expect([fn.mock.calls.length, run.turns.length]).toEqual([0, 0]);
    expect(() => run.content).toThrow(StreamNotStartedError);
    expect(() => run.history()).toThrow(StreamNotStartedError);
    expect((await run.finish()).stream.content).toBe("Done.");
    expect([fn.mock.calls.length, server.requests.length]).toEqual([1, 2]);
  });

  it("recovers within a turn, and says so", async () => {
    await using server = await subject.serve(
      inTurn({ status: 500 }, asking(look("Mistborn")), beats({ text: "Do" }, { end: "reset" }), reply("Done.")),
    );
    const run = start(server, [lookUp], {}, { onInterrupt: "restart" });
    const { text, pairs, error } = await read(run);
    expect([error, text, run.content]).toEqual([null, "Done.", "Done."]);
    expect(pairs.filter(([{ recovery }]) => recovery !== null)).toHaveLength(1);
    expect(run.turns.map(({ stream }) => stream.attempts.length)).toEqual([2, 2]);
  });

  it("ends with a turn that fails, and has a conversation that can go on", async () => {
    await using server = await subject.serve(
      inTurn(asking(look("Mistborn")), beats({ text: "Hm" }, { end: "reset" }), reply("Hello again.")),
    );
    const run = start(server);
    const { error } = await read(run);
    expect(error).toMatchObject({ code: "stream_truncated" });
    expect([await failure(run.finish()), run.stopReason, run.turns.length]).toEqual([error, null, 2]);
    const history = run.history();
    const next = subject.call(subject.models[0], { client: subject.client(server.url), tools: [lookUp] }, () => [
      ...history,
      user("And now?"),
    ]);
    expect((await next()).content).toBe("Hello again.");
    expect(subject.problems(server.requests[2]?.body)).toEqual([]);
  });

  describe("its tools", () => {
    it.each([
      [undefined, 6, 4],
      [1, 3, 1],
      [8, 6, 6],
    ])("run in parallel, with the limit %s of %s", async (parallel, count, most) => {
      let running = 0;
      const seen: number[] = [];
      let release: (() => void)[] = [];
      const crowd = tool({
        name: "crowd",
        call: async () => {
          seen.push(++running);
          await new Promise<void>((resolve) => release.push(resolve));
          running--;
        },
      });
      const calls = Array.from({ length: count }, (): Beat => ({ tool: "crowd", input: "{}" }));
      await using server = await subject.serve(inTurn(asking(...calls), reply("Done.")));
      const run = start(server, [crowd], parallel === undefined ? {} : { parallel });
      const finished = run.finish();
      while (seen.length < count || running > 0) {
        await quiet();
        for (const end of release.splice(0)) end();
      }
      release = [];
      await finished;
      expect([seen.length, Math.max(...seen)]).toEqual([count, most]);
    });

    it("are told to the model if they fail, or if their input is wrong", async () => {
      await using server = await subject.serve(
        inTurn(asking(look("Elantris"), look(7), { tool: "nothing", input: "{}" }, look("Mistborn")), reply("Done.")),
      );
      const run = start(server);
      await run.finish();
      const told = JSON.stringify(server.requests[1]?.body);
      for (const words of ["No such book.", "invalid input", "no tool", "541"]) expect(told).toContain(words);
      expect(run.turns[0]?.outputs.map(([, output]) => output)).toEqual([
        new Error("No such book."),
        new Error('There is no tool "nothing". The tools are: "look_up".'),
        { title: "Mistborn", pages: 541 },
      ]);
    });

    it("run only if they are approved", async () => {
      const ran: string[] = [];
      const write = tool({ name: "write", input: z.object({ to: z.string() }), call: ({ to }) => void ran.push(to) });
      const letters = ["Ann", "Bob", "Cid"].map((to): Beat => ({ tool: "write", input: JSON.stringify({ to }) }));
      await using server = await subject.serve(inTurn(asking(...letters), reply("Done.")));
      const approve = (called: unknown): boolean | string => {
        const { to } = (called as { readonly args: { readonly to: string } }).args;
        return to === "Bob" || (to === "Cid" && "Cid is away.");
      };
      await start(server, [write], { approve }).finish();
      expect(ran).toEqual(["Bob"]);
      const told = JSON.stringify(server.requests[1]?.body);
      for (const words of ["did not allow", "Cid is away."]) expect(told).toContain(words);
    });

    it("do not run if nobody can be asked: that ends the run", async () => {
      const write = vi.fn(() => 1);
      const letter: Beat = { tool: "write", input: "{}" };
      await using server = await subject.serve(() => asking(letter, letter, letter));
      const broken = new Error("The window was closed.");
      const approve = vi.fn(() => Promise.reject(broken));
      const run = start(server, [tool({ name: "write", call: write })], { approve, parallel: 1 });
      expect((await read(run)).error).toBe(broken);
      expect(await failure(run.finish())).toBe(broken);
      expect([approve.mock.calls.length, write.mock.calls.length, run.stopReason]).toEqual([1, 0, null]);
      expect(server.requests.length).toBe(1);
    });

    it("begin while the reply still streams if they may run early, and once", async () => {
      const more = gate();
      const { definition, begun, end, run: ran } = waiting(true);
      await using server = await subject.serve(
        inTurn(asking(wait, later, { text: "Hm." }, { wait: more.opened }, { text: "Well." }), reply("Done.")),
      );
      const run = start(server, [definition]);
      const finished = run.finish();
      await within(1_000, begun, "the tool begins");
      expect(run.turns[0]?.stream.outcome).toBe("pending");
      end("soon");
      more.open();
      await finished;
      expect([ran.mock.calls.length, run.turns[0]?.outputs[0]?.[1]]).toEqual([1, "soon"]);
    });

    it("that run early are aborted if the reply fails, and the history says so", async () => {
      const { definition, begun } = waiting(true);
      const go = gate();
      await using server = await subject.serve(() =>
        beats(wait, later, { text: "Hm." }, { wait: go.opened }, { end: "reset" }),
      );
      const run = start(server, [definition]);
      const finished = run.finish();
      const signal = await begun;
      go.open();
      expect(await failure(finished)).toMatchObject({ code: "stream_truncated" });
      expect([signal.aborted, run.stopReason]).toEqual([true, null]);
      expect(JSON.stringify(run.history())).toMatch(/interrupted|aborted|ended/);
    });
  });

  describe("stops", () => {
    const endless =
      (options: AgentOptions, more: Options = {}) =>
      async () => {
        await using server = await subject.serve(() =>
          asking(look("Mistborn"), { usage: { input: 1_000, output: 100 } }),
        );
        const run = start(server, [lookUp], options, more);
        const last = await run.finish();
        return { run, last, requests: server.requests.length };
      };
    const price = subject.price(1, 10);

    it("after so many turns: 10 if nothing else was said", async () => {
      expect(await endless({})()).toMatchObject({ requests: 10, run: { stopReason: "turns" } });
      const { run, last, requests } = await endless({ maxTurns: 3 })();
      expect([requests, run.stopReason, run.turns.length, last.outputs.length]).toEqual([3, "turns", 3, 1]);
    });

    it("after the turn that reaches a budget of tokens, or of money", async () => {
      expect(await endless({ maxOutputTokens: 201 })()).toMatchObject({
        requests: 3,
        run: { stopReason: "tokens", outputTokens: 300 },
      });
      const { run, requests } = await endless({ maxCost: 0.003 }, { prices: { [subject.models[0]]: price } })();
      expect([requests, run.stopReason]).toEqual([2, "cost"]);
      expect(run.cost).toBeCloseTo(0.004);
    });

    it("after a turn that meets a condition, before a tool that hands over", async () => {
      const stopWhen = async ({ index }: { readonly index: number }) => Promise.resolve(index === 1);
      expect(await endless({ stopWhen })()).toMatchObject({ requests: 2, run: { stopReason: "condition" } });
      const { run, requests } = await endless({ stopAtTool: "look_up" })();
      expect([requests, run.stopReason, run.turns[0]?.outputs.length]).toEqual([1, "tool", 0]);
    });
  });

  describe("is stopped while its tools run", () => {
    it.each(["abort", "signal of the agent", "signal of the call", "return", "dispose"])("by %s", async (way) => {
      const controller = new AbortController();
      const { signal } = controller;
      const { definition, begun } = waiting();
      const deaf = tool({ name: "deaf", call: () => new Promise<never>(() => {}) });
      await using server = await subject.serve(() => asking(wait, { tool: "deaf", input: "{}" }));
      const run = start(
        server,
        [definition, deaf],
        way === "signal of the agent" ? { signal } : {},
        way === "signal of the call" ? { signal } : {},
      );
      const pairs = run[Symbol.asyncIterator]();
      const reading = read({ [Symbol.asyncIterator]: () => pairs });
      const toolSignal = await begun;
      if (way === "abort") run.abort("enough");
      else if (way === "return") await within(SOON_MS, pairs.return(), way);
      else if (way === "dispose") await within(SOON_MS, run[Symbol.asyncDispose](), way);
      else controller.abort("enough");
      const { error } = await within(SOON_MS, reading, "the end");
      if (way === "return" || way === "dispose") expect(error).toBeNull();
      else expect(error).toMatchObject({ code: "stream_aborted", cause: "enough" });
      expect(await failure(run.finish())).toMatchObject({ code: "stream_aborted" });
      expect([toolSignal.aborted, run.stopReason, server.requests.length]).toEqual([true, null, 1]);
      expect(getEventListeners(signal, "abort")).toEqual([]);
      // Every call is answered.
      const told = JSON.stringify(run.history().slice(1));
      expect(told.match(/interrupted|not run|enough|aborted/g)?.length).toBeGreaterThanOrEqual(2);
    });
  });

  it("closes the connection when it is stopped while a reply streams, and does not go on", async () => {
    const reached = gate();
    await using server = await subject.serve(() =>
      beats({ text: "Hm." }, { wait: () => reached.open() }, { end: "open" }),
    );
    const run = start(server);
    const finished = run.finish();
    await reached.opened;
    run.abort("enough");
    expect(await failure(finished)).toMatchObject({ code: "stream_aborted", cause: "enough" });
    await expectClosed(server);
    expect(run.turns.map(({ stream }) => stream.outcome)).toEqual(["aborted"]);
  });

  it("leaves no listener on a signal that lives on, however it ends", async () => {
    const { signal } = new AbortController();
    await using server = await subject.serve(({ index }) =>
      index % 2 === 0 ? asking(look("Mistborn")) : reply("Done."),
    );
    await start(server, [lookUp], { signal }, { signal }).finish();
    for await (const _ of start(server, [lookUp], { signal }, { signal })) break;
    const unread = start(server, [lookUp], { signal }, { signal });
    await unread[Symbol.asyncDispose]();
    await using failing = await subject.serve(() => ({ status: 400 }));
    await failure(start(failing, [lookUp], { signal }, { signal }).finish());
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});
