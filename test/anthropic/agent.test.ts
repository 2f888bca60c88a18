import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as z from "zod";
import {
  agent,
  type AgentRun,
  InvalidOptionError,
  type Native,
  StreamAbortedError,
  StreamConsumedError,
  StreamTruncatedError,
  tool,
  type PairTypes,
} from "../../src/index.ts";
import { call, client } from "../../src/providers/anthropic/index.ts";
import { call as structuredCall } from "../../src/providers/anthropic/structured.ts";
import {
  apiError,
  compaction,
  cut,
  fakeAnthropic,
  type FakeAnthropic,
  reply,
  type Script,
  serverToolUse,
  thinking,
  toolUse,
} from "../../src/testing/index.ts";
import { frames, serve, started, startStream } from "../server.ts";

/** What the model is told of a tool that was running when its run was stopped. */
const STOPPED = "The outcome of this call is unknown: the tool was interrupted, since the run was stopped.";

const MODEL = "claude-sonnet-5-5";
const at = ({ url }: { readonly url: string }) => client({ apiKey: "sk-test", baseURL: url });
const fake = (...replies: Script[]): Promise<FakeAnthropic> => fakeAnthropic({ replies });

/** Something to wait for. */
interface Gate<V = void> {
  readonly opened: Promise<V>;
  open(value: V): void;
}

function gate<V = void>(): Gate<V> {
  let open: (value: V) => void = () => {};
  const opened = new Promise<V>((resolve) => (open = resolve));
  return { opened, open };
}

const lookUp = tool({
  name: "look_up",
  input: z.object({ title: z.string() }),
  call: ({ title }) => {
    if (title === "Elantris") throw new Error("No such book.");
    return { title, pages: 541 };
  },
});
const asked = (...titles: string[]): Script =>
  reply(...titles.map((title, at) => toolUse("look_up", { title }, { id: `toolu_${at}` })));

/** A tool that says when it has begun, and ends when it is told to, or aborted. */
function waiting(name = "wait", runEarly = false) {
  let runs = 0;
  const begun = gate();
  const end = gate<string>();
  const signal = gate<AbortSignal>();
  const definition = tool({
    name,
    runEarly,
    call: (_, context) => {
      runs++;
      begun.open();
      signal.open(context.signal);
      return new Promise<string>((resolve, reject) => {
        void end.opened.then(resolve);
        context.signal.addEventListener("abort", () => reject(context.signal.reason as Error));
      });
    },
  });
  return {
    definition,
    begun: begun.opened,
    signal: signal.opened,
    end: (output: string) => end.open(output),
    runs: () => runs,
  };
}

async function read<N extends Native, T extends PairTypes>(run: AgentRun<N, T>): Promise<AgentRun<N, T>> {
  for await (const pair of run) expect(pair).toHaveLength(3);
  return run;
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    return await promise.then(() => expect.unreachable());
  } catch (error) {
    return error;
  }
}

const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown): void => void unhandled.push(reason);
beforeEach(() => void process.on("unhandledRejection", onUnhandled));
afterEach(async () => {
  await new Promise(setImmediate);
  process.off("unhandledRejection", onUnhandled);
  expect(unhandled.splice(0)).toEqual([]);
});

