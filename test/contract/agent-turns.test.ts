import { describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { agent } from "../../src/agent/agent.ts";
import type { AgentOptions } from "../../src/agent/options.ts";
import { InvalidOptionError, ResponseModelError, StreamConsumedError } from "../../src/index.ts";
import { field } from "../../src/json/object.ts";
import { toUIMessages } from "../../src/neutral-http.ts";
import { tool } from "../../src/tool/tool.ts";
import { beats, expectHandledRejections, failure, gate, inTurn, type Options, quiet, read, reply } from "./reading.ts";
import type { Beat, Script, Server } from "./subject.ts";
import { subjects } from "./subjects.ts";

/** What the model is told of a tool that was running when its run was stopped. */
const STOPPED = "The outcome of this call is unknown: the tool was interrupted, since the run was stopped.";

expectHandledRejections();

const lookUp = tool({ name: "look_up", input: z.object({ title: z.string() }), call: ({ title }) => `about ${title}` });
const look = (title: string): Beat => ({ tool: "look_up", input: JSON.stringify({ title }) });
const asking = (...parts: readonly Beat[]): Script => beats(...parts, { finish: "tool_calls" });
/** A call that the limit of tokens cuts. */
const cut = (name = "write", input = '{"html":"<div'): Beat => ({ tool: name, input, isCut: true });
const cutShort = (...parts: readonly Beat[]): Script => beats(...parts, { finish: "length" });
const numberOf = (called: unknown): unknown => field(field(called, "args"), "n");
/** Whether a request forces the model to use a tool: each provider has words of its own for that. */
const isForced = ({ body }: Server["requests"][number]): boolean =>
  /"(any|required|look_up)"/.test(JSON.stringify(body["tool_choice"] ?? body["choice"] ?? null));

const bodies = ({ requests }: Server): string[] => requests.map(({ body }) => JSON.stringify(body));

describe.each(subjects)("the turns of an agent ($name)", (subject) => {
  const wrote = vi.fn(() => "written");
  const write = tool({ name: "write", input: z.object({ html: z.string().optional() }), call: wrote });

  const start = (server: Server, options: AgentOptions = {}, more: Options = {}) => {
    const common = {
      client: subject.client(server.url),
      retry: { delay: 1 },
      tools: [lookUp, write],
      ...more,
    } as const;
    return agent(
      subject.call(subject.models[1], { ...common, stream: true }, () => "Hello"),
      options,
    )();
  };

  describe("a call that the limit of tokens has cut", () => {
    it.each([
      ["with a part of its input", [{ text: "I write it." }, cut()]],
      ["before any input came", [{ text: "I write it." }, cut("write", "")]],
      ["and that is all there is", [cut()]],
      ["beside one that is whole", [look("Mistborn"), cut()]],
    ] as const)("is told to the model, and does not run: %s", async (_, parts) => {
      wrote.mockClear();
      await using server = await subject.serve(inTurn(cutShort(...parts), reply("Done.")));
      const run = start(server);
      await run.finish();
      expect([run.stopReason, server.requests.length, wrote.mock.calls]).toEqual(["answer", 2, []]);
      const [first] = run.turns;
      expect(first?.outputs.at(-1)).toMatchObject([{ name: "write" }, { message: expect.stringMatching(/was cut/) }]);
      expect(first?.outputs).toHaveLength(
        parts.some((part) => part === parts[0] && "tool" in part && !part.isCut) ? 2 : 1,
      );
      expect(bodies(server)[1]).toContain("your reply was cut at its limit of tokens");
      // What was sent is the history, and the provider has taken it.
      expect(run.history().slice(0, -1)).toEqual(run.turns[1]?.stream.messages);
      expect(first?.stream.tools.at(-1)).toMatchObject({ name: "write", state: "truncated" });
    });

    it("twice, one after the other, ends the run", async () => {
      await using server = await subject.serve(() => cutShort({ text: "Hm." }, cut()));
      const run = start(server);
      await run.finish();
      expect([run.stopReason, server.requests.length]).toEqual(["cut", 2]);
      expect(JSON.stringify(run.history())).toContain("Hm.");
      expect(subject.problems(run.turns[1]?.stream.callKwargs)).toEqual([]);
    });

    it("ends the run only if it is cut again at once", async () => {
      const turns = [
        cutShort(cut()),
        asking(look("Mistborn")),
        cutShort(cut()),
        cutShort(cut("look_up", '{"title":"M')),
      ];
      await using server = await subject.serve(inTurn(turns[0] ?? reply(), ...turns.slice(1), cutShort(cut())));
      const run = start(server);
      await run.finish();
      // Cut, looked up, cut, another cut, cut and cut again.
      expect([run.stopReason, server.requests.length]).toEqual(["cut", 6]);
    });

    it("of a tool that does not exist counts as well", async () => {
      await using server = await subject.serve(() => cutShort(cut("nothing")));
      const run = start(server);
      await run.finish();
      expect([run.stopReason, server.requests.length]).toEqual(["cut", 2]);
      expect(bodies(server)[1]).toContain("was cut at its limit of tokens");
    });

    it.each(["context_exceeded", "content_filter"] as const)("is not asked for again after %s", async (finish) => {
      await using server = await subject.serve(() => beats({ text: "Hm." }, cut(), { finish }));
      const run = start(server);
      await run.finish();
      expect([run.stopReason, server.requests.length, run.turns[0]?.outputs]).toEqual([finish, 1, []]);
    });

    it("counts among the turns", async () => {
      await using server = await subject.serve(() => cutShort(cut()));
      const run = start(server, { maxTurns: 1 });
      await run.finish();
      expect([run.stopReason, server.requests.length]).toEqual(["turns", 1]);
    });
  });

  it.each(["length", "context_exceeded", "content_filter"] as const)(
    "text that %s ended is no answer",
    async (finish) => {
      await using server = await subject.serve(
        inTurn(asking(look("Mistborn")), beats({ text: "First, op" }, { finish })),
      );
      const run = start(server);
      await run.finish();
      expect([run.stopReason, run.content, server.requests.length]).toEqual([finish, "First, op", 2]);
    },
  );

  it.each(["stop", "unknown"] as const)("text that ended with %s is an answer", async (finish) => {
    await using server = await subject.serve(() => beats({ text: "Done." }, { finish }));
    const run = start(server);
    await run.finish();
    expect(run.stopReason).toBe("answer");
  });

  describe("what a tool gives is a pair of the run", () => {
    /** A tool whose calls end when they are told to. */
    function slow(runEarly: boolean) {
      const ends = new Map<string, (output: string) => void>();
      const definition = tool({
        name: "slow",
        runEarly,
        input: z.object({ n: z.string() }),
        call: ({ n }) => new Promise<string>((resolve) => ends.set(n, resolve)),
      });
      const end = async (n: string): Promise<void> => {
        while (!ends.has(n)) await quiet(1);
        ends.get(n)?.(n);
      };
      return { definition, end };
    }
    const call = (n: string): Beat => ({ tool: "slow", input: JSON.stringify({ n }) });

    it("that is an error is one in a neutral history, too, and no page is told what the tool has thrown", async () => {
      const fail = tool({
        name: "fail",
        input: z.object({}),
        call(): string {
          throw new Error("db.internal is down");
        },
      });
      const failing = asking({ tool: "fail", input: "{}" });
      await using server = await subject.serve(inTurn(failing, failing, reply("Done.")));
      const run = start(server, {}, { tools: [fail] });
      await run.finish();
      const history = run.commonHistory();
      const parts = history.flatMap(({ content }) => (typeof content === "string" ? [] : content));
      const results = parts.filter((part) => part.type === "toolResult");
      expect(results.map(({ isError }) => isError)).toEqual([true, true]);
      expect(JSON.stringify(results)).toContain("db.internal");
      const stored: typeof history = JSON.parse(JSON.stringify(history));
      expect(JSON.stringify(toUIMessages(stored))).not.toContain("db.internal");
    });

    it("as soon as it is there, with a chunk of its own", async () => {
      const { definition, end } = slow(false);
      const missing: Beat = { tool: "nothing", input: "{}" };
      await using server = await subject.serve(inTurn(asking(call("1"), call("2"), missing), reply("Done.")));
      const run = start(server, {}, { tools: [definition] });
      const seen: unknown[] = [];
      let turns = -1;
      for await (const [chunk, called, turn] of run) {
        turns = turn.index;
        expect(chunk.chunk === null).toBe(chunk.toolResult !== null);
        if (numberOf(called) === "2") void end("2");
        if (chunk.toolResult === null) continue;
        expect([called, chunk.content, chunk.thinking, chunk.recovery, chunk.finishReasons]).toEqual([
          null,
          "",
          "",
          null,
          [],
        ]);
        expect(turn.outputs.map(([{ id }]) => id)).toContain(chunk.toolResult.id);
        seen.push(chunk.toolResult);
        // The first call runs still: its result does not hold up the other's.
        if (chunk.toolResult.output === "2") void end("1");
      }
      const outputs = run.turns[0]?.outputs ?? [];
      const [first, second, third] = outputs.map(([{ id }]) => id);
      expect(seen).toEqual([
        { id: third, name: "nothing", output: expect.any(Error), isError: true },
        { id: second, name: "slow", output: "2", isError: false },
        { id: first, name: "slow", output: "1", isError: false },
      ]);
      // In the order of the calls.
      expect(outputs.map(([, output]) => output)).toEqual(["1", "2", expect.any(Error)]);
      expect(turns).toBe(1);
    });

    it("while the reply still streams, if the tool runs early", async () => {
      const { definition, end } = slow(true);
      const more = gate();
      await using server = await subject.serve(
        inTurn(asking(call("1"), call("2"), { text: "Hm." }, { wait: more.opened }, { text: "Well." }), reply("Done.")),
      );
      const run = start(server, {}, { tools: [definition] });
      const order: string[] = [];
      for await (const [chunk, called, { stream }] of run) {
        if (chunk.toolResult !== null) order.push(`${String(chunk.toolResult.output)} ${stream.outcome}`);
        else if (chunk.content !== "") order.push(chunk.content);
        if (numberOf(called) === "1") void end("1");
        if (chunk.toolResult?.output === "1") more.open();
        if (chunk.content === "Well.") void end("2");
      }
      expect(order.indexOf("1 pending")).toBeLessThan(order.indexOf("Well."));
      expect(order.filter((each) => each.startsWith("2 "))).toHaveLength(1);
      expect(order.at(-1)).toBe("Done.");
      expect(run.turns[0]?.outputs.map(([, output]) => output)).toEqual(["1", "2"]);
    });

    it("and leaving there stops the other tools", async () => {
      const { definition, end } = slow(false);
      await using server = await subject.serve(() => asking(call("1"), call("2")));
      const run = start(server, {}, { tools: [definition] });
      for await (const [{ toolResult }, called] of run) {
        if (numberOf(called) === "1") void end("1");
        if (toolResult !== null) break;
      }
      expect([run.stopReason, server.requests.length]).toEqual([null, 1]);
      expect(run.turns[0]?.outputs.map(([, output]) => output)).toEqual(["1", new Error(STOPPED)]);
      expect(JSON.stringify(run.history())).toContain(STOPPED);
    });

    it("but not what was not run", async () => {
      await using server = await subject.serve(() => asking(look("Mistborn"), { tool: "nothing", input: "{}" }));
      const run = start(server, { stopAtTool: "look_up" });
      const { pairs } = await read(run);
      expect(pairs.every(([{ toolResult }]) => toolResult === null)).toBe(true);
      expect(run.stopReason).toBe("tool");
    });
  });

  it("are counted together", async () => {
    const usage = (input: number, output: number): Beat => ({ usage: { input, output } });
    await using server = await subject.serve(
      inTurn(
        beats(look("Mistborn"), usage(100, 10), { finish: "tool_calls" }),
        beats({ text: "Done." }, usage(200, 20), { finish: "stop" }),
      ),
    );
    const run = start(server);
    expect(run.commonUsage).toMatchObject({ source: "estimated", inputTokens: 0, outputTokens: 0 });
    expect(run.usage.source).toBe("estimated");
    await run.finish();
    expect(run.commonUsage).toMatchObject({ source: "reported", inputTokens: 300, outputTokens: 30, totalTokens: 330 });
    const [first, second] = run.turns.map(({ stream }) => stream.usage as unknown as Record<string, number>);
    for (const [name, count] of Object.entries(run.usage)) {
      if (typeof count === "number") expect(count).toBe((first?.[name] ?? 0) + (second?.[name] ?? 0));
    }
    expect(run.outputTokens).toBe(30);
  });

  it("are counted as far as they are known, if the last was interrupted", async () => {
    await using server = await subject.serve(
      inTurn(asking(look("Mistborn")), beats({ text: "Do" }, { usage: { input: 10, output: 25 } }, { end: "reset" })),
    );
    const run = start(server, {}, { retry: false });
    await failure(run.finish());
    expect(run.commonUsage.source).not.toBe("reported");
    expect(run.commonUsage.outputTokens).toBeGreaterThanOrEqual(25);
  });

  describe("with a response model", () => {
    const Book = z.object({ title: z.string() });
    const define = (server: Server, tools: Options["tools"] = [lookUp]) =>
      subject.structuredCall(
        subject.models[0],
        {
          client: subject.client(server.url),
          retry: { delay: 1 },
          stream: true,
          responseModel: Book,
          tools: tools as [typeof lookUp],
        },
        () => "Extract",
      );

    it("the run has the model of the last text", async () => {
      await using server = await subject.serve(inTurn(asking(look("Mistborn")), reply('{"title":', '"Mistborn"}')));
      const ask = agent(define(server));
      const book = await ask().parse();
      expect([book, server.requests.length]).toEqual([{ title: "Mistborn" }, 2]);
    });

    it("or says why there is none", async () => {
      await using server = await subject.serve(
        inTurn(asking(look("Mistborn")), reply('{"title":5}'), reply('{"title":"M"}'), { status: 400 }),
      );
      const ask = agent(define(server));
      const run = ask();
      for await (const _ of run) expect(await failure(run.parse())).toBeInstanceOf(StreamConsumedError);
      expect(await failure(run.parse())).toMatchObject({ code: "response_model", issues: [{ path: ["title"] }] });
      expect(await failure(run.parse())).toBeInstanceOf(ResponseModelError);
      expect(await ask().parse()).toEqual({ title: "M" });
      expect(await failure(ask().parse())).toMatchObject({ code: "api_error" });
    });

    it("needs tools: without, nothing is sent", async () => {
      await using server = await subject.serve(() => reply('{"title":"M"}'));
      const error = await failure(agent(define(server, []))().finish());
      expect(error).toBeInstanceOf(InvalidOptionError);
      expect(error).toMatchObject({ option: "responseModel" });
      expect(server.requests).toHaveLength(0);
    });
  });

  describe("may have options of their own", () => {
    it("such as a tool that is forced first, and another model", async () => {
      await using server = await subject.serve(inTurn(asking(look("Mistborn")), reply("Done.")));
      const seen: number[][] = [];
      const run = start(server, {
        turnOptions: async ({ index, turns }) => {
          seen.push([index, turns.length]);
          await quiet(1);
          if (index > 0) return { model: subject.models[0] };
          return { toolChoice: { type: "tool", name: "look_up" } };
        },
      });
      await run.finish();
      expect(seen).toEqual([
        [0, 0],
        [1, 1],
      ]);
      expect(server.requests.map(isForced)).toEqual([true, false]);
      expect(server.requests.map(({ body }) => body["model"])).toEqual([subject.models[1], subject.models[0]]);
    });

    it("and go on as the call says where there are none", async () => {
      await using server = await subject.serve(inTurn(asking(look("Mistborn")), reply("Done.")));
      const run = start(server, { turnOptions: () => undefined });
      await run.finish();
      const plain = await subject.serve(inTurn(asking(look("Mistborn")), reply("Done.")));
      await start(plain).finish();
      const withoutIds = (body: string): string => body.replace(/(toolu|call)_\w*\d/g, "id");
      expect(bodies(server).map(withoutIds)).toEqual(bodies(plain).map(withoutIds));
      await plain[Symbol.asyncDispose]();
    });

    it("but end the run if they cannot be had", async () => {
      const broken = new Error("no");
      await using server = await subject.serve(() => asking(look("Mistborn")));
      const options = ({ index }: { readonly index: number }): undefined => {
        if (index === 1) throw broken;
      };
      const run = start(server, { turnOptions: options });
      expect((await read(run)).error).toBe(broken);
      expect([run.stopReason, run.turns.length, server.requests.length]).toEqual([null, 1, 1]);
      const silent = start(server, { turnOptions: () => new Promise<never>(() => {}) });
      const reading = read(silent);
      await quiet();
      silent.abort("enough");
      expect((await reading).error).toMatchObject({ code: "stream_aborted", cause: "enough" });
    });
  });

  describe("a choice that forces a tool", () => {
    it.each(["any", { type: "any" }, { type: "tool", name: "look_up" }] as const)(
      "is lifted once it was obeyed: %j",
      async (toolChoice) => {
        await using server = await subject.serve(
          inTurn(asking(look("Mistborn")), asking(look("Elantris")), reply("Done.")),
        );
        const run = start(server, {}, { toolChoice });
        await run.finish();
        expect([server.requests.map(isForced), run.stopReason]).toEqual([[true, false, false], "answer"]);
      },
    );

    it("stays until then", async () => {
      await using server = await subject.serve(
        inTurn(
          asking({ tool: "write", input: "{}" }),
          cutShort(cut("look_up", '{"ti')),
          asking(look("Mistborn")),
          reply("Done."),
        ),
      );
      const run = start(server, {}, { toolChoice: { type: "tool", name: "look_up" } });
      await run.finish();
      expect(server.requests.map(isForced)).toEqual([true, true, true, false]);
    });

    it("leaves alone how many tools may be called, and a choice that does not force", async () => {
      await using server = await subject.serve(inTurn(asking(look("Mistborn")), reply("Done.")));
      await start(server, {}, { toolChoice: { type: "any", parallel: false } }).finish();
      expect(bodies(server)[1]).toMatch(/"parallel(_tool_calls)?":false|"disable_parallel_tool_use":true/);
      await using free = await subject.serve(inTurn(asking(look("Mistborn")), reply("Done.")));
      await start(free, {}, { toolChoice: "auto" }).finish();
      expect(bodies(free).map((body) => body.includes('"auto"'))).toEqual([true, true]);
    });

    it("is an error for a call that has no tools, and nothing is sent", async () => {
      await using server = await subject.serve(() => reply("Done."));
      for (const toolChoice of ["any", "none", { type: "auto" }] as const) {
        const stream = subject.call(
          subject.models[0],
          { client: subject.client(server.url), stream: true, toolChoice } as Options & { stream: true },
          () => "Hello",
        )();
        const error = await failure((stream as { response(): Promise<unknown> }).response());
        expect(error).toBeInstanceOf(InvalidOptionError);
        expect(error).toMatchObject({ option: "toolChoice" });
      }
      expect(server.requests).toHaveLength(0);
    });
  });
});
