import { describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { agent } from "../../src/agent/agent.ts";
import { approve } from "../../src/agent/approve.ts";
import type { AgentOptions } from "../../src/agent/options.ts";
import type { Log } from "../../src/log/log.ts";
import { memoryLog } from "../../src/log/memory-log.ts";
import type { CommonMessage } from "../../src/prompt/common-message.ts";
import type { ResponseChunk } from "../../src/provider/chunk.ts";
import type { Keepable, KeepOptions } from "../../src/resume/keep.ts";
import type { Kept } from "../../src/resume/kept.ts";
import { keepAgent } from "../../src/resume/kept-agent.ts";
import { keepStream } from "../../src/resume/kept-stream.ts";
import type { AnyRun } from "../../src/resume/read-agent.ts";
import { type Logged, type ReadAs, readRun } from "../../src/resume/read.ts";
import { status, stop } from "../../src/resume/run-status.ts";
import { tool } from "../../src/tool/tool.ts";
import {
  type AnyStream,
  beats,
  expectHandledRejections,
  gate,
  inTurn,
  open,
  type Options,
  quiet,
  read,
  reply,
  within,
} from "../contract/reading.ts";
import type { Beat, Script, Server, Subject } from "../contract/subject.ts";
import { recoverable } from "../contract/subjects.ts";
import { logged, mortal } from "./mortal-log.ts";

/** What the model is told of a tool that was running when its run was stopped. */
const STOPPED = "The outcome of this call is unknown: the tool was interrupted, since the run was stopped.";

expectHandledRejections();

const PLACE = "chat";
const LEASE_MS = 150;
const load = () => Promise.reject(new Error("loads nothing"));
const LOST = /outcome of this call is unknown/;

type KeptRun = AnyRun & Kept;
type Triples = AsyncIterable<readonly [ResponseChunk, { readonly id: string } | null, { readonly index: number }]>;

/** What the tools were asked for, in all processes. */
class Works {
  readonly calls: string[] = [];
  readonly #hanging = gate<string>();

  /** Gives what it was asked for; "never" hangs. */
  readonly run = ({ q }: { q: string }): Promise<string> | string => {
    this.calls.push(q);
    return q === "never" ? this.#hanging.opened : `got ${q}`;
  };

  readonly find = tool({ name: "find", input: z.object({ q: z.string() }), call: this.run });
  readonly ask = tool({ name: "ask", input: z.object({ q: z.string() }), needsApproval: true, call: this.run });
  readonly early = tool({ name: "early", input: z.object({ q: z.string() }), runEarly: true, call: this.run });
}

interface Setting {
  readonly server: Pick<Server, "url">;
  readonly works: Works;
  readonly options?: Options;
  readonly limits?: AgentOptions;
  readonly prompt?: () => unknown;
}

function workerOf(subject: Subject, { server, works, options, limits, prompt = () => "Hello" }: Setting) {
  const { find, ask, early } = works;
  const all = {
    client: subject.client(server.url),
    stream: true,
    tools: [find, ask, early],
    retry: { delay: 1 },
    ...options,
  } as const;
  return agent(
    subject.call(subject.models[0], all, prompt as never) as never,
    limits as never,
  ) as unknown as (() => AnyRun) & ReadAs;
}

function keepRun(log: Log, run: AnyRun, options: Partial<KeepOptions> = {}): KeptRun {
  return keepAgent(load, run, { log, id: PLACE, lease: LEASE_MS, ...options });
}

/** A run whose producer dies once the log has all of these texts. */
async function orphan(subject: Subject, setting: Setting, texts: readonly string[], also?: Promise<unknown>) {
  const log = memoryLog();
  const producer = mortal(log);
  const kept = keepRun(producer.log, workerOf(subject, setting)());
  const key = { place: PLACE, run: kept.run };
  await also;
  for (const text of texts) await vi.waitUntil(() => logged(log, key, text), { interval: 5 });
  producer.die();
  return { log, kept };
}

/** Reads a run as another process would, that goes on with it. */
async function heirOf(subject: Subject, log: Log, setting: Setting, go: (() => Keepable) | null = null) {
  const work = workerOf(subject, setting);
  const found = await readRun(load, log, PLACE, { of: work, messages: [], continue: go ?? (() => work()) });
  return found as unknown as AnyRun & Logged;
}

async function shown(run: AnyRun): Promise<{ text: string; results: unknown[]; pairs: unknown[]; error: unknown }> {
  const pairs: unknown[] = [];
  const results: unknown[] = [];
  let text = "";
  let error: unknown = null;
  try {
    for await (const [{ content, chunk, recovery, toolResult }, call, { index }] of run as unknown as Triples) {
      text = recovery?.type === "restart" ? "" : text + content;
      const output = toolResult?.output;
      if (toolResult) results.push(output instanceof Error ? output.message : output);
      pairs.push([index, content, chunk, recovery?.type ?? null, call?.id ?? null, results.length]);
    }
  } catch (thrown) {
    error = thrown;
  }
  return { text, results, pairs, error };
}

const calls = (...list: readonly (readonly [name: string, q: string])[]): Beat[] =>
  list.map(([name, q]) => ({ tool: name, input: JSON.stringify({ q }) }));

const asks = (...list: readonly (readonly [name: string, q: string])[]): Script =>
  beats(...calls(...list), { finish: "tool_calls" });

describe.concurrent.each(recoverable.filter(({ name }) => /^anthropic|background/.test(name)))(
  "a run of an agent whose producer is lost ($name)",
  (subject) => {
    const { traits } = subject;
    const holds = (body: unknown, text: string): boolean => JSON.stringify(body).includes(text);

    it("R3: in the middle of a reply: it goes on, once, however many try", async () => {
      if (!traits.resumesExactly && !traits.continuesInWords) return;
      const texts = ["It was a bright cold day in April, ", "and the clocks ", "were striking thirteen."];
      const cut = beats({ text: texts[0] ?? "" }, { text: texts[1] ?? "" }, { end: "open" });
      const rest = traits.resumesExactly ? reply(...texts) : reply(...texts.slice(2));
      await using server = await subject.serve(inTurn(asks(["find", "a"]), cut, rest));
      const works = new Works();
      const setting: Setting = { server, works, options: { onInterrupt: "continue" } };
      const { log, kept } = await orphan(subject, setting, ["got a", texts[1] ?? ""]);
      const heirs = await Promise.all(Array.from({ length: 5 }, () => heirOf(subject, log, setting)));
      const reads = await within(3_000, Promise.all(heirs.map(shown)), "all are told");
      for (const read of reads) expect(read).toEqual(reads[0]);
      expect(reads[0]).toMatchObject({ text: texts.join(""), results: ["got a"], error: null });
      expect(reads[0]?.pairs.filter((pair) => (pair as unknown[])[3] === "continue").length).toBe(1);
      expect([server.requests.length, works.calls]).toEqual([3, ["a"]]);
      const [heir] = heirs;
      expect([heir?.stopReason, heir?.turns.length, heir?.content]).toEqual(["answer", 2, texts.join("")]);
      await vi.waitUntil(async () => (await status(log, PLACE))?.state === "ended", { interval: 5 });
      const late = await heirOf(subject, log, setting);
      expect(await shown(late)).toEqual(reads[0]);
      expect([late.usage, late.cost, late.position]).toEqual([heir?.usage, heir?.cost, heir?.position]);
      expect(await status(log, PLACE)).toMatchObject({ outcome: "complete", cost: late.cost });
      kept.abort();
    });

    it("R3: while tools run: results are kept, and what may have run is not run again", async () => {
      const first = asks(["find", "a"], ["find", "never"], ["none", "x"]);
      await using server = await subject.serve(inTurn(first, reply("Done.")));
      const works = new Works();
      const setting: Setting = { server, works };
      const { log, kept } = await orphan(subject, setting, ["got a", "There is no tool"]);
      const heir = await heirOf(subject, log, setting);
      const { text, results, error } = await within(3_000, shown(heir), "it is told");
      expect([text, error, heir.stopReason, works.calls]).toEqual(["Done.", null, "answer", ["a", "never"]]);
      expect(results.slice(0, 2).toSorted()).toEqual([expect.stringMatching(/^There is no tool/), "got a"]);
      expect(results.slice(2)).toEqual([expect.stringMatching(LOST)]);
      expect(server.requests.length).toBe(2);
      const body = server.requests[1]?.body;
      expect(subject.problems(body)).toEqual([]);
      expect([holds(body, "got a"), holds(body, "outcome of this call is unknown")]).toEqual([true, true]);
      expect(heir.turns[0]?.outputs.map(([, output]) => output)).toMatchObject(["got a", {}, {}]);
      kept.abort();
    });

    const outputsOf = (run: AnyRun): unknown[] =>
      (run.turns[0]?.outputs ?? []).map(([, output]) => (output instanceof Error ? output.message : output));

    it.each<[string, boolean, boolean]>([
      ["by nobody", false, false],
      ["by nobody, and it was to stop", true, false],
      ["by a successor that is told to stop", true, true],
    ])("R2: while tools run, taken over %s: that they may have run is said", async (_, isStopped, isTakenOver) => {
      await using server = await subject.serve(inTurn(asks(["find", "never"], ["find", "a"]), reply("Done.")));
      const works = new Works();
      const setting: Setting = { server, works };
      const { log, kept } = await orphan(subject, setting, ["got a"]);
      if (isStopped) await stop(log, PLACE);
      const successors: AnyRun[] = [];
      const go = (): AnyRun => {
        const run = workerOf(subject, setting)();
        successors.push(run);
        return run;
      };
      const of = workerOf(subject, setting);
      const next = isTakenOver && { continue: go };
      const reader = (await readRun(load, log, PLACE, { of, messages: [], ...next })) as unknown as AnyRun & Logged;
      const code = isStopped ? "stream_aborted" : "stream_truncated";
      expect((await within(3_000, shown(reader), "it is told")).error).toMatchObject({ code });
      for (const run of [reader, ...successors]) {
        expect(outputsOf(run)).toEqual([expect.stringMatching(LOST), "got a"]);
        expect(JSON.stringify(run.history())).toContain("outcome of this call is unknown");
      }
      expect([successors.length, works.calls, server.requests.length]).toEqual([
        Number(isTakenOver),
        ["never", "a"],
        1,
      ]);
      kept.abort();
    });

    it("R2: in the middle of a reply, if nobody goes on: its history has what came of it", async () => {
      const cut = beats({ text: "It was " }, { text: "a bright cold day " }, { end: "open" });
      await using server = await subject.serve(inTurn(asks(["find", "a"]), cut));
      const works = new Works();
      const setting: Setting = { server, works };
      const { log, kept } = await orphan(subject, setting, ["got a", "cold day"]);
      const of = workerOf(subject, setting);
      const found = (await readRun(load, log, PLACE, {
        of,
        messages: [{ role: "user", content: "Hello" }],
      })) as unknown;
      const run = found as AnyRun;
      expect((await within(3_000, shown(run), "it is told")).error).toMatchObject({ code: "stream_truncated" });
      for (const history of [run.commonHistory(), run.history()]) {
        expect(JSON.stringify(history)).toMatch(/Hello.*got a.*It was a bright cold day/);
      }
      kept.abort();
    });

    it("R2: what is stopped while tools run is told alike everywhere", async () => {
      await using server = await subject.serve(inTurn(asks(["find", "never"], ["find", "a"]), reply("Done.")));
      const works = new Works();
      const setting: Setting = { server, works };
      const log = memoryLog();
      const kept = keepRun(log, workerOf(subject, setting)());
      await vi.waitUntil(() => logged(log, { place: PLACE, run: kept.run }, "got a"), { interval: 5 });
      const leaving = new AbortController();
      const of = workerOf(subject, setting);
      const readers = [{}, { signal: leaving.signal }].map(async (options) => {
        const run = (await readRun(load, log, PLACE, { of, messages: [], ...options })) as unknown as AnyRun & Logged;
        return { run, read: shown(run) };
      });
      const [stays, leaves] = await Promise.all(readers);
      await vi.waitUntil(() => leaves?.run.turns[0]?.outputs.length === 1, { interval: 5 });
      leaving.abort();
      expect((await leaves?.read)?.error).toMatchObject({ code: "stream_aborted" });
      expect(outputsOf(leaves?.run as AnyRun)).toEqual([expect.stringMatching(/run was left/), "got a"]);
      await stop(log, PLACE);
      expect((await within(3_000, stays?.read as Promise<{ error: unknown }>, "it is told")).error).toMatchObject({
        code: "stream_aborted",
      });
      await kept.log.settled;
      const late = await heirOf(subject, log, setting);
      await shown(late);
      for (const run of [kept, stays?.run as AnyRun, late]) {
        expect(outputsOf(run)).toEqual([STOPPED, "got a"]);
      }
      expect(late.position).toBe(stays?.run.position);
    });

    it("R3: a tool is started once the log has its call", async () => {
      await using server = await subject.serve(inTurn(asks(["find", "a"]), reply("Done.")));
      const works = new Works();
      const producer = mortal(memoryLog());
      const run = workerOf(subject, { server, works })();
      const kept = keepRun(producer.log, run, { replace: true });
      producer.die();
      await vi.waitUntil(() => run.turns[0]?.stream.outcome === "complete", { interval: 5 });
      await quiet();
      expect(works.calls).toEqual([]);
      producer.wake();
      await kept.log.settled;
      expect([works.calls, kept.stopReason]).toEqual([["a"], "answer"]);
    });

    it("R3: a producer that wakes up, and has lost its run, starts no tools", async () => {
      const more = gate();
      const script = beats({ text: "Wait. " }, { wait: more.opened }, ...calls(["find", "a"]), {
        finish: "tool_calls",
      });
      await using server = await subject.serve(inTurn(script, reply("Done.")));
      const works = new Works();
      const log = memoryLog();
      const producer = mortal(log);
      const kept = keepRun(producer.log, workerOf(subject, { server, works })());
      await vi.waitUntil(() => logged(log, { place: PLACE, run: kept.run }, "Wait. "), { interval: 5 });
      producer.die();
      const other = await readRun(load, log, PLACE, { of: workerOf(subject, { server, works }), messages: [] });
      expect((await shown(other as AnyRun)).error).toMatchObject({ code: "stream_truncated" });
      producer.wake();
      more.open();
      await kept.log.settled;
      expect([works.calls, kept.log.state, kept.outcome]).toEqual([[], "lost", "aborted"]);
      expect((kept.error as Error).cause).toMatchObject({ message: expect.stringContaining("another process") });
    });

    it("R3: while a call waits for a person: it stays open", async () => {
      await using server = await subject.serve(
        inTurn(asks(["ask", "b"], ["find", "a"], ["find", "never"]), reply("No.")),
      );
      const works = new Works();
      const setting: Setting = { server, works };
      const { log, kept } = await orphan(subject, setting, ["got a"]);
      const heir = await heirOf(subject, log, setting);
      const { results } = await within(3_000, shown(heir), "it is told");
      expect(results).toEqual(["got a", expect.stringMatching(LOST)]);
      expect([heir.stopReason, heir.approvals]).toMatchObject(["approval", [{ name: "ask", args: { q: "b" } }]]);
      expect([server.requests.length, works.calls]).toEqual([1, ["a", "never"]]);
      kept.abort();
    });

    it("R3: between turns: limits count the turns before as well", async () => {
      const silent = gate();
      await using server = await subject.serve(({ index }) => {
        if (index === 1) return beats({ wait: () => silent.open() }, { end: "open" });
        return asks(["find", `q${index}`]);
      });
      const works = new Works();
      const asked: number[] = [];
      const limits: AgentOptions = {
        maxTurns: 2,
        stopWhen: () => false,
        turnOptions: ({ index, turns }) => void asked.push(index, turns.length),
      };
      const setting: Setting = { server, works, limits };
      const { log, kept } = await orphan(subject, setting, ["got q0"], silent.opened);
      asked.length = 0;
      const heir = await heirOf(subject, log, setting);
      const { results, error } = await within(3_000, shown(heir), "it is told");
      expect([results, error, heir.stopReason, heir.turns.length]).toEqual([["got q0", "got q2"], null, "turns", 2]);
      expect([server.requests.length, asked]).toEqual([3, [1, 1]]);
      expect(subject.problems(server.requests[2]?.body)).toEqual([]);
      const tokens = heir.turns.map(({ stream }) => stream.outputTokens);
      expect(heir.outputTokens).toBe(tokens.reduce((sum, count) => sum + count, 0));
      expect(await status(log, PLACE)).toMatchObject({ outcome: "complete", cost: heir.cost });
      kept.abort();
    });

    it("R3: in mid-reply, beside a tool that ran early", async () => {
      if (!traits.resumesExactly) return;
      const cut = beats(...calls(["early", "a"], ["early", "never"], ["find", "b"]), { text: "So. " }, { end: "open" });
      const whole = beats(
        ...calls(["early", "a"], ["early", "never"], ["find", "b"]),
        { text: "So. " },
        {
          finish: "tool_calls",
        },
      );
      await using server = await subject.serve(inTurn(cut, whole, reply("Done.")));
      const works = new Works();
      const setting: Setting = { server, works, options: { onInterrupt: "continue" } };
      const { log, kept } = await orphan(subject, setting, ["got a", "So. "]);
      const heir = await heirOf(subject, log, setting);
      const { text, results } = await within(3_000, shown(heir), "it is told");
      expect(text).toBe("So. Done.");
      expect(results).toEqual(["got a", expect.stringMatching(LOST), "got b"]);
      expect(works.calls).toEqual(["a", "never", "b"]);
      kept.abort();
    });

    it("R3: with what was approved in the prompt", async () => {
      await using server = await subject.serve(
        inTurn(asks(["ask", "a"], ["ask", "never"], ["ask", "no"]), reply("Done.")),
      );
      const works = new Works();
      const first = workerOf(subject, { server, works })();
      await first.finish();
      const [a, never, no] = (first.approvals as readonly { readonly id: string }[]).map(({ id }) => id);
      const answers = { [`${a}`]: true, [`${never}`]: true, [`${no}`]: "Not that." };
      const setting: Setting = { server, works, prompt: () => approve(first.history(), answers) };
      const { log, kept } = await orphan(subject, setting, ["got a", "Not that."]);
      const heir = await heirOf(subject, log, setting);
      const { text, results } = await within(3_000, shown(heir), "it is told");
      expect(text).toBe("Done.");
      expect(results.toSorted()).toEqual([
        expect.stringMatching(LOST),
        "The user did not allow this tool to run: Not that.",
        "got a",
      ]);
      expect(works.calls).toEqual(["a", "never"]);
      expect(server.requests.length).toBe(2);
      kept.abort();
    });

    it("R3: from the prompt that the log has, if it was to have it", async () => {
      await using server = await subject.serve(({ index }) =>
        index === 0 ? beats({ wait: () => silent.open() }, { end: "open" }) : reply("Done."),
      );
      const silent = gate();
      const works = new Works();
      const setting: Setting = { server, works };
      const log = memoryLog();
      const producer = mortal(log);
      const prompt = [{ role: "user", content: "What is 2 + 2?" }];
      const kept = keepRun(producer.log, workerOf(subject, { ...setting, prompt: () => prompt })(), { request: true });
      await silent.opened;
      await vi.waitUntil(() => logged(log, { place: PLACE, run: kept.run }, "2 + 2"), { interval: 5 });
      producer.die();
      const given: unknown[] = [];
      const goOn = (messages: readonly CommonMessage[]): AnyRun => {
        given.push(messages);
        return workerOf(subject, { ...setting, prompt: () => messages })();
      };
      const found = await readRun(load, log, PLACE, { of: workerOf(subject, setting), continue: goOn });
      const heir = found as unknown as AnyRun & Logged;
      expect(await within(3_000, shown(heir), "it is told")).toMatchObject({ text: "Done.", error: null });
      expect([given, heir.commonHistory().slice(0, 1)]).toEqual([[prompt], prompt]);
      expect(JSON.stringify(server.requests[1]?.body)).toContain("2 + 2");
      kept.abort();
    });

    it("R3: not from a prompt that the log was not to have: that is an error of the program", async () => {
      await using server = await subject.serve(inTurn(asks(["find", "never"]), reply("Done.")));
      const works = new Works();
      const setting: Setting = { server, works };
      const { log, kept } = await orphan(subject, setting, ["never"]);
      const goOn = (messages: readonly CommonMessage[]): AnyRun =>
        workerOf(subject, { ...setting, prompt: () => messages })();
      const of = workerOf(subject, setting);
      const found = await readRun(load, log, PLACE, { of, messages: [], continue: goOn });
      expect((await shown(found as unknown as AnyRun)).error).toMatchObject({
        code: "invalid_option",
        option: "continue",
        message: expect.stringContaining("request: true"),
      });
      kept.abort();
    });

    it("R4: one that was told to stop asks for nothing more", async () => {
      const silent = gate();
      await using server = await subject.serve(() => beats({ wait: () => silent.open() }, { end: "open" }));
      const works = new Works();
      const setting: Setting = { server, works };
      const { log, kept } = await orphan(subject, setting, ["start"], silent.opened);
      expect(await stop(log, PLACE, { reason: "enough" })).toBe(true);
      const heir = await heirOf(subject, log, setting);
      expect((await within(3_000, shown(heir), "it is told")).error).toMatchObject({ code: "stream_aborted" });
      await quiet();
      expect(server.requests.length).toBe(1);
      expect(await status(log, PLACE)).toMatchObject({ state: "ended", outcome: "aborted" });
      kept.abort();
    });

    it("R2: what was approved in the prompt, if nobody goes on: the prompt has what became of it", async () => {
      await using server = await subject.serve(inTurn(asks(["ask", "a"], ["ask", "never"]), reply("Done.")));
      const works = new Works();
      const first = workerOf(subject, { server, works })();
      await first.finish();
      const ids = (first.approvals as readonly { readonly id: string }[]).map(({ id }) => id);
      const prompt = approve(first.commonHistory(), Object.fromEntries(ids.map((id) => [id, true])));
      const log = memoryLog();
      const producer = mortal(log);
      const setting: Setting = { server, works, prompt: () => prompt };
      const kept = keepRun(producer.log, workerOf(subject, setting)(), { request: true });
      await vi.waitUntil(() => logged(log, { place: PLACE, run: kept.run }, "got a"), { interval: 5 });
      producer.die();
      const found = (await readRun(load, log, PLACE, { of: workerOf(subject, setting) })) as unknown as AnyRun;
      expect((await within(3_000, shown(found), "it is told")).error).toMatchObject({ code: "stream_truncated" });
      const again = workerOf(subject, { server, works, prompt: () => found.commonHistory() })();
      await again.finish();
      expect(works.calls).toEqual(["a", "never"]);
      expect(JSON.stringify(server.requests.at(-1)?.body)).toMatch(/got a.*outcome of this call is unknown/);
      kept.abort();
    });

    it("R3: only by a run of the agent, and a reply only by a stream", async () => {
      await using server = await subject.serve(inTurn(asks(["find", "a"], ["find", "never"]), reply("Done.")));
      const works = new Works();
      const setting: Setting = { server, works };
      const { log, kept } = await orphan(subject, setting, ["got a"]);
      const begun = workerOf(subject, setting)();
      const iteration = begun[Symbol.asyncIterator]();
      void iteration.next();
      const wrong: readonly (() => unknown)[] = [
        () => open(subject, server),
        () => keepRun(memoryLog(), workerOf(subject, setting)()),
        () => begun,
        () => Promise.resolve(),
      ];
      const errors = await within(
        3_000,
        Promise.all(
          wrong.map(async (go) => (await shown(await heirOf(subject, log, setting, go as () => Keepable))).error),
        ),
        "all are told",
      );
      for (const error of errors) expect(error).toMatchObject({ code: "invalid_option", option: "continue" });
      expect(await status(log, PLACE)).toMatchObject({ outcome: null });
      const right = await heirOf(subject, log, setting);
      expect((await shown(right)).text).toBe("Done.");
      kept.abort();
      begun.abort();
    });
  },
);

describe("a reply whose producer is lost", () => {
  const [subject] = recoverable;

  it("R3: goes on by a stream alone", async () => {
    if (subject === undefined) return;
    await using server = await subject.serve(() => beats({ text: "One. " }, { end: "open" }));
    const log = memoryLog();
    const producer = mortal(log);
    const kept = keepStream(load, open(subject, server), { log: producer.log, id: PLACE, lease: LEASE_MS });
    await vi.waitUntil(() => logged(log, { place: PLACE, run: kept.run }, "One. "), { interval: 5 });
    producer.die();
    const work = workerOf(subject, { server, works: new Works() });
    const of = subject.call(subject.models[0], { stream: true }, () => "Hello") as unknown as ReadAs;
    const other = await readRun(load, log, PLACE, { of, continue: () => work() });
    const { error } = await read(other as unknown as AnyStream);
    expect(error).toMatchObject({ code: "invalid_option", message: /it must make a stream, not a run of an agent\.$/ });
    expect(await status(log, PLACE)).toMatchObject({ outcome: null });
    const structured = subject.structuredCall(
      subject.models[0],
      { stream: true, responseModel: z.object({}) },
      () => "x",
    );
    for (const [make, given] of [
      [() => structured(), "it must make what `of` makes, a stream of pairs, not a structured stream"],
      [() => Promise.resolve(open(subject, server)), "it must make a stream, or a run of an agent, not a promise"],
      [() => of, "it must make a stream, or a run of an agent, not a function"],
    ] as const) {
      // As plain JavaScript may.
      const reader = await readRun(load, log, PLACE, { of, continue: make as () => never });
      expect((await read(reader as unknown as AnyStream)).error).toMatchObject({
        code: "invalid_option",
        option: "continue",
        message: expect.stringContaining(given),
      });
    }
    expect(await status(log, PLACE)).toMatchObject({ outcome: null });
    kept.abort();
  });
});
