import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createParser } from "eventsource-parser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, client } from "millrace/anthropic";
import { fakeAnthropic, replayFile } from "millrace/testing";
import { corpusFolder, hasCorpus, recordings } from "../corpus.ts";
import { params, post } from "./client.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-"));
});
afterAll(() => rm(folder, { recursive: true }));

const recorded = recordings("anthropic");
const requestFiles = recorded.map(({ file }) => file.replace(/\.(sse|jsonl)$/, ".request.json"));

function dataOf(body: string): string[] {
  const data: string[] = [];
  createParser({ onEvent: (event) => void data.push(event.data) }).feed(body);
  return data;
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

describe("replayed files", () => {
  it("are the exact bytes of an .sse file, even with an unfinished end", async () => {
    for (const text of ['event: a\r\ndata: {"é":1}\r\n\r\n: c\n\ndata: 2\n\ndata: cut', "data: 1\r\rdata: 2\r\r", ""]) {
      const path = join(folder, "recording.sse");
      await writeFile(path, text);
      for (const chunkBytes of [1, undefined]) {
        await using server = await fakeAnthropic({ replies: replayFile(path, { chunkBytes }) });
        expect((await post(server.url)).body.toString()).toBe(text);
      }
    }
  });

  it("are the lines of a .jsonl file", async () => {
    const path = join(folder, "recording.jsonl");
    await writeFile(path, '{"type":"ping" }\r\n\n{"type":"message_stop"}');
    await using server = await fakeAnthropic({ replies: replayFile(path), pings: 1 });
    const { body } = await post(server.url);
    expect(body.toString()).toBe(
      'event: ping\ndata: {"type": "ping"}\n\nevent: ping\ndata: {"type":"ping" }\n\n' +
        'event: ping\ndata: {"type": "ping"}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n',
    );
  });

  it("report a file that does not exist", async () => {
    await using server = await fakeAnthropic({ replies: replayFile("nowhere.sse") });
    const { status, body } = await post(server.url);
    expect(status).toBe(500);
    expect(body.toString()).toMatch(/The fake server: ENOENT.*nowhere\.sse/);
  });
});

describe.skipIf(!hasCorpus)("the recorded streams", () => {
  it.each(recorded)("$file is played as recorded", async ({ file, format }) => {
    const path = resolve(corpusFolder, file);
    await using server = await fakeAnthropic({ replies: replayFile(path) });
    const { body, reads } = await post(server.url);
    if (format === "sse") expect(sha256(body)).toBe(sha256(readFileSync(path)));
    else expect(dataOf(body.toString())).toEqual(readFileSync(path, "utf8").split("\n").filter(Boolean));
    expect(reads.length).toBeGreaterThan(1);
  });

  // Two independent accumulators: the library's and the fake server's.
  const whole = recorded.filter(({ events }) => events.at(-1)?.["type"] === "message_stop");
  it.each(whole.filter(({ covers }) => !covers.includes("malformed")))(
    "$file adds up to the same message",
    async ({ file }) => {
      await using server = await fakeAnthropic({ replies: replayFile(resolve(corpusFolder, file)) });
      const { body } = await post(server.url, { ...params, stream: false });
      const ask = call("claude-sonnet-5-5", { client: client({ apiKey: "k", baseURL: server.url }) }, () => "Hello");
      expect((await ask()).response).toEqual(JSON.parse(body.toString()));
    },
  );

  it.each(requestFiles.filter((file) => hasCorpus && fileExists(file)))("%s would be accepted", async (file) => {
    const request = JSON.parse(readFileSync(resolve(corpusFolder, file), "utf8")) as { model: string };
    // It was the field of a beta, which the recordings do not tell.
    const fields = ["output_format"];
    await using server = await fakeAnthropic({ replies: "Hi", models: [request.model], fields });
    const { status, body } = await post(server.url, request);
    // In 2024, a result could refer to a call that was never made. The API no longer accepts that.
    if (file.includes("tool-result-answer-opus3")) expect(body.toString()).toContain("unexpected `tool_use_id`");
    else expect(status === 200 ? "" : body.toString()).toBe("");
  });
});

function fileExists(file: string): boolean {
  try {
    return readFileSync(resolve(corpusFolder, file)).length > 0;
  } catch {
    return false;
  }
}
