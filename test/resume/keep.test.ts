import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { keep, memoryLog, read, status } from "../../src/neutral-resume.ts";
import { call, client } from "../../src/providers/anthropic/index.ts";
import { type FakeAnthropic, fakeAnthropic } from "../../src/testing/index.ts";

let server: FakeAnthropic;
beforeAll(async () => {
  server = await fakeAnthropic({ replies: "A book about the sea, and another." });
});
afterAll(() => server.close());
const own = () => client({ apiKey: "k", baseURL: server.url });

describe("a kept stream", () => {
  it("is read live and from the log", async () => {
    const log = memoryLog();
    const ask = call(
      "claude-sonnet-5-5",
      { stream: true, client: own() },
      (genre: string) => `Recommend a ${genre} book`,
    );
    const stream = keep(ask("sea"), { log, id: "chat" });
    const elsewhere = read(log, "chat", {});
    let text = "";
    for await (const [chunk] of stream) text += chunk.content;
    expect(text).toBe("A book about the sea, and another.");
    await stream.log.settled;
    expect(stream.log.state).toBe("ended");
    const other = await elsewhere;
    let otherText = "";
    for await (const [chunk] of other!) otherText += chunk.content;
    expect(otherText).toBe(text);
    expect(other!.outcome).toBe("complete");
    expect(other!.message).toEqual(stream.message);
    expect(other!.usage).toEqual(stream.usage);
    expect(other!.cost).toBe(stream.cost);
    expect(other!.position).toBe(stream.position);
    expect(await status(log, "chat")).toMatchObject({ state: "ended", outcome: "complete", cost: stream.cost });
  });
});