describe("an agent", () => {
  it("repeats the call while tools are asked for: all turns are one stream", async () => {
    await using server = await fake(
      reply(
        thinking("Two books."),
        "Let me see.",
        toolUse("look_up", { title: "Mistborn" }),
        toolUse("look_up", { title: "Warbreaker" }),
      ),
      asked("Oathbringer"),
      "Read Mistborn.",
    );
    const ask = agent(call(MODEL, { client: at(server), tools: [lookUp] }, (question: string) => question));
    const run = ask("Which one?");
    const texts: string[] = [];
    const tools: string[] = [];
    const turns: number[] = [];
    for await (const [chunk, called, turn] of run) {
      texts[turn.index] = (texts[turn.index] ?? "") + chunk.content;
      if (called) tools.push(called.args.title);
      if (turns.at(-1) !== turn.index) turns.push(turn.index);
      expect(turn).toBe(run.turns.at(-1));
      expect(run.stopReason).toBeNull();
    }
    expect([texts, tools, turns]).toEqual([
      ["Let me see.", "", "Read Mistborn."],
      ["Mistborn", "Warbreaker", "Oathbringer"],
      [0, 1, 2],
    ]);
    expect([run.stopReason, run.content, run.turns.length]).toEqual(["answer", "Read Mistborn.", 3]);
    expect(run.turns[0]?.outputs.map(([, output]) => output)).toEqual([
      { title: "Mistborn", pages: 541 },
      { title: "Warbreaker", pages: 541 },
    ]);
    expect(run.outputTokens).toBe(run.turns.reduce((sum, { stream }) => sum + stream.outputTokens, 0));
    expect(run.cost).toBeCloseTo(run.turns.reduce((sum, { stream }) => sum + (stream.cost ?? NaN), 0));
  });

  it("sends back what was said and found, as the API wants it", async () => {
    await using server = await fake(
      reply(thinking("Hm."), toolUse("look_up", { title: "Mistborn" }, { id: "toolu_1" })),
      "Done.",
    );
    const run = agent(call(MODEL, { client: at(server), tools: [lookUp] }, () => "Hello"))();
    const last = await run.finish();
    const [first, second] = server.requests.map(({ body }) => body["messages"] as object[]);
    expect(second?.slice(0, 1)).toEqual(first);
    expect(second?.slice(1)).toEqual([
      {
        role: "assistant",
        content: [
          expect.objectContaining({ type: "thinking", thinking: "Hm." }),
          expect.objectContaining({ type: "tool_use", id: "toolu_1" }),
        ],
      },
      {
        role: "user",
        content: [{ type: "tool_result", tool_use_id: "toolu_1", content: '{"title":"Mistborn","pages":541}' }],
      },
    ]);
    expect(run.history()).toEqual([
      ...(second ?? []),
      { role: "assistant", content: [{ type: "text", text: "Done." }] },
    ]);
    expect(last).toBe(run.turns[1]);
    expect(last.stream.content).toBe("Done.");
  });

  it("runs the prompt function once, and sends nothing before the first read", async () => {
    await using server = await fake(asked("Mistborn"), "Done.");
    let runs = 0;
    const ask = agent(call(MODEL, { client: at(server), tools: [lookUp] }, () => `Hello ${++runs}`));
    const run = ask();
    expect([server.requests.length, runs, run.turns.length]).toEqual([0, 0, 0]);
    await run.finish();
    expect([server.requests.length, runs]).toEqual([2, 1]);
  });

  it("takes the tools of a dynamic config, and is bound to no call without them", async () => {
    await using server = await fake(asked("Mistborn"), "Done.");
    const dynamic = call(MODEL, { client: at(server) }, () => ({
      messages: [{ role: "user", content: "x" }],
      tools: [lookUp],
    }));
    expect((await agent(dynamic)().finish()).stream.content).toBe("Done.");
    const none = agent(call(MODEL, { client: at(server) }, () => "x"))();
    expect((await none.finish()).index).toBe(0);
    expect(none.stopReason).toBe("answer");
  });

  it("gives tools while their input streams, too, if that was asked for", async () => {
    await using server = await fake(asked("Mistborn"), "Done.");
    const options = { client: at(server), tools: [lookUp], stream: { partialTools: true } } as const;
    const states: string[] = [];
    for await (const [, called] of agent(call(MODEL, options, () => "x"))()) if (called) states.push(called.state);
    expect([states.at(-1), new Set(states)]).toEqual(["complete", new Set(["streaming", "complete"])]);
    expect(server.requests).toHaveLength(2);
  });

  it("is read once", async () => {
    await using server = await fake(asked("Mistborn"), "Done.");
    const ask = agent(call(MODEL, { client: at(server), tools: [lookUp] }, () => "x"));
    const run = ask();
    for await (const pair of run) {
      expect(pair).toBeDefined();
      expect(() => run[Symbol.asyncIterator]()).toThrow(StreamConsumedError);
      await expect(run.finish()).rejects.toThrow(StreamConsumedError);
    }
    expect(await run.finish()).toBe(run.turns[1]);
    await expect(read(run)).rejects.toThrow(StreamConsumedError);
    const finished = ask();
    expect(finished.finish()).toBe(finished.finish());
    await expect(read(finished)).rejects.toThrow(StreamConsumedError);
    await finished.finish();
  });

  it("goes on after a pause", async () => {
    const search = { type: "web_search_20260209", name: "web_search" } as const;
    await using server = await fake(
      reply("Searching.", serverToolUse("web_search", { query: "Mistborn" }), { stopReason: "pause_turn" }),
      "Found.",
    );
    const run = agent(call(MODEL, { client: at(server), tools: [search, lookUp] }, () => "x"))();
    expect((await run.finish()).stream.content).toBe("Found.");
    expect(server.requests[1]?.body["messages"]).toMatchObject([
      { role: "user" },
      { role: "assistant", content: [{ type: "text" }, { type: "server_tool_use" }] },
    ]);
    expect([run.turns.length, run.stopReason]).toEqual([2, "answer"]);
  });

  it("goes on after a pause for compaction", async () => {
    await using server = await fake(reply(compaction("We spoke of books."), { stopReason: "compaction" }), "Found.");
    const callParams = { betas: ["compact-2026-01-12"] };
    const run = agent(call(MODEL, { client: at(server), tools: [lookUp], callParams }, () => "x"))();
    expect((await run.finish()).stream.content).toBe("Found.");
    expect(server.requests[1]?.body["messages"]).toMatchObject([
      { role: "user" },
      { role: "assistant", content: [{ type: "compaction", content: "We spoke of books." }] },
    ]);
    expect([run.turns.length, run.stopReason]).toEqual([2, "answer"]);
  });
});

