import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { agent, MillraceError, tool } from "../../src/index.ts";
import { eventsResponse, resumeResponse } from "../../src/neutral-http.ts";
import { keep, memoryLog, read, status } from "../../src/neutral-resume.ts";
import { call, client } from "../../src/providers/anthropic/index.ts";
import { type FakeAnthropic, fakeAnthropic, reply, toolUse } from "../../src/testing/index.ts";

/** What pairs show, one after another. */
async function shown(
  run: AsyncIterable<
    readonly [
      { readonly content: string; readonly toolResult: { readonly output: unknown } | null },
      { readonly args: unknown } | null,
      { readonly index: number },
    ]
  >,
): Promise<unknown[]> {
  const list: unknown[] = [];
  for await (const [{ content, toolResult }, toolCall, { index }] of run)
    list.push([index, content, toolCall?.args ?? null, toolResult?.output ?? null]);
  return list;
}

describe("a kept run of an agent", () => {
  const early = tool({ name: "t", description: "Is quick.", runEarly: true, call: () => "now" });
  const strict = tool({ name: "strict", description: "Counts.", input: z.object({ q: z.number() }), call: () => "7" });
  let server: FakeAnthropic;
  beforeAll(async () => {
    server = await fakeAnthropic({
      pace: 1,
      replies: [
        reply("Let me see", toolUse("t", {}), "after"),
        "Done.",
        reply(toolUse("strict", { q: "seven" })),
        "Done.",
      ],
    });
  });
  afterAll(() => server.close());

  it.each(["whose tools ran early", "whose first turn has no results"])("%s has the same usage elsewhere", async () => {
    const options = {
      stream: true,
      tools: [early, strict],
      client: client({ apiKey: "k", baseURL: server.url }),
    } as const;
    const work = agent(call("claude-sonnet-5-5", options, () => "x"));
    const log = memoryLog();
    const run = keep(work(), { log, id: "p" });
    const live = await shown(run);
    await run.log.settled;
    const elsewhere = (await read(log, "p", { of: work }))!;
    expect(await shown(elsewhere)).toEqual(live);
    expect([elsewhere.commonUsage, elsewhere.cost]).toEqual([run.commonUsage, run.cost]);
    expect(run.commonUsage.source).toBe("reported");
    expect(elsewhere.turns.map(({ stream }) => stream.outcome)).toEqual(["complete", "complete"]);
    expect(elsewhere.position).toBe(run.position);
  });

  it("that code of the program has ended is ended by the same error elsewhere", async () => {
    const fail = (): never => {
      throw new TypeError("no such table");
    };
    const asking = tool({ name: "t", description: "Asks.", needsApproval: fail, call: () => "now" });
    const cases = { stopWhen: { stopWhen: fail }, approve: { approve: fail }, turnOptions: { turnOptions: fail } };
    for (const [name, options] of Object.entries({ ...cases, needsApproval: {} })) {
      await using other = await fakeAnthropic({ replies: [reply(toolUse("t", {})), "Done."] });
      const tools = [name === "stopWhen" ? early : asking] as const;
      const own = client({ apiKey: "k", baseURL: other.url });
      const work = agent(
        call("claude-sonnet-5-5", { stream: true, tools, client: own }, () => "x"),
        options,
      );
      const log = memoryLog();
      const run = keep(work(), { log, id: "p" });
      const live = await (await eventsResponse(run)).text();
      await run.log.settled;
      const elsewhere = (await read(log, "p", { of: work }))!;
      const error = await elsewhere.finish().catch((error: unknown) => error);
      expect([name, run.error instanceof MillraceError, error instanceof MillraceError]).toEqual([name, false, false]);
      expect(error).toMatchObject({ message: "no such table" });
      expect(elsewhere).toMatchObject({ outcome: "failed", error });
      expect((await status(log, "p"))?.error).toEqual({ code: "internal", message: "no such table" });
      if (name === "turnOptions") continue;
      const again = await resumeResponse(log, "p", new Request("http://localhost"), { as: "events" });
      const ends = [live, await again.text()].map((text) => /"type":"end".*/.exec(text)?.[0]);
      expect(ends[0]).toContain('"error":{"code":"internal","message":"Something went wrong on the server."}');
      expect(ends[1]).toBe(ends[0]);
    }
  });

  it("is read with its agent", async () => {
    await using other = await fakeAnthropic({ replies: "Done." });
    const own = client({ apiKey: "k", baseURL: other.url });
    const work = agent(call("claude-sonnet-5-5", { stream: true, tools: [early], client: own }, () => "x"));
    const log = memoryLog();
    await keep(work(), { log, id: "p" }).log.settled;
    const refusal = { code: "invalid_option", option: "of", message: /is one of an agent: pass the agent\.$/ };
    await expect(read(log, "p")).rejects.toMatchObject(refusal);
    expect((await read(log, "p", { of: work }))?.turns).toEqual([]);
  });
});
