import { describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { agent } from "../../src/agent/agent.ts";
import type { StreamOption } from "../../src/call/options.ts";
import { tool } from "../../src/tool/tool.ts";
import { ToolInputError } from "../../src/tool/tool-input-error.ts";
import { beats, expectHandledRejections, gate, open, type Pair, quiet, read } from "./reading.ts";
import type { Beat, Script } from "./subject.ts";
import { sample } from "../sample.ts";
import { subjects } from "./subjects.ts";

expectHandledRejections();

const lookUp = tool({
  name: "look_up",
  input: z.object({ title: z.string(), pages: z.number().optional() }),
  call: ({ title }) => `about ${title}`,
});
const now = tool({ name: "now", call: () => "12:00" });

describe.each(subjects)("S11: tool input has a state ($name)", (subject) => {
  const { traits } = subject;
  const asked = (title: string): Beat => ({ tool: "look_up", input: JSON.stringify({ title }), pieces: 3 });
  const ask = <const S extends StreamOption>(server: { readonly url: string }, stream: S) =>
    subject.call(
      subject.models[0],
      { client: subject.client(server.url), retry: { delay: 1 }, tools: [lookUp, now], stream },
      () => "Hello",
    );

  it("pairs hold tools that can be called", async () => {
    await using server = await subject.serve(() => beats({ text: "Hm." }, asked("Mistborn"), { finish: "tool_calls" }));
    const stream = ask(server, true)();
    const given: unknown[] = [];
    for await (const [, called] of stream) {
      if (called?.name !== "look_up") continue;
      expect(called).toMatchObject({ state: "complete", args: { title: "Mistborn" }, delta: null, error: null });
      expect(called.text).toBe('{"title":"Mistborn"}');
      expect(called.toolCall).toBeTypeOf("object");
      given.push(await called.call());
    }
    expect(given).toEqual(["about Mistborn"]);
    expect([stream.tools.length, stream.tools[0]]).toEqual([1, stream.tool]);
    expect(stream.toolTypes.map(({ name }) => name)).toEqual(["look_up", "now"]);
  });

  it("pairs hold tools while their input streams, too, if that was asked for", async () => {
    await using server = await subject.serve(() =>
      beats(asked("Mistborn"), asked("Elantris"), { finish: "tool_calls" }),
    );
    const texts: string[] = [];
    const done: unknown[] = [];
    let text = "";
    for await (const [, called] of ask(server, { partialTools: true })()) {
      if (called === null) continue;
      if (called.state === "streaming") {
        text += called.delta;
        expect([called.text, "call" in called]).toEqual([text, false]);
        if (traits.textInputs) expect(Object.keys(called.args)).toEqual(text.includes(":") ? ["title"] : []);
      } else {
        texts.push(text);
        done.push(called.args);
        text = "";
      }
    }
    expect(done).toEqual([{ title: "Mistborn" }, { title: "Elantris" }]);
    // A provider may give the input all at once.
    for (const [at, title] of ["Mistborn", "Elantris"].entries())
      expect(["", `{"title":"${title}"}`]).toContain(texts[at]);
  });

  it.each([
    ["not JSON", '{"title": Mist}'],
    ["a list", "[1]"],
    ["a number", "5"],
    ["a text", '"Mistborn"'],
    ["null", "null"],
    ["what the schema does not take", '{"title":7}'],
    ["cut, although the reply was not", '{"title":"Mist'],
  ])("is invalid if it is %s, and never ends the iteration", async (_, input) => {
    await using server = await subject.serve(() =>
      beats({ tool: "look_up", input }, asked("Mistborn"), { text: "Hm." }, { finish: "tool_calls" }),
    );
    const stream = open(subject, server, { tools: [lookUp] });
    const { pairs, text, error } = await read(stream);
    expect([error, text, stream.outcome]).toEqual([null, "Hm.", "complete"]);
    expect(pairs.flatMap(([, called]) => (called ? [called.args] : []))).toEqual([{ title: "Mistborn" }]);
    const [failed, complete] = stream.tools;
    expect([failed?.state, failed?.text, complete?.state]).toEqual(["invalid", input, "complete"]);
    expect(failed?.error).toBeInstanceOf(ToolInputError);
    expect(failed).not.toHaveProperty("call");
    expect(stream.asksForTools).toBe(true);
  });

  it("is invalid if its validator fails, at once or later", async () => {
    const broken = new Error("out of order");
    const later = { "~standard": { version: 1, vendor: "test", validate: () => Promise.reject(broken) } } as const;
    const atOnce = {
      "~standard": {
        ...later["~standard"],
        validate: () => {
          throw broken;
        },
      },
    } as const;
    for (const input of [later, atOnce]) {
      const failing = tool({ name: "look_up", input, inputSchema: { type: "object" }, call: () => 1 } as never);
      await using server = await subject.serve(() =>
        beats(asked("Mistborn"), { text: "Hm." }, { finish: "tool_calls" }),
      );
      const stream = open(subject, server, { tools: [failing] });
      const { pairs, text, error } = await read(stream);
      expect([error, text, pairs.every(([, called]) => called === null)]).toEqual([null, "Hm.", true]);
      expect(stream.tools).toMatchObject([{ state: "invalid", error: { cause: broken } }]);
    }
  });

  it("is awaited if its validator takes its time, and the order stays", async () => {
    const go = gate();
    const slow = z.object({ title: z.string() }).refine(async ({ title }) => {
      if (title === "Mistborn") await go.opened;
      return true;
    });
    const looking = tool({ name: "look_up", input: slow, call: () => 1 });
    await using server = await subject.serve(() =>
      beats(asked("Mistborn"), { text: "Hm." }, asked("Elantris"), { finish: "tool_calls" }),
    );
    const stream = open(subject, server, { tools: [looking] });
    const reading = read(stream);
    while (stream.tools.length === 0) await quiet(1);
    await quiet(10);
    expect(stream.tools[0]?.state).toBe("streaming");
    go.open();
    const { pairs } = await reading;
    const order = pairs.flatMap(([{ content }, called]) => (called ? [called.args] : content === "" ? [] : [content]));
    const [first, second] = [{ title: "Mistborn" }, { title: "Elantris" }];
    expect(order).toEqual(traits.completesLate ? ["Hm.", first, second] : [first, "Hm.", second]);
  });

  it.each(["tool_calls", "stop", "length", "context_exceeded", "content_filter"] as const)(
    "is {} if it is empty, but cut under an end that cuts: %s",
    async (finish) => {
      const isCut = finish !== "tool_calls" && finish !== "stop";
      for (const input of ["", '{"title":"Mistborn"}']) {
        await using server = await subject.serve(() =>
          beats({ text: "Hm." }, { tool: input === "" ? "now" : "look_up", input }, { finish }),
        );
        const stream = ask(server, true)();
        const states: string[] = [];
        for await (const [, called] of stream) if (called) states.push(called.state);
        const expected = isCut && (input === "" || traits.completesLate) ? "truncated" : "complete";
        expect(stream.tools.map(({ state }) => state)).toEqual([expected]);
        expect(states).toEqual(expected === "complete" ? ["complete"] : []);
        if (input === "" && !isCut) expect(stream.tool?.args).toEqual({});
        const run = agent(ask(server, true), { maxTurns: 1 })();
        await run.finish();
        const given = run.turns[0]?.outputs.filter(([, output]) => !(output instanceof Error));
        expect(given).toHaveLength(expected === "complete" && finish !== "content_filter" ? 1 : 0);
      }
    },
  );

  it("is truncated if the reply is", async () => {
    for (const ending of [[{ end: "reset" }], [{ finish: "length" }]] as const) {
      await using server = await subject.serve(() =>
        beats({ text: "Hm." }, { tool: "look_up", input: '{"title":"Mist', isCut: true }, ...ending),
      );
      const stream = open(subject, server, { tools: [lookUp] });
      const { pairs } = await read(stream);
      expect(pairs.every(([, called]) => called === null)).toBe(true);
      for (const { state, text, error } of stream.tools) {
        // Once the reply has ended with a reason, its parts have, too.
        if (stream.outcome === "truncated") expect(state).toBe("truncated");
        if (traits.textInputs) expect([state === "complete", text]).toEqual([false, '{"title":"Mist']);
        expect(error).toBeInstanceOf(ToolInputError);
      }
      expect(stream.tool).toBeNull();
    }
  });

  it("is left alone if nobody declared the tool", async () => {
    await using server = await subject.serve(() =>
      beats({ tool: "look_down", input: '{"title":"Mistborn"}' }, { text: "Hm." }, { finish: "tool_calls" }),
    );
    const stream = open(subject, server, { tools: [lookUp] });
    const { pairs, text, error } = await read(stream);
    expect([error, text, pairs.every(([, called]) => called === null)]).toEqual([null, "Hm.", true]);
    expect([stream.tools, stream.tool, stream.asksForTools]).toEqual([[], null, true]);
    expect(JSON.stringify(stream.message)).toContain("look_down");
    const without = open(subject, server);
    expect(await read(without)).toMatchObject({ text: "Hm.", error: null });
    expect(without.tools).toEqual([]);
  });

  describe("a tool is handed out once", () => {
    const titles = ["Mistborn", "Elantris"];
    const story: readonly Beat[] = [
      { text: "Let me see. " },
      asked("Mistborn"),
      { text: "And the other one. " },
      asked("Elantris"),
      { finish: "tool_calls" },
    ];
    const whole: Script = { beats: story };
    const cuts = story.flatMap((_, place): Script[] => [
      beats(...story.slice(0, place), { end: "reset" }),
      beats(...story.slice(0, place), { error: "Busy", retryable: true }),
    ]);
    const modes = [
      { onInterrupt: "fail" },
      { onInterrupt: "restart" },
      { onInterrupt: "continue" },
      { onInterrupt: "restart", retry: false },
      { onInterrupt: "restart", retry: { attempts: 1 }, fallback: [subject.models[1]] },
      { onInterrupt: "continue", retry: { attempts: 1 }, fallback: [subject.models[1]] },
    ] as const;

    /** Places of cuts that a test tries: others in each run. */
    const tried = (label: string): readonly number[] => sample([...cuts.keys()], 5, `${subject.name} ${label}`);

    /** The first request of each prompt is answered with a cut: that whose place is in the prompt. */
    const serveCuts = () => {
      const asked = new Set<string>();
      return subject.serve(({ body }) => {
        const [prompt = "", place] = /cut (\d+)[a-z]*/.exec(JSON.stringify(body)) ?? [];
        const isFirst = asked.size < asked.add(prompt).size;
        return (isFirst ? cuts[Number(place)] : undefined) ?? whole;
      });
    };

    it.each(modes)("to a reader: %j", async (options) => {
      await using server = await serveCuts();
      const common = { client: subject.client(server.url), retry: { delay: 1 }, tools: [lookUp], ...options } as const;
      const readOne = async (place: number, partialTools: boolean): Promise<void> => {
        const settings = { ...common, stream: { partialTools } } as const;
        const prompt = `cut ${place}${partialTools ? "partial" : "whole"}`;
        const stream = subject.call(subject.models[0], settings, () => prompt)();
        const given: string[] = [];
        try {
          for await (const [, called] of stream) if (called?.state === "complete") given.push(called.args.title);
        } catch (error) {
          expect(error).toBe(stream.error);
        }
        expect(given).toEqual(titles.slice(0, given.length));
        expect(stream.tools.filter(({ state }) => state === "complete").length).toBe(given.length);
        if (stream.outcome === "complete") expect(given).toEqual(titles);
      };
      await Promise.all(
        tried(JSON.stringify(options)).flatMap((place) => [readOne(place, false), readOne(place, true)]),
      );
    });

    it.each(modes)("to an agent, which runs it once, early or late: %j", async (options) => {
      await using server = await serveCuts();
      const common = { client: subject.client(server.url), retry: { delay: 1 }, ...options, stream: true } as const;
      const runOne = async (place: number, runEarly: boolean): Promise<void> => {
        const ran: string[] = [];
        const input = z.object({ title: z.string() });
        const running = tool({ name: "look_up", input, runEarly, call: ({ title }) => void ran.push(title) });
        const prompt = `cut ${place}${runEarly ? "early" : "late"}`;
        const call = subject.call(subject.models[0], { ...common, tools: [running] }, () => prompt);
        const run = agent(call, { maxTurns: 1 })();
        await run.finish().catch(() => {});
        expect(ran.toSorted()).toEqual([...new Set(ran)].toSorted());
        if (run.turns[0]?.stream.outcome === "complete") expect(ran.toSorted()).toEqual(titles.toSorted());
        else if (!runEarly) expect(ran).toEqual([]);
      };
      await Promise.all(tried(JSON.stringify(options)).flatMap((place) => [runOne(place, false), runOne(place, true)]));
    });
  });

  describe("a reply that is complete hands out what it has, whatever comes then", () => {
    const called = (pairs: readonly Pair[]): unknown[] =>
      pairs.flatMap(([, one]) => (one?.state === "complete" ? [one.name] : []));

    it("a budget that its usage exceeds", async () => {
      const reported = { usage: { input: 11, output: 5_000 } } as const;
      await using server = await subject.serve(() =>
        beats(reported, { text: "Hm." }, { tool: "now", input: "{}" }, { finish: "tool_calls" }),
      );
      const stream = open(subject, server, { tools: [now], budget: { outputTokens: 1_000 } });
      const { pairs, error } = await read(stream);
      const usable = stream.tools.filter(({ state }) => state === "complete");
      expect(error).toBe(stream.error);
      if (stream.outcome === "complete") expect(called(pairs)).toEqual(usable.map(({ name }) => name));
      else expect(error).toMatchObject({ code: "budget_exceeded" });
    });

    it.runIf(traits.joinsTools).each(["total", "signal"])("%s", async (end) => {
      const calls = [1, 2, 3].map(() => ({ tool: "now", input: "{}" }));
      await using server = await subject.serve(() =>
        beats({ tools: calls }, { finish: "tool_calls" }, { end: "open" }),
      );
      const controller = new AbortController();
      const options = end === "total" ? { timeout: { total: 300 } } : { signal: controller.signal };
      const stream = open(subject, server, { tools: [now], ...options });
      let times = 0;
      for await (const [, one] of stream) {
        if (one?.state !== "complete" || ++times > 1) continue;
        while (stream.finishReasons.length === 0) await new Promise(setImmediate);
        if (end === "signal") controller.abort();
        else await new Promise((resolve) => setTimeout(resolve, 350));
      }
      expect([stream.outcome, stream.error, times]).toEqual(["complete", null, 3]);
    });

    it.each(["total", "abort"])("what an asynchronous schema has not decided is invalid: %s", async (end) => {
      const undecided = tool({ name: "now", input: z.object({}).refine(() => new Promise(() => {})), call: () => 1 });
      await using server = await subject.serve(() => beats({ tool: "now", input: "{}" }, { finish: "tool_calls" }));
      const stream = open(subject, server, { tools: [undecided], ...(end === "total" && { timeout: { total: 200 } }) });
      const reading = read(stream);
      if (end === "abort") {
        while (stream.tools.length === 0) await new Promise(setImmediate);
        await quiet();
        stream.abort();
      }
      const { pairs, error } = await reading;
      expect([error, called(pairs)]).toEqual([stream.error, []]);
      expect(stream.tools.map(({ state }) => state)).toEqual(["invalid"]);
      expect(stream.tools[0]?.error?.message).toContain("stopped before the input was validated");
    });
  });

  it("a tool that throws rejects its call, and one that is given a signal gets it", async () => {
    const seen = vi.fn();
    const failing = tool({
      name: "look_up",
      call: (_, { signal }) => {
        seen(signal);
        throw new Error("No such book.");
      },
    });
    await using server = await subject.serve(() => beats({ tool: "look_up", input: "{}" }, { finish: "tool_calls" }));
    const { tool: called } = await open(subject, server, { tools: [failing] }).response();
    const { signal } = new AbortController();
    await expect(called?.call({ signal })).rejects.toThrow("No such book.");
    expect(seen).toHaveBeenCalledWith(signal);
    await expect(called?.call({ signal: AbortSignal.abort(new Error("too late")) })).rejects.toThrow("too late");
    expect(seen).toHaveBeenCalledTimes(1);
  });
});