describe("the container in which a reply ran code", () => {
  const code = { type: "code_execution_20260120", name: "code_execution" } as const;
  type Part = string | ReturnType<typeof toolUse>;
  const look = toolUse("look_up", { title: "Mistborn" });
  const inContainer = (id: string | null, part: Part, stopReason?: string): Script => {
    const container = { id, expires_at: "2030-01-01T00:00:00Z" };
    return reply(part, { ...(id !== null && { container }), ...(stopReason !== undefined && { stopReason }) });
  };
  const containers = ({ requests }: FakeAnthropic) => requests.map(({ body }) => body["container"]);

  it("is that of the next requests, also if a reply in between needed none", async () => {
    await using server = await fake(
      inContainer("container_1", look),
      inContainer(null, look),
      inContainer("container_2", look),
      "Done.",
    );
    const run = agent(call(MODEL, { client: at(server), tools: [lookUp, code] }, () => "x"))();
    await run.finish();
    expect(containers(server)).toEqual([undefined, "container_1", "container_1", "container_2"]);
  });

  it("keeps the skills that the call asks for, and gives way to the options of a turn", async () => {
    const container = { skills: [{ type: "anthropic", skill_id: "pptx" }] } as const;
    await using server = await fake(inContainer("container_1", look), inContainer("container_1", look), "Done.");
    const options = { client: at(server), tools: [lookUp, code], callParams: { container, max_tokens: 99 } };
    const run = agent(
      call(MODEL, options, () => "x"),
      { turnOptions: ({ index }) => (index === 2 ? { callParams: { container: "own", max_tokens: 50 } } : {}) },
    )();
    await run.finish();
    expect(containers(server)).toEqual([container, { ...container, id: "container_1" }, "own"]);
    expect(server.requests.map(({ body }) => body["max_tokens"])).toEqual([99, 99, 50]);
  });

  it("reaches a fallback, too, beside the parameters that are its own", async () => {
    await using server = await fake(inContainer("container_1", look), apiError(529), "Done.");
    const fallback = [{ model: "claude-haiku-5-5", callParams: { max_tokens: 7 } }];
    const options = { client: at(server), tools: [lookUp, code], retry: { attempts: 1 }, fallback } as const;
    await agent(call(MODEL, options, () => "x"))().finish();
    const [, , last] = server.requests;
    expect(last?.body).toMatchObject({ model: "claude-haiku-5-5", container: "container_1", max_tokens: 7 });
  });

  it("is there for a loop of one's own", async () => {
    await using server = await fake(inContainer("container_1", look), "Done.");
    const ask = call(
      MODEL,
      { stream: true, client: at(server), tools: [lookUp, code] },
      (messages: readonly object[]) => messages as never,
    );
    const stream = ask([{ role: "user", content: "x" }]);
    expect(stream.container).toBeNull();
    const response = await stream.response();
    expect([stream.container, response.container]).toEqual(["container_1", "container_1"]);
    await ask
      .with({ callParams: { container: stream.container } })(stream.history())
      .response();
    expect(containers(server)).toEqual([undefined, "container_1"]);
  });

  it("goes back with what a reply with a response model has to do again", async () => {
    const Book = z.object({ title: z.string() });
    await using server = await fake(
      inContainer("container_1", serverToolUse("code_execution", { code: "1" }), "pause_turn"),
      inContainer(null, '{"title":5}'),
      '{"title":"Mistborn"}',
    );
    const options = { client: at(server), tools: [code], responseModel: Book, validationRetries: 2 } as const;
    expect(await structuredCall(MODEL, options, () => "x")()).toEqual({ title: "Mistborn" });
    expect(containers(server)).toEqual([undefined, "container_1", "container_1"]);
  });
});

