import { describe, expect, it } from "vitest";
import { agent, type AgentOptions, tool } from "../../src/index.ts";
import { keep, memoryLog, read } from "../../src/neutral-resume.ts";
import { call, client } from "../../src/providers/anthropic/index.ts";
import { apiError, fakeAnthropic, reply, toolUse } from "../../src/testing/index.ts";

const find = tool({ name: "find", call: () => "It is there." });

/** An agent whose runs begin with a turn that calls a tool, followed by this reply. */
async function worker(last: ReturnType<typeof reply | typeof apiError>, options: AgentOptions = {}) {
  const server = await fakeAnthropic({ replies: [reply(toolUse("find", {})), last] });
  const own = client({ apiKey: "k", baseURL: server.url });
  const ask = { stream: true, tools: [find], client: own, retry: false } as const;
  const work = agent(
    call("claude-sonnet-5-5", ask, () => "x"),
    options,
  );
  return { work, [Symbol.asyncDispose]: () => server.close() };
}

interface Ended {
  readonly outcome: string;
  readonly error: unknown;
  readonly stopReason: string | null;
}

function endOf({ outcome, error, stopReason }: Ended): object {
  const code = error === null ? null : ((error as { code?: string }).code ?? String(error));
  return { outcome, code, stopReason };
}

const ADVICE = "iterate it, or await run.finish().";
const PENDING = { outcome: "pending", code: null, stopReason: null };
const broken = (): never => {
  throw new Error("broken");
};

describe("the outcome of a run", () => {
  it.each([
    ["ended by itself", reply("Here."), {}, { outcome: "complete", code: null, stopReason: "answer" }],
    ["reached a limit", reply("Here."), { maxTurns: 1 }, { outcome: "complete", code: null, stopReason: "turns" }],
    [
      "was cut",
      reply("Here it is.", { endAfter: 4 }),
      {},
      { outcome: "truncated", code: "stream_truncated", stopReason: null },
    ],
    ["failed", apiError(401), {}, { outcome: "failed", code: "api_error", stopReason: null }],
    ["had an option that threw", reply("Here."), { stopWhen: broken }, { outcome: "failed", stopReason: null }],
  ] as const)("that %s, here and elsewhere", async (_, last, options, end) => {
    await using server = await worker(last, options);
    const log = memoryLog();
    const run = keep(server.work(), { log, id: "p" });
    expect(endOf(run)).toEqual(PENDING);
    await run.finish().catch(() => {});
    expect(endOf(run)).toMatchObject(end);
    expect(JSON.parse(JSON.stringify(run))).toMatchObject({ outcome: end.outcome });
    await run.log.settled;
    const other = await read(log, "p", { of: server.work });
    if (other === null) throw new Error("There is no run.");
    expect(endOf(other)).toEqual(PENDING);
    await other.finish().catch(() => {});
    expect(endOf(other)).toMatchObject(end);
  });

  it("that nobody has read is not taken for one without a text", async () => {
    await using server = await worker(reply("Here."));
    const log = memoryLog();
    await keep(server.work(), { log, id: "p" }).log.settled;
    const logged = async () => {
      const found = await read(log, "p", { of: server.work });
      if (found === null) throw new Error("There is no run.");
      return found;
    };
    for (const make of [server.work, logged]) {
      // A call that is not streamed is awaited like this, and gives its response.
      const run = await make();
      for (const name of ["content", "approvals"] as const) {
        const error = { code: "stream_not_started", message: `${name} is not known before the run is read: ${ADVICE}` };
        expect(() => run[name]).toThrow(expect.objectContaining(error));
      }
      expect([`${run}`, run.turns, run.outcome, run.stopReason]).toEqual(["", [], "pending", null]);
      expect(JSON.parse(JSON.stringify(run))).toMatchObject({ outcome: "pending", content: "", cost: 0 });
      await run.finish();
      expect([run.content, run.approvals]).toEqual(["Here.", []]);
    }
    const stopped = server.work();
    stopped.abort();
    expect([stopped.content, stopped.approvals]).toEqual(["", []]);
  });

  it("that was stopped is aborted", async () => {
    await using server = await worker(reply("Here."));
    const aborted = { outcome: "aborted", code: "stream_aborted", stopReason: null };
    const left = server.work();
    for await (const _ of left) break;
    const early = server.work();
    early.abort();
    for (const run of [left, early]) expect(endOf(run)).toEqual(aborted);
    await expect(early.finish()).rejects.toThrow(early.error as Error);
  });

  it("that was refused is failed, and one that is read no further is aborted", async () => {
    await using server = await worker(reply("Here."));
    const log = memoryLog();
    const first = keep(server.work(), { log, id: "p" });
    const second = keep(server.work(), { log, id: "p" });
    await second.finish().catch(() => {});
    expect(endOf(second)).toEqual({ outcome: "failed", code: "place_occupied", stopReason: null });
    const controller = new AbortController();
    const other = await read(log, "p", { of: server.work, signal: controller.signal });
    controller.abort();
    await expect(other?.finish()).rejects.toMatchObject({ code: "stream_aborted" });
    expect(other?.outcome).toBe("aborted");
    first.abort();
    await first.log.settled;
    expect(first.outcome).toBe("aborted");
  });
});

it("has an error that is one, whatever was thrown", async () => {
  for (const thrown of ["no", null, { reason: "no" }]) {
    const stopWhen = () => {
      throw thrown;
    };
    await using working = await worker(reply("Done."), { stopWhen });
    const run = working.work();
    const rejected = await run.finish().catch((error: unknown) => error);
    // Of its type nothing but an error is known.
    expect(run.error?.message).toEqual(expect.any(String));
    expect(run.error).toBeInstanceOf(Error);
    expect([run.outcome, run.error?.cause, rejected === run.error]).toEqual(["failed", thrown, true]);
  }
});
