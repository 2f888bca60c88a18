import { describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { agent } from "../../src/agent/agent.ts";
import { approve } from "../../src/agent/approve.ts";
import type { AgentOptions } from "../../src/agent/options.ts";
import { InvalidOptionError, user } from "../../src/index.ts";
import { memoryLog } from "../../src/log/memory-log.ts";
import { keepAgent } from "../../src/resume/kept-agent.ts";
import type { AnyRun } from "../../src/resume/read-agent.ts";
import { type Logged, type ReadAs, readRun } from "../../src/resume/read.ts";
import { tool } from "../../src/tool/tool.ts";
import { all, beats, expectHandledRejections, failure, gate, inTurn, type Options, read, reply } from "./reading.ts";
import type { Beat, Script, Server } from "./subject.ts";
import { subjects } from "./subjects.ts";

expectHandledRejections();

const pathOf = z.object({ path: z.string() });
const remove = (path: unknown): Beat => ({ tool: "remove", input: JSON.stringify({ path }) });
const list: Beat = { tool: "list", input: "{}" };
const asking = (...parts: readonly Beat[]): Script => beats(...parts, { finish: "tool_calls" });

describe.each(subjects)("tools that ask first ($name)", (subject) => {
  /** An agent whose runs share their tools, and know what these have done. */
  const setUp = (server: Pick<Server, "url">, options: AgentOptions = {}, more: Options = {}) => {
    const gone: string[] = [];
    const removeTool = tool({
      name: "remove",
      input: pathOf,
      needsApproval: ({ path }) => !path.startsWith("tmp"),
      call: ({ path }) => {
        gone.push(path);
        return `${path} is gone`;
      },
    });
    const listTool = tool({ name: "list", call: () => "a, b, tmp" });
    const work = agent(
      subject.call(
        subject.models[1],
        {
          client: subject.client(server.url),
          retry: { delay: 1 },
          tools: [removeTool, listTool],
          ...more,
          stream: true,
        } as const,
        (messages: readonly unknown[]) => messages as never,
      ),
      options,
    );
    return { gone, work, start: (messages: readonly unknown[] = [user("Tidy up.")]) => work(messages) };
  };
  const idsOf = (run: { readonly approvals: readonly unknown[] }): string[] =>
    run.approvals.map((approval) => (approval as { id: string }).id);
  /** Sent bodies, but for the first. */
  const told = ({ requests }: Server, index = 1): string => JSON.stringify(requests[index]?.body);

  it("end the run once the other tools have run, and run in the next one before the model is asked", async () => {
    await using server = await subject.serve(
      inTurn(asking({ text: "Let me see." }, remove("a"), list, remove("tmp"), remove("b")), reply("Done.")),
    );
    const { gone, start } = setUp(server);
    const run = start();
    await run.finish();
    expect([run.stopReason, gone, server.requests.length]).toEqual(["approval", ["tmp"], 1]);
    expect(run.turns[0]?.outputs.map(([, output]) => output)).toEqual(["a, b, tmp", "tmp is gone"]);
    const [first] = run.turns;
    const calls = first?.stream.commonTools.map(({ id }) => id) ?? [];
    expect(run.approvals).toEqual([
      { id: calls[0], toolCallId: calls[0], name: "remove", args: { path: "a" } },
      { id: calls[3], toolCallId: calls[3], name: "remove", args: { path: "b" } },
    ]);
    expect(JSON.stringify(run.history())).not.toContain("not run");

    const [a = "", b = ""] = idsOf(run);
    const next = start(approve(run.history(), { [a]: true, [b]: "Not that one." }));
    const { pairs, text } = await read(next);
    const results = pairs.flatMap(([{ toolResult }]) => toolResult ?? []);
    expect(results).toMatchObject([
      { id: b, name: "remove", isError: true },
      { id: a, name: "remove", output: "a is gone", isError: false },
    ]);
    expect(pairs.slice(0, 2).every(([{ toolResult }]) => toolResult !== null)).toBe(true);
    expect([next.stopReason, text, gone, next.approvals]).toEqual(["answer", "Done.", ["tmp", "a"], []]);
    for (const words of ["a is gone", "Not that one.", "a, b, tmp", "tmp is gone"])
      expect(told(server)).toContain(words);
    expect(told(server)).not.toContain("toolApproval");
    expect(next.turns[0]?.outputs).toEqual([]);
    expect(next.history().slice(0, -1)).toEqual(next.turns[0]?.stream.messages);
  });

  it("are told to the model if nobody answers", async () => {
    await using server = await subject.serve(inTurn(asking(remove("a"), remove("b")), reply("Well.")));
    const { gone, start } = setUp(server);
    const run = start();
    await run.finish();
    const ignored = start([...run.history(), user("Never mind. And now?")]);
    await ignored.finish();
    expect([gone, ignored.stopReason]).toEqual([[], "answer"]);
    expect(told(server).match(/nobody has approved/g)).toHaveLength(2);
    expect(told(server)).toContain("Never mind.");
  });

  it("run once, however often the answers come", async () => {
    await using server = await subject.serve(
      inTurn(asking(remove("a")), reply("Done."), asking(remove("b")), reply("Done.")),
    );
    const { gone, start } = setUp(server);
    const run = start();
    await run.finish();
    const [id = ""] = idsOf(run);
    const twice = approve(approve(run.history(), { [id]: true }), { [id]: true });
    for (const wrong of [{ unknown: true }, { [id]: false }, { [id]: 7 as never }]) {
      expect(() => approve(twice, wrong)).toThrow(InvalidOptionError);
    }
    const second = start(twice);
    await second.finish();
    expect(gone).toEqual(["a"]);
    // The old answer comes again with the next question: some servers give all calls the same ids.
    const third = start([...approve(second.history(), { [id]: true }), user("And b?")]);
    await third.finish();
    expect([third.stopReason, gone]).toEqual(["approval", ["a"]]);
    const [other = ""] = idsOf(third);
    const no = { role: "user", content: [{ type: "toolApproval", id: other, approved: false }] } as const;
    const disputed = start([...approve(third.history(), { [other]: true }), no]);
    await disputed.finish();
    expect([disputed.stopReason, gone]).toEqual(["answer", ["a"]]);
  });

  it("run once if a copy of the turn, further down, has the result", async () => {
    await using server = await subject.serve(
      inTurn(asking({ text: "Let me see." }, remove("a")), reply("Done."), reply("Fine.")),
    );
    const { gone, start } = setUp(server);
    const run = start();
    await run.finish();
    const approved = approve(run.history(), { [idsOf(run)[0] ?? ""]: true });
    const second = start(approved);
    await second.finish();
    const third = start([...approved, ...second.history().slice(1), user("And now?")]);
    await third.finish();
    expect([third.stopReason, gone]).toEqual(["answer", ["a"]]);
    expect(told(server, 2).match(/a is gone/g)).toHaveLength(1);
    expect(told(server, 2)).not.toContain("toolApproval");
  });

  it("end the run at once if their answer comes again after the model's", async () => {
    await using server = await subject.serve(inTurn(asking(remove("a")), reply("Done."), reply("Fine.")));
    const { gone, start } = setUp(server);
    const run = start();
    await run.finish();
    const [id = ""] = idsOf(run);
    const second = start(approve(run.history(), { [id]: true }));
    await second.finish();
    const done = second.history();
    expect(approve(done, { [id]: true })).toBe(done);
    const late = [...done, { role: "user", content: [{ type: "toolApproval", id, approved: true }] } as const];
    const again = start(late);
    expect(await all(again)).toEqual([]);
    expect([again.stopReason, again.turns, again.cost, gone]).toEqual(["answer", [], 0, ["a"]]);
    expect(again.history()).toEqual(second.history());
    expect((await again.finish()).stream.outcome).toBe("aborted");
    expect(server.requests.length).toBe(2);
    const more = start([...late, user("And now?")]);
    await more.finish();
    expect([more.content, gone]).toEqual(["Fine.", ["a"]]);
  });

  it("run as little as any other if their input is wrong, then or now, or if they are not there any more", async () => {
    const asked = vi.fn(() => true);
    const strict = tool({ name: "remove", input: pathOf, needsApproval: asked, call: () => "gone" });
    await using server = await subject.serve(
      inTurn(asking(remove(7)), reply("Oh."), asking(remove("a")), reply("Oh."), reply("Oh.")),
    );
    const first = setUp(server, {}, { tools: [strict] }).start();
    await first.finish();
    expect([first.stopReason, asked.mock.calls.length]).toEqual(["answer", 0]);
    const run = setUp(server, {}, { tools: [strict] }).start();
    await run.finish();
    const [id = ""] = idsOf(run);
    const answers = approve(run.history(), { [id]: true });
    const changed = tool({ name: "remove", input: z.object({ path: z.number() }), call: () => "gone" });
    await setUp(server, {}, { tools: [changed] })
      .start(answers)
      .finish();
    expect(told(server, 3)).toContain("invalid input");
    await setUp(server, {}, { tools: [tool({ name: "other", call: () => "" })] })
      .start(answers)
      .finish();
    expect(told(server, 4)).toContain("There is no tool");
  });

  it("that may run early wait as well, and stopAtTool comes first", async () => {
    const ran = vi.fn(() => "gone");
    const early = tool({ name: "remove", input: pathOf, runEarly: true, needsApproval: true, call: ran });
    const stop = tool({ name: "list", call: () => "all" });
    await using server = await subject.serve(() => asking(remove("a"), list));
    const run = setUp(server, {}, { tools: [early, stop] }).start();
    await run.finish();
    expect([run.stopReason, run.approvals.length, ran.mock.calls.length]).toEqual(["approval", 1, 0]);
    const stopped = setUp(server, { stopAtTool: "list" }, { tools: [early, stop] }).start();
    await stopped.finish();
    expect([stopped.stopReason, stopped.approvals]).toEqual(["tool", []]);
    expect(JSON.stringify(stopped.history()).match(/not run/g)).toHaveLength(2);
  });

  it("end the run if they cannot say whether they ask", async () => {
    const broken = tool({
      name: "remove",
      needsApproval: () => Promise.reject(new Error("The rules are lost.")),
      call: () => "gone",
    });
    await using server = await subject.serve(() => asking(remove("a")));
    const run = setUp(server, {}, { tools: [broken] }).start();
    expect(await failure(run.finish())).toEqual(new Error("The rules are lost."));
    expect([run.stopReason, run.approvals]).toEqual([null, []]);
    expect(JSON.stringify(run.history())).toContain("not run");
  });

  it("are asked about by `approve` once a person has agreed", async () => {
    const asked: string[] = [];
    await using server = await subject.serve(inTurn(asking(remove("a"), remove("b")), reply("Done.")));
    const { gone, start } = setUp(server, {
      approve: (call) => {
        asked.push(JSON.stringify(call));
        return asked.length === 1 || "Not today.";
      },
      parallel: 1,
    });
    const run = start();
    await run.finish();
    expect([run.stopReason, asked]).toEqual(["approval", []]);
    await start(approve(run.history(), Object.fromEntries(idsOf(run).map((id) => [id, true])))).finish();
    expect([gone, asked.length]).toEqual([["a"], 2]);
    expect(told(server)).toContain("Not today.");
  });

  it("leave a conversation that tells what they have done, if the run is stopped before the model is asked", async () => {
    const begun = gate();
    await using server = await subject.serve(inTurn(asking(remove("a"), remove("b")), reply("Done.")));
    const asks = setUp(server);
    const first = asks.start();
    await first.finish();
    const slow = tool({
      name: "remove",
      input: pathOf,
      needsApproval: true,
      call: ({ path }) => (path === "a" ? "a is gone" : (begun.open(), new Promise<never>(() => {}))),
    });
    const { start } = setUp(server, {}, { tools: [slow] });
    const run = start(approve(first.history(), Object.fromEntries(idsOf(first).map((id) => [id, true]))));
    const finished = run.finish();
    await begun.opened;
    run.abort("enough");
    expect(await failure(finished)).toMatchObject({ code: "stream_aborted" });
    expect(server.requests).toHaveLength(1);
    const history = JSON.stringify(run.history());
    for (const words of ["a is gone", "interrupted"]) expect(history).toContain(words);
    expect(JSON.stringify(run.commonHistory())).toContain("a is gone");
    const next = start([...run.history(), user("And now?")]);
    await next.finish();
    expect(next.stopReason).toBe("answer");
  });

  it("lift a choice that they have obeyed", async () => {
    await using server = await subject.serve(inTurn(asking(remove("a")), reply("Done.")));
    const { start } = setUp(server, {}, { toolChoice: { type: "tool", name: "remove" } });
    const run = start();
    await run.finish();
    await start(approve(run.history(), { [idsOf(run)[0] ?? ""]: true })).finish();
    const [first, second] = server.requests.map(({ body }) =>
      JSON.stringify(body["tool_choice"] ?? body["choice"] ?? null),
    );
    expect([first?.includes("remove"), second?.includes("remove")]).toEqual([true, false]);
  });

  it("are known to those who read the run from a log, and so is what they gave", async () => {
    const log = memoryLog();
    await using server = await subject.serve(inTurn(asking(remove("a"), list), asking(list), reply("Done.")));
    const { work, start } = setUp(server);
    const load = () => Promise.reject(new Error("loads nothing"));
    const keep = (run: unknown, id: string) => keepAgent(load, run as AnyRun, { log, id, request: true });
    const readAs = async (id: string, after = 0) => {
      const found = (await readRun(load, log, id, { of: work as unknown as ReadAs, after })) as AnyRun & Logged;
      const triples = await all(found);
      return { found, triples };
    };
    const first = keep(start(), "1");
    await first.finish();
    await first.log.settled;
    const { found } = await readAs("1");
    expect([found.stopReason, found.approvals]).toEqual(["approval", first.approvals]);
    expect(found.approvals).toHaveLength(1);
    expect(found.history()).toEqual(first.history());

    const second = keep(start(approve(first.history(), { [idsOf(first)[0] ?? ""]: true })), "2");
    const seen = await all(second);
    await second.log.settled;
    const { found: again, triples } = await readAs("2");
    const shown = (
      list: readonly (readonly [
        { readonly toolResult: unknown; readonly content: string },
        unknown,
        { readonly index: number },
      ])[],
    ) => list.map(([{ toolResult, content }, , { index }]) => ({ toolResult, content, index }));
    expect(shown(triples)).toEqual(shown(seen));
    expect(triples[0]).toMatchObject([{ toolResult: { name: "remove", output: "a is gone" } }, null, { index: 0 }]);
    expect([again.stopReason, again.turns.length, again.position]).toEqual(["answer", 2, second.position]);
    expect(again.history()).toEqual(second.history());
    expect(again.turns[0]?.outputs.map(([, output]) => output)).toEqual(["a, b, tmp"]);
    const { triples: rest } = await readAs("2", 1);
    expect(shown(rest)).toEqual(shown(seen).slice(1));
  });
});