describe("tools of an agent", () => {
  const parallelism = async (parallel: number | undefined, count: number): Promise<number[]> => {
    let running = 0;
    const seen: number[] = [];
    const release: (() => void)[] = [];
    const crowd = tool({
      name: "crowd",
      call: async () => {
        seen.push(++running);
        await new Promise<void>((resolve) => {
          release.push(resolve);
          // Those that may run have begun: let the first of them end.
          if (running === (parallel ?? 4) || seen.length === count)
            setImmediate(() => release.splice(0).forEach((end) => end()));
        });
        running--;
      },
    });
    await using server = await fake(reply(...Array.from({ length: count }, () => toolUse("crowd"))), "Done.");
    const options = parallel === undefined ? {} : { parallel };
    await agent(
      call(MODEL, { client: at(server), tools: [crowd] }, () => "x"),
      options,
    )().finish();
    return seen;
  };

  it.each([
    [undefined, 6, 4],
    [1, 3, 1],
    [2, 6, 2],
    [8, 6, 6],
  ])("run in parallel, with the limit %s of %s", async (parallel, count, most) => {
    const seen = await parallelism(parallel, count);
    expect(seen).toHaveLength(count);
    expect(Math.max(...seen)).toBe(most);
  });

  it("that fail, or whose input is wrong, are told to the model", async () => {
    await using server = await fake(
      reply(
        toolUse("look_up", { title: "Elantris" }, { id: "toolu_1" }),
        toolUse("look_up", { title: 7 }, { id: "toolu_2" }),
        toolUse("look_up", {}, { id: "toolu_3", fragments: ['{"title": ', "Mist}"] }),
        toolUse("nothing", {}, { id: "toolu_4" }),
        toolUse("look_up", { title: "Mistborn" }, { id: "toolu_5" }),
      ),
      "Done.",
    );
    const run = agent(call(MODEL, { client: at(server), tools: [lookUp] }, () => "x"))();
    await run.finish();
    const messages = server.requests[1]?.body["messages"] as { content: object[] }[];
    expect(messages.at(-1)?.content).toEqual([
      { type: "tool_result", tool_use_id: "toolu_1", is_error: true, content: "No such book." },
      {
        type: "tool_result",
        tool_use_id: "toolu_2",
        is_error: true,
        content: expect.stringMatching(/invalid input: title/),
      },
      {
        type: "tool_result",
        tool_use_id: "toolu_3",
        is_error: true,
        content: expect.stringMatching(/not a JSON object/),
      },
      {
        type: "tool_result",
        tool_use_id: "toolu_4",
        is_error: true,
        content: 'There is no tool "nothing". The tools are: "look_up".',
      },
      { type: "tool_result", tool_use_id: "toolu_5", content: '{"title":"Mistborn","pages":541}' },
    ]);
    expect(run.turns[0]?.outputs.map(([{ id }]) => id)).toEqual(["toolu_1", "toolu_4", "toolu_5"]);
  });

  it("that throw something else than an error are told by its text", async () => {
    const odd = tool({
      name: "odd",
      call: () => {
        throw "out of paper";
      },
    });
    await using server = await fake(reply(toolUse("odd")), "Done.");
    const run = agent(call(MODEL, { client: at(server), tools: [odd] }, () => "x"))();
    await run.finish();
    expect(run.turns[0]?.outputs[0]?.[1]).toEqual(new Error("out of paper"));
  });

  it("do not run after a cut that took their input", async () => {
    await using server = await fake(
      reply("Hm.", cut(toolUse("look_up", { title: "Mistborn" })), { stopReason: "max_tokens" }),
    );
    const run = agent(call(MODEL, { client: at(server), tools: [lookUp] }, () => "x"))();
    expect((await run.finish()).outputs).toMatchObject([[{ name: "look_up" }, expect.any(Error)]]);
    expect([run.stopReason, server.requests.length]).toEqual(["cut", 2]);
  });

  it("run only if they are approved", async () => {
    const ran: string[] = [];
    const write = tool({ name: "write", input: z.object({ to: z.string() }), call: ({ to }) => void ran.push(to) });
    const letters = reply(...["Ann", "Bob", "Cid"].map((to, at) => toolUse("write", { to }, { id: `toolu_${at}` })));
    await using server = await fake(letters, "Done.");
    const approve = async ({ args: { to } }: { args: { to: string } }) =>
      Promise.resolve(to === "Bob" || (to === "Cid" && "Cid is away."));
    const run = agent(
      call(MODEL, { client: at(server), tools: [write] }, () => "x"),
      { approve },
    )();
    await run.finish();
    expect(ran).toEqual(["Bob"]);
    const messages = server.requests[1]?.body["messages"] as { content: object[] }[];
    expect(messages.at(-1)?.content).toEqual([
      {
        type: "tool_result",
        tool_use_id: "toolu_0",
        is_error: true,
        content: "The user did not allow this tool to run.",
      },
      { type: "tool_result", tool_use_id: "toolu_1" },
      {
        type: "tool_result",
        tool_use_id: "toolu_2",
        is_error: true,
        content: "The user did not allow this tool to run: Cid is away.",
      },
    ]);
  });

  it("do not run where nobody can be asked: that ends the run", async () => {
    const ran: number[] = [];
    const write = tool({ name: "write", call: () => ran.push(1) });
    await using server = await fake(reply(toolUse("write"), toolUse("write")), "Done.");
    const broken = new Error("The window was closed.");
    const approve = (): Promise<boolean> => Promise.reject(broken);
    const run = agent(
      call(MODEL, { client: at(server), tools: [write] }, () => "x"),
      { approve },
    )();
    expect(await failure(read(run))).toBe(broken);
    await expect(run.finish()).rejects.toBe(broken);
    expect([ran, run.stopReason, server.requests.length]).toEqual([[], null, 1]);
    // An answer that is none is no approval.
    const silent = { approve: (() => undefined) as unknown as () => boolean };
    await agent(
      call(MODEL, { client: at(server), tools: [write] }, () => "x"),
      silent,
    )().finish();
    expect(ran).toEqual([]);
  });
});

