import { describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { agent } from "../../src/agent/agent.ts";
import type { Log } from "../../src/log/log.ts";
import { memoryLog } from "../../src/log/memory-log.ts";
import { field } from "../../src/json/object.ts";
import type { KeepOptions } from "../../src/resume/keep.ts";
import type { Kept } from "../../src/resume/kept.ts";
import { keepAgent } from "../../src/resume/kept-agent.ts";
import { keepStream } from "../../src/resume/kept-stream.ts";
import type { ResponseChunk } from "../../src/provider/chunk.ts";
import type { StructuredStream } from "../../src/structured/structured-stream.ts";
import type { AnyRun } from "../../src/resume/read-agent.ts";
import { type Logged, type ReadAs, type ReadOptions, readRun } from "../../src/resume/read.ts";
import { status, stop } from "../../src/resume/run-status.ts";
import { tool } from "../../src/tool/tool.ts";
import { logged, mortal } from "../resume/mortal-log.ts";
import { endingsOf } from "./endings.ts";
import {
  all,
  type AnyStream,
  beats,
  expectHandledRejections,
  gate,
  inTurn,
  open,
  type Options,
  read,
  type Read,
  reply,
  within,
} from "./reading.ts";
import type { AnyNative, Beat, Script, Server, Subject } from "./subject.ts";
import { recoverable, subjects } from "./subjects.ts";

expectHandledRejections();

const PLACE = "chat";
const TEXTS = ["It was a bright cold day in April, ", "and the clocks ", "were striking thirteen. ", "Winston Smith"];
const PARTS: readonly Beat[] = TEXTS.map((text) => ({ text }));

const clock = tool({
  name: "clock",
  description: "Tells the time.",
  input: z.object({ zone: z.string() }),
  call: ({ zone }) => `noon in ${zone}`,
});

type KeptStream = AnyStream & Kept;
type LoggedStream = AnyStream & Logged;

/** Reads a run as another process would, which has the call alone, or not even that. */
async function elsewhere(
  subject: Subject,
  log: KeepOptions["log"],
  { tools, ...options }: Omit<ReadOptions, "continue"> & { tools?: Options["tools"]; continue?: () => AnyStream } = {},
): Promise<LoggedStream> {
  const of = subject.call(subject.models[0], { stream: true, ...(tools && { tools }) }, () => "x") as unknown as ReadAs;
  const found = await readRun(() => Promise.reject(new Error("loads nothing")), log, PLACE, {
    ...(options as ReadOptions),
    of,
  });
  return found as unknown as LoggedStream;
}

const LEASE_MS = 300;

async function hasLogged(log: Log, run: string, text = ""): Promise<boolean> {
  return logged(log, { place: PLACE, run }, text);
}

function keepIn(log: KeepOptions["log"], stream: AnyStream, options: Partial<KeepOptions> = {}): KeptStream {
  return keepStream(() => Promise.reject(new Error("loads nothing")), stream, {
    log,
    id: PLACE,
    ...options,
  }) as KeptStream;
}

/** All that a stream has come to, in a form that two streams can be compared by. */
function comesTo(stream: AnyStream): object {
  const { outcome, content, thinking, message, usage, cost, id, model, requestId, finishReasons, error } = stream;
  const tools = stream.tools.map(({ name, state, text, error: problem }) => ({
    name,
    state,
    text,
    problem: problem?.message,
  }));
  const attempts = stream.attempts.map((attempt) => ({
    model: attempt.model,
    outcome: attempt.outcome,
    code: attempt.error?.code,
    requestId: attempt.requestId,
    message: attempt.message,
    usage: attempt.usage,
  }));
  const failure = error && {
    code: error.code,
    message: error.message,
    status: error.status,
    retryable: error.retryable,
  };
  return {
    outcome,
    content,
    thinking,
    message,
    usage,
    cost,
    id,
    model,
    requestId,
    finishReasons,
    failure,
    tools,
    attempts,
  };
}

function pairsOf({ pairs }: Read): object[] {
  return pairs.map(([{ content, thinking, chunk, recovery }, call]) => ({
    content,
    thinking,
    chunk,
    recovery: recovery && { type: recovery.type, attempt: recovery.attempt, code: recovery.cause.code },
    call: call && { name: call.name, state: call.state, text: call.text, args: call.args },
  }));
}

/** Pairs, to a reader that looks at the input of each call when it gets it: what it is has to be asked for then. */
async function* looking<P extends readonly [unknown, unknown]>(pairs: AsyncIterable<P>): AsyncGenerator<P, void> {
  for await (const pair of pairs) {
    void field(pair[1], "args");
    yield pair;
  }
}

/** Reads a kept stream here and elsewhere, in whole and from several positions: all come to the same. */
async function expectSame(
  subject: Subject,
  log: KeepOptions["log"],
  kept: KeptStream,
  tools?: Options["tools"],
): Promise<Read> {
  const early = elsewhere(subject, log, { tools });
  const positions: number[] = [];
  const live = await read(
    (async function* () {
      for await (const pair of looking(kept)) {
        positions.push(kept.position);
        yield pair;
      }
    })(),
  );
  const during = await early;
  const other = await read(looking(during));
  expect(pairsOf(other)).toEqual(pairsOf(live));
  expect(comesTo(during)).toEqual(comesTo(kept));
  await kept.log.settled;
  expect(kept.log.state).toBe("ended");
  const late = await elsewhere(subject, log, { tools, messages: kept.hasRequest ? kept.messages : [] });
  expect(pairsOf(await read(looking(late)))).toEqual(pairsOf(live));
  expect(comesTo(late)).toEqual(comesTo(kept));
  expect(late.history()).toEqual(kept.history());
  expect(late.position).toBe(kept.position);
  for (const after of new Set(positions.filter((_, nth) => nth % 3 === 0))) {
    const rest = await elsewhere(subject, log, { tools, after });
    const first = positions.findIndex((position) => position > after);
    expect(pairsOf(await read(looking(rest))), `after ${after}`).toEqual(first < 0 ? [] : pairsOf(live).slice(first));
    expect(comesTo(rest)).toEqual(comesTo(kept));
  }
  return live;
}

describe.each(subjects)("a reply that outlives its reader ($name)", (subject) => {
  it("R2: comes to the same elsewhere, whatever its end", async () => {
    for (const ending of endingsOf(subject).filter(({ reader }) => reader === "reads on")) {
      await using server = await subject.serve(() => beats(...PARTS, ...ending.beats));
      const log = memoryLog();
      const stream = keepIn(log, open(subject, server, { timeout: ending.timeout, retry: false }));
      await expectSame(subject, log, stream);
      expect(stream.outcome, ending.name).toBe(ending.outcome);
    }
  });

  it("R2: has the tools, with their states", async () => {
    const calls: Beat[] = [
      { text: "Let me see. " },
      { tool: "clock", input: '{"zone":"Rome"}', pieces: 3 },
      { tool: "clock", input: '{"zone":7}', pieces: 2 },
      { tool: "clock", input: '{"zone":"Oslo"}' },
    ];
    for (const partialTools of [false, true]) {
      for (const finish of ["tool_calls", "length"] as const) {
        await using server = await subject.serve(() => beats(...calls, { finish }));
        const log = memoryLog();
        const ask = {
          client: subject.client(server.url),
          tools: [clock],
          stream: partialTools ? { partialTools } : true,
        } as const;
        const stream = keepIn(log, subject.call(subject.models[0], ask, () => "Hello")() as unknown as AnyStream);
        const { pairs } = await expectSame(subject, log, stream, [clock]);
        const complete = pairs.flatMap(([, call]) => (call?.state === "complete" ? [call] : []));
        const isCut = finish === "length" && subject.traits.completesLate;
        const zones = isCut ? ["Rome"] : ["Rome", "Oslo"];
        expect(complete.map(({ args }) => args)).toEqual(zones.map((zone) => ({ zone })));
        const again = await elsewhere(subject, log, { tools: [clock] });
        const called = (await read(again)).pairs.flatMap(([, call]) =>
          call?.state === "complete" ? [call.call()] : [],
        );
        expect(await Promise.all(called)).toEqual(zones.map((zone) => `noon in ${zone}`));
      }
    }
  });

  it("R2: several calls in one event", async () => {
    if (!subject.traits.joinsTools) return;
    const tools = [
      { tool: "clock", input: '{"zone":"Rome"}' },
      { tool: "clock", input: '{"zone":"Oslo"}' },
    ];
    await using server = await subject.serve(() => beats({ tools }, { finish: "tool_calls" }));
    const log = memoryLog();
    const stream = keepIn(log, open(subject, server, { tools: [clock] }));
    const { pairs } = await expectSame(subject, log, stream, [clock]);
    expect(pairs.filter(([, call]) => call !== null).length).toBe(2);
  });

  it("R4: its readers may leave, and it goes on; a stop ends it", async () => {
    const [half, rest] = [gate(), gate()];
    await using server = await subject.serve(() =>
      beats({ text: "One. " }, { wait: () => (half.open(), rest.opened) }, { text: "Two." }, { finish: "stop" }),
    );
    const log = memoryLog();
    const stream = keepIn(log, open(subject, server));
    for await (const [chunk] of stream) if (chunk.content !== "") break;
    await half.opened;
    const other = await elsewhere(subject, log);
    for await (const [chunk] of other) if (chunk.content !== "") break;
    expect([stream.outcome, other.outcome]).toEqual(["pending", "aborted"]);
    expect(await status(log, PLACE)).toMatchObject({ state: "live", outcome: null });
    rest.open();
    const { text } = await read(await elsewhere(subject, log));
    expect([text, (await stream.response()).content]).toEqual(["One. Two.", "One. Two."]);
    await stream.log.settled;
    expect(await stop(log, PLACE)).toBe(false);
  });

  it("R4: a stop from anywhere ends it as aborted", async () => {
    await using server = await subject.serve(() => beats({ text: "One. " }, { end: "open" }));
    const log = memoryLog();
    const stream = keepIn(log, open(subject, server));
    const other = await elsewhere(subject, log);
    const reading = read(other);
    for await (const [chunk] of stream) if (chunk.content !== "") break;
    expect(await stop(log, PLACE, { run: "another" })).toBe(false);
    expect(await stop(log, PLACE, { run: stream.run, reason: "enough" })).toBe(true);
    const { text, error } = await reading;
    expect([text, other.outcome, stream.outcome]).toEqual(["One. ", "aborted", "aborted"]);
    expect(error).toMatchObject({ code: "stream_aborted" });
    await stream.log.settled;
    expect(comesTo(other)).toEqual(comesTo(stream));
    expect(await status(log, PLACE)).toMatchObject({ state: "ended", outcome: "aborted", isStopped: true });
  });

  it("R5: a place has one live run, unless it is replaced", async () => {
    await using server = await subject.serve(({ index }) =>
      index === 0 ? beats({ text: "One. " }, { end: "open" }) : reply("Two."),
    );
    const log = memoryLog();
    const first = keepIn(log, open(subject, server));
    for await (const [chunk] of first) if (chunk.content !== "") break;
    const refused = keepIn(log, open(subject, server));
    expect((await read(refused)).error).toMatchObject({ code: "place_occupied", run: first.run });
    expect([refused.log.state, server.requests.length]).toEqual(["refused", 1]);
    const second = keepIn(log, open(subject, server), { replace: true });
    expect((await read(second)).text).toBe("Two.");
    await first.log.settled;
    expect([first.outcome, String(first.error?.cause)]).toEqual(["aborted", "replaced"]);
    await second.log.settled;
    // A late stop of the first run does not hit the second.
    expect(await stop(log, PLACE, { run: first.run })).toBe(false);
    expect((await read(await elsewhere(subject, log))).text).toBe("Two.");
  });
});

describe.each(recoverable)("a reply that outlives its attempts ($name)", (subject) => {
  const { traits, models } = subject;
  const FAULTS: readonly (readonly [string, Script])[] = [
    ["a reset", beats(...PARTS.slice(0, 2), { end: "reset" })],
    ["an error", beats(...PARTS.slice(0, 2), { error: "Busy", retryable: true })],
  ];

  it("R2: retries leave no trace but in attempts", async () => {
    await using server = await subject.serve(inTurn({ status: 500 }, beats({ end: "reset" }), reply(...TEXTS)));
    const log = memoryLog();
    const stream = keepIn(log, open(subject, server));
    await expectSame(subject, log, stream);
    expect(stream.attempts.length).toBe(3);
  });

  it.each(FAULTS)("R2: a restart after %s", async (_, fault) => {
    await using server = await subject.serve(inTurn(fault, reply("Hello ", "there")));
    const log = memoryLog();
    const stream = keepIn(log, open(subject, server, { onInterrupt: "restart" }));
    const { text } = await expectSame(subject, log, stream);
    expect([text, stream.attempts.length]).toEqual(["Hello there", 2]);
    // Text that was given cannot be taken back: a late reader is given the last alone.
    expect((await all((await elsewhere(subject, log)).textStream())).join("")).toBe("Hello there");
  });

  it.each(FAULTS)("R2: a continuation after %s", async (_, fault) => {
    if (!traits.resumesExactly && !traits.continuesInWords) return;
    const second = traits.resumesExactly ? reply(...TEXTS) : reply(`${TEXTS[1]}`, ...TEXTS.slice(2));
    await using server = await subject.serve(inTurn(fault, second));
    const log = memoryLog();
    const stream = keepIn(log, open(subject, server, { onInterrupt: "continue" }));
    await expectSame(subject, log, stream);
    expect(stream.attempts.length).toBe(2);
  });

  it("R2: another model that took over", async () => {
    await using server = await subject.serve(inTurn({ status: 404 }, reply(...TEXTS)));
    const log = memoryLog();
    const stream = keepIn(log, open(subject, server, { fallback: models[1] }));
    await expectSame(subject, log, stream);
    expect(stream.attempts.map(({ model }) => model)).toEqual([models[0], models[1]]);
  });

  it("R3: the producer dies, and its readers are told in time", async () => {
    await using server = await subject.serve(() => beats(...PARTS.slice(0, 2), { end: "open" }));
    const log = memoryLog();
    const producer = mortal(log);
    const stream = keepIn(producer.log, open(subject, server), { lease: LEASE_MS });
    for await (const [chunk] of stream) if (chunk.content !== "") break;
    const reading = elsewhere(subject, log).then(read);
    // It has written what it had.
    await vi.waitUntil(() => hasLogged(log, stream.run, TEXTS[1]));
    producer.die();
    const late = elsewhere(subject, log).then(read);
    const [early, other] = await within(LEASE_MS + 2_000, Promise.all([reading, late]), "the readers are told");
    expect([early.text, other.text]).toEqual([TEXTS.slice(0, 2).join(""), early.text]);
    expect(early.error).toMatchObject({ code: "stream_truncated", message: /producer/ });
    expect(other.error).toMatchObject({ code: "stream_truncated" });
    expect(await status(log, PLACE)).toMatchObject({ state: "ended", outcome: "truncated" });
    producer.wake();
    await vi.waitUntil(() => stream.log.state === "lost");
    expect(stream.outcome).toBe("pending");
    stream.abort();
  });

  it("R3: a reader goes on in the place of a producer that died, once, however many try", async () => {
    if (!traits.resumesExactly && !traits.continuesInWords) return;
    const second = traits.resumesExactly ? reply(...TEXTS) : reply(...TEXTS.slice(2));
    await using server = await subject.serve(({ index }) =>
      index === 0 ? beats(...PARTS.slice(0, 2), { end: "open" }) : second,
    );
    const log = memoryLog();
    const producer = mortal(log);
    const options: Options = { onInterrupt: "continue", retry: { delay: 1 } };
    const stream = keepIn(producer.log, open(subject, server, options), { lease: LEASE_MS });
    for await (const [chunk] of stream) if (chunk.content !== "") break;
    await vi.waitUntil(() => hasLogged(log, stream.run, TEXTS[1]));
    producer.die();
    const works: Promise<void>[] = [];
    const heirs = await Promise.all(
      Array.from({ length: 10 }, () =>
        elsewhere(subject, log, {
          continue: () => open(subject, server, options),
          waitUntil: (work) => void works.push(work),
        }),
      ),
    );
    const reads = await within(LEASE_MS + 4_000, Promise.all(heirs.map(read)), "the readers are told");
    expect(new Set(reads.map(({ text, error }) => `${text} ${String(error)}`))).toEqual(
      new Set([`${TEXTS.join("")} null`]),
    );
    expect([server.requests.length, works.length]).toEqual([2, 1]);
    const recoveries = reads.map(({ pairs }) => pairs.flatMap(([{ recovery }]) => (recovery ? [recovery] : [])));
    expect(recoveries.map(([recovery]) => recovery)).toMatchObject(
      reads.map(() => ({ type: "continue", attempt: 1, cause: { code: "stream_truncated" } })),
    );
    expect(recoveries.every(({ length }) => length === 1)).toBe(true);
    expect(new Set(heirs.map((heir) => JSON.stringify(comesTo(heir)))).size).toBe(1);
    expect(heirs[0]?.attempts.map(({ outcome }) => outcome)).toEqual(["truncated", "complete"]);
    await Promise.all(works);
    const late = await elsewhere(subject, log);
    expect((await read(late)).text).toBe(TEXTS.join(""));
    expect(comesTo(late)).toEqual(comesTo(heirs[0] as AnyStream));
    expect(await status(log, PLACE)).toMatchObject({ state: "ended", outcome: "complete", cost: late.cost });
    stream.abort();
  });

  it("R2: the request is logged by the reader that goes on, if the first producer was to log it", async () => {
    await using server = await subject.serve(({ index }) => (index === 0 ? beats({ end: "open" }) : reply(...TEXTS)));
    const log = memoryLog();
    const producer = mortal(log);
    const stream = keepIn(producer.log, open(subject, server), { lease: LEASE_MS, request: true });
    await vi.waitUntil(() => hasLogged(log, stream.run, "start"));
    producer.die();
    const heir = await elsewhere(subject, log, { continue: () => open(subject, server) });
    expect((await within(LEASE_MS + 4_000, read(heir), "the reader is told")).text).toBe(TEXTS.join(""));
    const late = await elsewhere(subject, log);
    await read(late);
    expect(late.history()).toEqual(heir.history());
    stream.abort();
  });

  it("R2: requests that all failed", async () => {
    await using server = await subject.serve(() => ({ status: 401 }));
    const log = memoryLog();
    const stream = keepIn(log, open(subject, server));
    await expectSame(subject, log, stream);
    expect(stream.error).toMatchObject({ code: "api_error", status: 401 });
  });
});

describe.each(subjects)("a run of an agent that outlives its reader ($name)", (subject) => {
  type KeptRun = AnyRun & Kept;
  type Triples = AsyncIterable<readonly [ResponseChunk, unknown, { readonly index: number }]>;
  const find = tool({
    name: "find",
    description: "Finds.",
    input: z.object({ q: z.string() }),
    call: ({ q }) => ({ found: q }),
  });
  const fail = tool({
    name: "fail",
    description: "Fails.",
    call(): string {
      throw new Error("no luck");
    },
  });

  const agentOf = (server: Pick<Server, "url">) => {
    const options = {
      client: subject.client(server.url),
      stream: true,
      tools: [find, fail],
      retry: { delay: 1 },
    } as const;
    return agent(subject.call(subject.models[0], options, () => "Hello") as never);
  };
  const keepRun = (log: KeepOptions["log"], server: Pick<Server, "url">): KeptRun =>
    keepAgent(() => Promise.reject(new Error("loads nothing")), agentOf(server)() as unknown as AnyRun, {
      log,
      id: PLACE,
    });
  const readRunOf = async (log: KeepOptions["log"], server: Pick<Server, "url">, after = 0) => {
    const of = agentOf(server) as unknown as ReadAs;
    const found = await readRun(() => Promise.reject(new Error("loads nothing")), log, PLACE, {
      of,
      after,
      messages: [],
    });
    return found as unknown as AnyRun & Logged;
  };
  const triplesOf = async (run: AnyRun): Promise<object[]> => {
    const list: object[] = [];
    try {
      for await (const [{ content, chunk, toolResult }, call, { index }] of run as unknown as Triples) {
        const result = toolResult && {
          ...toolResult,
          output: toolResult.isError ? String(toolResult.output) : toolResult.output,
        };
        list.push({ index, content, chunk, result, call });
      }
    } catch (error) {
      list.push({ thrown: (error as { code?: string }).code, message: String(error) });
    }
    return JSON.parse(JSON.stringify(list)) as object[];
  };
  const runComesTo = (run: AnyRun): object => ({
    ...(JSON.parse(JSON.stringify(run)) as object),
    turns: run.turns.map(({ index, stream, outputs }) => ({
      index,
      content: stream.content,
      message: stream.message,
      outputs: outputs.map(([{ id }, output]) => ({
        id,
        output: output instanceof Error ? String(output) : output,
      })),
    })),
  });

  const SCRIPTS: readonly (readonly [string, readonly [Script, ...Script[]]])[] = [
    [
      "an answer after tools",
      [
        beats(
          { text: "Let me see. " },
          { tool: "find", input: '{"q":"x"}' },
          { tool: "fail", input: "{}" },
          { tool: "none", input: "{}" },
          { tool: "find", input: '{"q":7}' },
          { finish: "tool_calls" },
        ),
        beats({ tool: "find", input: '{"q":"y"}' }, { finish: "tool_calls" }),
        reply("It is ", "there."),
      ],
    ],
    [
      "a reply that is cut",
      [beats({ tool: "find", input: '{"q":"x"}' }, { finish: "tool_calls" }), beats({ text: "It" }, { end: "reset" })],
    ],
    ["an error", [beats({ tool: "find", input: '{"q":"x"}' }, { finish: "tool_calls" }), { status: 401 }]],
  ];

  it.each(SCRIPTS)("R2: %s comes to the same elsewhere", async (_, scripts) => {
    await using server = await subject.serve(inTurn(...scripts));
    const log = memoryLog();
    const kept = keepRun(log, server);
    const early = readRunOf(log, server).then(async (run) => ({ run, triples: await triplesOf(run) }));
    const live = await triplesOf(kept);
    await kept.log.settled;
    expect(kept.log.state).toBe("ended");
    const { run, triples } = await early;
    expect(triples).toEqual(live);
    expect(runComesTo(run)).toEqual(runComesTo(kept));
    expect(run.position).toBe(kept.position);
    for (const after of [1, 3, 6, kept.position]) {
      const rest = await readRunOf(log, server, after);
      const later = await triplesOf(rest);
      expect(later).toEqual(later.length === 0 ? [] : live.slice(-later.length));
      expect(runComesTo(rest)).toEqual(runComesTo(kept));
    }
    expect(server.requests.length).toBe(scripts.length);
  });

  it.runIf(subject.traits.joinsTools)("R2: tools of one event come together, before what they give early", async () => {
    const quick = tool({ name: "find", input: z.object({ q: z.string() }), runEarly: true, call: ({ q }) => q });
    const tools = ["a", "b", "c"].map((q) => ({ tool: "find", input: JSON.stringify({ q }) }));
    await using server = await subject.serve(inTurn(beats({ tools }, { finish: "tool_calls" }), reply("Done.")));
    const options = { client: subject.client(server.url), stream: true, tools: [quick] } as const;
    const work = agent(subject.call(subject.models[0], options, () => "Hello") as never);
    const load = () => Promise.reject(new Error("loads nothing"));
    const log = memoryLog();
    const kept = keepAgent(load, work() as unknown as AnyRun, { log, id: PLACE });
    const live = (await triplesOf(kept)) as { call: object | null; result: object | null }[];
    await kept.log.settled;
    const shown = live.flatMap(({ call, result }) => (call ? "call" : result ? "result" : []));
    expect(shown).toEqual(["call", "call", "call", "result", "result", "result"]);
    for (let after = 0; after <= kept.position; after++) {
      const run = await readRun(load, log, PLACE, { of: work as unknown as ReadAs, after, messages: [] });
      const rest = await triplesOf(run as unknown as AnyRun);
      expect(rest).toEqual(rest.length === 0 ? [] : live.slice(-rest.length));
    }
  });

  it("R4: goes on when its reader leaves, and stops when it is told", async () => {
    const half = gate();
    await using server = await subject.serve(({ index }) =>
      index === 0
        ? beats({ tool: "find", input: '{"q":"x"}' }, { finish: "tool_calls" })
        : beats({ text: "It" }, { wait: () => half.open() }, { end: "open" }),
    );
    const log = memoryLog();
    const kept = keepRun(log, server);
    for await (const _ of kept) break;
    await half.opened;
    const reading = readRunOf(log, server).then(triplesOf);
    expect(await stop(log, PLACE, { run: kept.run })).toBe(true);
    await kept.log.settled;
    expect((await reading).at(-1)).toMatchObject({ thrown: "stream_aborted" });
    expect(await status(log, PLACE)).toMatchObject({ state: "ended", outcome: "aborted" });
  });
});

describe.each(subjects)("a model that outlives its reader ($name)", (subject) => {
  const Book = z.object({ title: z.string(), author: z.string() });
  it("R2: arrives elsewhere, and is validated there", async () => {
    await using server = await subject.serve(() => reply('{"title":"Emma",', '"author":"Jane', ' Austen"}'));
    const log = memoryLog();
    const client = subject.client(server.url);
    const extract = subject.structuredCall(
      subject.models[0],
      { client, stream: true, responseModel: Book },
      () => "Extract",
    );
    const kept = keepStream(() => Promise.reject(new Error()), extract() as unknown as StructuredStream<AnyNative>, {
      log,
      id: PLACE,
    });
    const of = extract as unknown as ReadAs;
    const other = (await readRun(() => Promise.reject(new Error()), log, PLACE, {
      of,
    })) as unknown as StructuredStream<AnyNative> & Logged;
    const [here, there] = await Promise.all([all(kept), all(other)]);
    expect(here.at(-1)).toEqual({ title: "Emma", author: "Jane Austen" });
    expect(there.at(-1)).toEqual(here.at(-1));
    expect([kept.constructedResponseModel, other.constructedResponseModel]).toEqual([here.at(-1), here.at(-1)]);
    expect(other.usage).toEqual(kept.usage);
  });
});