describe("tools that run early", () => {
  /** A reply that stays open after its tools until it is let on. */
  const held = async (...names: string[]) => {
    const onwards = gate();
    const blocks = names.flatMap((name, index) => [
      {
        type: "content_block_start",
        index,
        // An empty input would be complete only when the next block begins: it may have been cut.
        content_block: { type: "tool_use", id: `toolu_${index}`, name, input: { n: 1 } },
      },
      { type: "content_block_stop", index },
    ]);
    const server = await serve((response, _, count) => {
      if (count > 1)
        return void startStream(response).end(
          frames([...started, { type: "content_block_stop", index: 0 }, stop("end_turn"), { type: "message_stop" }]),
        );
      startStream(response, frames([...started.slice(0, 1), ...blocks]));
      void onwards.opened.then(() => response.end(frames([stop("tool_use"), { type: "message_stop" }])));
    });
    return { server, letOn: () => onwards.open() };
  };
  const stop = (reason: string) => ({
    type: "message_delta",
    delta: { stop_reason: reason, stop_sequence: null },
    usage: { output_tokens: 9 },
  });

  it("have begun while the reply still streams; others wait for its end", async () => {
    const early = waiting("early", true);
    const late = waiting("late");
    const { server, letOn } = await held("late", "early");
    await using _ = server;
    const run = agent(call(MODEL, { client: at(server), tools: [early.definition, late.definition] }, () => "x"))();
    const reading = read(run);
    await early.begun;
    expect([run.turns[0]?.stream.outcome, run.turns[0]?.outputs]).toEqual(["pending", []]);
    early.end("soon");
    late.end("later");
    const lateBegun = Promise.race([
      late.begun.then(() => "begun"),
      new Promise((resolve) => setImmediate(resolve, "not yet")),
    ]);
    expect(await lateBegun).toBe("not yet");
    letOn();
    await reading;
    // In the order of the calls, not of their ends.
    expect(run.turns[0]?.outputs.map(([{ id }, output]) => [id, output])).toEqual([
      ["toolu_0", "later"],
      ["toolu_1", "soon"],
    ]);
    expect([early.runs(), late.runs()]).toEqual([1, 1]);
    expect(JSON.stringify(server.requests[0]?.body["tools"])).not.toMatch(/early"?:/i);
  });

  it("are asked about first, too", async () => {
    const early = waiting("early", true);
    const { server, letOn } = await held("early");
    await using _ = server;
    const seen = gate<string>();
    const approve = ({ name }: { name: string }): boolean => {
      seen.open(name);
      return false;
    };
    const run = agent(
      call(MODEL, { client: at(server), tools: [early.definition] }, () => "x"),
      { approve },
    )();
    const reading = read(run);
    expect(await seen.opened).toBe("early");
    letOn();
    await reading;
    expect(run.turns[0]?.outputs.map(([, output]) => output)).toMatchObject([
      { code: "tool_refused", toolName: "early", message: "The user did not allow this tool to run." },
    ]);
  });

  it.each(["end the run", "say nothing where it is left before"])(
    "that nobody could be asked about %s",
    async (what) => {
      const early = waiting("early", true);
      const { server } = await held("early");
      await using _ = server;
      const broken = new Error("The window was closed.");
      const options = { approve: () => Promise.reject(broken) };
      const run = agent(
        call(MODEL, { client: at(server), tools: [early.definition] }, () => "x"),
        options,
      )();
      for await (const [, called] of what === "end the run" ? [] : run) if (called) break;
      // At once: the server sends nothing more.
      if (what === "end the run") expect(await failure(read(run))).toBe(broken);
      expect([early.runs(), run.stopReason]).toEqual([0, null]);
    },
  );

  it("are aborted where the reply fails, and the history says so", async () => {
    const early = waiting("early", true);
    const done = tool({ name: "done", runEarly: true, call: () => "yes" });
    const { server } = await held("early", "done");
    await using _ = server;
    const run = agent(call(MODEL, { client: at(server), tools: [early.definition, done] }, () => "x"))();
    const reading = read(run);
    const signal = await early.signal;
    while (run.turns[0]?.outputs.length === 0) await new Promise(setImmediate);
    for (const socket of server.sockets) socket.destroy();
    expect(await failure(reading)).toBeInstanceOf(StreamTruncatedError);
    await expect(run.finish()).rejects.toBeInstanceOf(StreamTruncatedError);
    expect([signal.aborted, run.stopReason]).toEqual([true, null]);
    expect(run.history().at(-1)).toMatchObject({
      content: [
        { tool_use_id: "toolu_0", is_error: true },
        { tool_use_id: "toolu_1", content: "yes" },
      ],
    });
  });

  it("leave a valid history where the reply is refused", async () => {
    const done = tool({ name: "done", runEarly: true, call: () => "yes" });
    await using server = await fake(reply(toolUse("done", { n: 1 }), { stopReason: "refusal" }));
    const run = agent(call(MODEL, { client: at(server), tools: [done] }, () => "x"))();
    const { outputs } = await run.finish();
    expect(outputs.map(([, output]) => output)).toEqual(["yes"]);
    expect([run.history(), run.stopReason]).toEqual([[{ role: "user", content: "x" }], "content_filter"]);
  });
});

describe("a run stops", () => {
  const asking = async (options: object) => {
    const server = await fakeAnthropic({
      replies: reply(toolUse("look_up", { title: "Mistborn" }), { usage: { input_tokens: 1000, output_tokens: 100 } }),
    });
    const run = agent(
      call(MODEL, { client: at(server), tools: [lookUp] }, () => "x"),
      options,
    )();
    const last = await run.finish();
    await server.close();
    return { run, last, requests: server.requests.length };
  };

  it("after so many turns, 10 if nothing else was said", async () => {
    expect(await asking({})).toMatchObject({ requests: 10, run: { stopReason: "turns" } });
    const { run, last, requests } = await asking({ maxTurns: 3 });
    expect([requests, run.stopReason, run.turns.length]).toEqual([3, "turns", 3]);
    expect(last.outputs).toHaveLength(1);
    expect(run.history()).toHaveLength(7);
  });

  it("after the turn that reaches a budget of tokens, or of money", async () => {
    expect(await asking({ maxOutputTokens: 201 })).toMatchObject({
      requests: 3,
      run: { stopReason: "tokens", outputTokens: 300 },
    });
    const { run, requests } = await asking({ maxCost: 0.005 });
    expect([requests, run.stopReason]).toEqual([2, "cost"]);
    expect(run.cost).toBeCloseTo(0.006);
  });

  it("before anything is sent, if the budget cannot be kept", async () => {
    await using server = await fakeAnthropic({ models: ["house-model"] });
    const house = call("house-model", { client: at(server), tools: [lookUp] }, () => "x");
    expect(await failure(agent(house, { maxCost: 1 })().finish())).toMatchObject({ option: "maxCost" });
    expect(server.requests).toHaveLength(0);
    const priced = house.with({
      prices: { "house-model": { input: 1, output: 1, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 } },
    });
    await expect(agent(priced, { maxCost: 1 })().finish()).resolves.toBeDefined();
    expect(await failure(agent(house, { maxCost: 1 })().finish())).toBeInstanceOf(InvalidOptionError);
  });

  it("after a turn that meets a condition", async () => {
    const stopWhen = async ({ index, outputs }: { index: number; outputs: readonly unknown[] }) =>
      Promise.resolve(index === 1 && outputs.length === 1);
    expect(await asking({ stopWhen })).toMatchObject({ requests: 2, run: { stopReason: "condition" } });
  });

  it("before a tool that hands over", async () => {
    const handOver = tool({
      name: "hand_over",
      input: z.object({ to: z.string() }),
      runEarly: true,
      call: () => expect.unreachable(),
    });
    const early = tool({ name: "early", runEarly: true, call: () => "done" });
    await using server = await fake(
      reply(
        toolUse("early", {}, { id: "toolu_0" }),
        toolUse("look_up", { title: "Mistborn" }, { id: "toolu_1" }),
        toolUse("hand_over", { to: "Ann" }, { id: "toolu_2" }),
      ),
      "Thanks.",
    );
    const ask = call(MODEL, { client: at(server), tools: [handOver, early, lookUp] }, () => "x");
    const run = agent(ask, { stopAtTool: "hand_over" })();
    const { stream, outputs } = await run.finish();
    expect([run.stopReason, server.requests.length]).toEqual(["tool", 1]);
    expect(outputs.map(([, output]) => output)).toEqual(["done"]);
    const called = stream.tools.find(({ name }) => name === "hand_over");
    expect(called?.state === "complete" && called.args).toEqual({ to: "Ann" });
    expect(run.history().at(-1)).toMatchObject({
      content: [{ content: "done" }, { content: "The tool was not run." }, { content: "The tool was not run." }],
    });
    // Its arguments were wrong: there is nothing to hand over yet.
    await using again = await fake(reply(toolUse("hand_over", {})), "Sorry.");
    const retried = agent(ask.with({ client: at(again) }), { stopAtTool: ["hand_over"] })();
    await retried.finish();
    expect([retried.stopReason, retried.content]).toEqual(["answer", "Sorry."]);
  });

  it("hands over to the program for a tool in the API's own format", async () => {
    await using server = await fake(reply(toolUse("bash", { command: "ls" })), "Thanks.");
    const bash = { type: "bash_20250124", name: "bash" } as const;
    const run = agent(call(MODEL, { client: at(server), tools: [bash, lookUp] }, () => "x"))();
    await run.finish();
    expect([run.stopReason, server.requests.length]).toEqual(["tool", 1]);
  });
});

describe("a run that is stopped", () => {
  const stops = {
    "abort()": { abort: (run: { abort(reason: unknown): void }) => run.abort("enough"), options: {}, callOptions: {} },
    "a signal of the agent": signalled((signal) => ({ options: { signal }, callOptions: {} })),
    "a signal of the call": signalled((signal) => ({ options: {}, callOptions: { signal } })),
  };
  function signalled(where: (signal: AbortSignal) => { options: object; callOptions: object }) {
    const controller = new AbortController();
    return { abort: () => controller.abort("enough"), ...where(controller.signal) };
  }

  it.each(Object.keys(stops) as (keyof typeof stops)[])("by %s while tools run stops them", async (name) => {
    const { abort, options, callOptions } = stops[name];
    const { definition, signal } = waiting();
    await using server = await fake(reply(toolUse("wait", {}, { id: "toolu_0" })));
    const run = agent(
      call(MODEL, { client: at(server), tools: [definition], ...callOptions }, () => "x"),
      options,
    )();
    const reading = read(run);
    const toolSignal = await signal;
    abort(run);
    expect(await failure(reading)).toMatchObject({ code: "stream_aborted", cause: "enough" });
    await expect(run.finish()).rejects.toBeInstanceOf(StreamAbortedError);
    expect([toolSignal.aborted, toolSignal.reason, server.requests.length]).toEqual([true, "enough", 1]);
    expect(run.history().at(-1)).toMatchObject({ content: [{ type: "tool_result", is_error: true }] });
  });

  it("while a condition is asked waits for no answer", async () => {
    await using server = await fake(asked("Mistborn"));
    const begun = gate();
    const run = agent(
      call(MODEL, { client: at(server), tools: [lookUp] }, () => "x"),
      {
        stopWhen: () => {
          begun.open();
          return new Promise<boolean>(() => {});
        },
      },
    )();
    const reading = read(run);
    await begun.opened;
    run.abort("enough");
    expect(await failure(reading)).toMatchObject({ code: "stream_aborted", cause: "enough" });
  });

  it("by the signal of a dynamic config while tools run stops them", async () => {
    const { definition, signal } = waiting();
    const controller = new AbortController();
    await using server = await fake(reply(toolUse("wait")));
    const fn = () => ({ messages: [{ role: "user" as const, content: "x" }], signal: controller.signal });
    const run = agent(call(MODEL, { client: at(server), tools: [definition] }, fn))();
    const reading = read(run);
    await signal;
    controller.abort("enough");
    expect(await failure(reading)).toMatchObject({ code: "stream_aborted", cause: "enough" });
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  it("while a reply streams closes the connection", async () => {
    await using server = await serve((response) => startStream(response, frames(started)));
    const run = agent(call(MODEL, { client: at(server), tools: [lookUp] }, () => "x"))();
    const reading = read(run);
    while (run.turns[0]?.stream.id == null) await new Promise(setImmediate);
    run.abort("enough");
    expect(await failure(reading)).toMatchObject({ code: "stream_aborted", cause: "enough" });
    expect(run.turns[0]?.stream.outcome).toBe("aborted");
  });

  it("before it began sends nothing", async () => {
    await using server = await fake("Never.");
    const ask = call(MODEL, { client: at(server), tools: [lookUp] }, () => "x");
    const aborted = agent(ask)();
    aborted.abort();
    await expect(read(aborted)).rejects.toThrow(StreamAbortedError);
    await expect(agent(ask, { signal: AbortSignal.abort() })().finish()).rejects.toThrow(StreamAbortedError);
    {
      await using left = agent(ask)();
      expect(left.turns).toEqual([]);
    }
    expect(server.requests).toHaveLength(0);
  });

  it("by leaving the iteration stops stream and tools", async () => {
    const early = waiting("early", true);
    const late = waiting("late");
    await using server = await fakeAnthropic({
      replies: reply(toolUse("early"), toolUse("late", { n: 1 }), { holdOpen: true }),
    });
    const run = agent(call(MODEL, { client: at(server), tools: [early.definition, late.definition] }, () => "x"))();
    for await (const [, called] of run) if (called?.name === "late") break;
    expect((await early.signal).aborted).toBe(true);
    expect([run.turns[0]?.stream.outcome, run.stopReason]).toEqual(["aborted", null]);
    await expect(run.finish()).rejects.toBeInstanceOf(StreamAbortedError);
    expect(run.history().at(-1)).toMatchObject({
      content: [{ content: expect.stringMatching(/interrupted|aborted/) }, { content: "The tool was not run." }],
    });
  });

  it("by leaving it while tools run does not wait for them", async () => {
    const { definition, signal } = waiting();
    const deaf = tool({ name: "deaf", call: () => new Promise<never>(() => {}) });
    await using server = await fake(reply(toolUse("deaf"), toolUse("wait")));
    const run = agent(call(MODEL, { client: at(server), tools: [definition, deaf] }, () => "x"))();
    const pairs = run[Symbol.asyncIterator]();
    const reading = (async () => {
      for (;;) if ((await pairs.next()).done) return "done";
    })();
    const toolSignal = await signal;
    await pairs.return();
    expect([await reading, toolSignal.aborted, run.stopReason]).toEqual(["done", true, null]);
    expect(run.history().at(-1)).toMatchObject({ content: [{ content: STOPPED }, {}] });
  });

  it("by the end of its scope stops as well", async () => {
    const { definition, signal } = waiting();
    await using server = await fake(reply(toolUse("wait")));
    {
      await using run = agent(call(MODEL, { client: at(server), tools: [definition] }, () => "x"))();
      void run.finish();
      await signal;
    }
    expect((await signal).aborted).toBe(true);
  });

  it("leaves no listener on a signal that lives on, however it ended", async () => {
    const { signal } = new AbortController();
    await using server = await fake(asked("Mistborn"), "Done.");
    const ask = (options: object) =>
      agent(
        call(MODEL, { client: at(server), tools: [lookUp], signal, ...options }, () => "x"),
        { signal },
      )();
    await ask({}).finish();
    for await (const pair of ask({})) {
      expect(pair).toBeDefined();
      break;
    }
    await expect(ask({ callParams: { max_tokens: -1 } }).finish()).rejects.toThrow();
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("has a conversation that can go on", async () => {
    const { definition, signal } = waiting();
    await using server = await fake(reply(toolUse("wait")), "Hello again.");
    const ask = call(
      MODEL,
      { client: at(server), tools: [definition] },
      (messages: readonly object[]) => messages as never,
    );
    const run = agent(ask)([{ role: "user", content: "x" }]);
    const reading = failure(read(run));
    await signal;
    run.abort();
    await reading;
    const next = agent(ask)([...(run.history() as object[]), { role: "user", content: "And now?" }]);
    expect((await next.finish()).stream.content).toBe("Hello again.");
  });
});
