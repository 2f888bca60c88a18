import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { createGunzip } from "node:zlib";
import { describe, expect, it } from "vitest";
import {
  events,
  fakeAnthropic,
  type FakeAnthropicOptions,
  reply,
  type ReplyProgress,
  thinking,
} from "millrace/testing";
import { headers, params, post } from "./client.ts";

const words = "one two three four five";
/** message_start, content_block_start, ping, five deltas, content_block_stop, message_delta, message_stop. */
const EVENTS = 11;

async function play(options: FakeAnthropicOptions, body: unknown = params) {
  await using server = await fakeAnthropic({ replies: words, pad: false, ...options });
  const received = await post(server.url, body);
  return { ...received, text: received.body.toString("utf8"), reply: server.requests[0]?.reply };
}

const framesOf = (text: string): string[] => text.split(/(?<=\n\n)/);
const dataOf = (frame = ""): string => /^data: (.*)$/m.exec(frame)?.[1] ?? "";

describe("a spoiled event", () => {
  it("is malformed JSON in an intact frame", async () => {
    const plain = framesOf((await play({})).text);
    for (const [at, index] of [
      [3, 3],
      [0, 0],
      [-1, EVENTS - 1],
    ] as const) {
      const { text, error, reply: progress } = await play({ malformAt: at });
      const frames = framesOf(text);
      expect(error).toBe(null);
      expect(progress).toMatchObject({ outcome: "complete", eventsWritten: EVENTS });
      expect(() => void JSON.parse(dataOf(frames[index]))).toThrow(SyntaxError);
      expect(dataOf(plain[index]).startsWith(dataOf(frames[index]))).toBe(true);
      expect(frames[index]).toMatch(/^event: \w+\ndata: .+\n\n$/);
      expect(frames.toSpliced(index, 1)).toEqual(plain.toSpliced(index, 1));
    }
  });

  it("is malformed in every style, without splitting characters", async () => {
    for (const lineEnd of ["\r", "\r\n"] as const) {
      const { text } = await play({ malformAt: 0, endAfter: 1, lineEnd, noEventLine: true });
      expect(text).toMatch(/^data: \{"type":[^\r\n]+(\r\n\r\n|\r\r)$/);
      expect(text.endsWith(lineEnd + lineEnd)).toBe(true);
    }
    for (let length = 1; length < 9; length++) {
      const { text } = await play({ replies: events(["€".repeat(length)]), malformAt: 0 });
      expect(text).toMatch(/^data: €*\n\n$/);
    }
  });

  it("is sent twice, or swapped with the next", async () => {
    const plain = framesOf((await play({})).text);
    const twice = await play({ duplicateAt: 4 });
    expect(framesOf(twice.text)).toEqual(plain.toSpliced(4, 0, plain[4] ?? ""));
    expect(twice.reply?.eventsWritten).toBe(EVENTS + 1);
    expect(framesOf((await play({ duplicateAt: -1 })).text)).toEqual([...plain, plain.at(-1)]);
    const swapped = plain.toSpliced(4, 2, plain[5] ?? "", plain[4] ?? "");
    expect(framesOf((await play({ swapAt: 4 })).text)).toEqual(swapped);
    expect((await play({ swapAt: -1 })).text).toBe(plain.join(""));
    expect(framesOf((await play({ duplicateAt: 4, endAfter: 6 })).text)).toHaveLength(7);
  });

  it("has bytes that are not UTF-8, and is JSON without them", async () => {
    for (const index of Array.from({ length: EVENTS }, (_, i) => i)) {
      const plain = framesOf((await play({})).text);
      const { body } = await play({ invalidUtf8At: index });
      expect(() => new TextDecoder("utf-8", { fatal: true }).decode(body)).toThrow(TypeError);
      const frames = framesOf(body.toString("utf8"));
      expect(dataOf(frames[index])).toContain("\uFFFD\uFFFD");
      expect(() => void JSON.parse(dataOf(frames[index]))).not.toThrow();
      expect(frames.join("").replace("\uFFFD\uFFFD", "")).toBe(plain.join(""));
    }
    const { body } = await play({ replies: events(["plain"]), invalidUtf8At: 0 });
    expect(body).toEqual(Buffer.from("data: plain\xe2\x82\xff\n\n", "latin1"));
  });

  it("may be given for one script", async () => {
    const { text } = await play({ replies: reply(thinking("a"), "b", { duplicateAt: 0 }), malformAt: 1 });
    expect(framesOf(text).filter((frame) => frame.startsWith("event: message_start"))).toHaveLength(2);
    expect(() => void JSON.parse(dataOf(framesOf(text)[2]))).toThrow(SyntaxError);
  });
});

/** Sends a request, and returns its response unread. */
async function open(url: string) {
  const outgoing = request(`${url}/v1/messages`, { method: "POST", headers, agent: false });
  outgoing.on("error", () => {}).end(JSON.stringify(params));
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  response.on("error", () => {});
  return response;
}

async function standstill(progress: ReplyProgress): Promise<number> {
  for (let before = -1; before !== progress.bytesWritten;) {
    before = progress.bytesWritten;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  return progress.bytesWritten;
}

describe("an endless stream", () => {
  it.each(["delta", "ping", "comment", "padding"] as const)("of kind %s is no faster than its reader", async (kind) => {
    await using server = await fakeAnthropic({ endless: kind });
    const response = await open(server.url);
    const { reply: progress } = await server.request();
    const stopped = await standstill(progress);
    expect(stopped).toBeGreaterThan(100_000);
    expect(stopped).toBeLessThan(20_000_000);
    let length = 0;
    for await (const read of response) {
      length += (read as Buffer).length;
      if (length > 50_000_000) break;
    }
    expect(await progress.closed).toBe("aborted");
    expect(progress.bytesWritten).toBeGreaterThan(50_000_000);
  });

  it("of deltas or pings stops at the given length, and the reply goes on", async () => {
    const plain = (await play({})).text;
    for (const endless of ["delta", "ping", "comment"] as const) {
      const { text, reply: progress } = await play({ endless, endlessBytes: 1_000_000 });
      const added = text.length - plain.length;
      expect(added).toBeGreaterThanOrEqual(1_000_000);
      expect(added).toBeLessThan(1_000_200);
      const frames = framesOf(text);
      expect([...frames.slice(0, 2), ...frames.slice(2 - EVENTS)].join("")).toBe(plain);
      expect(new Set(frames.slice(2, 2 - EVENTS))).toHaveLength(1);
      const isEvent = endless !== "comment";
      expect(progress?.eventsWritten).toBe(isEvent ? frames.length : EVENTS);
      expect(frames[2]?.startsWith(":")).toBe(!isEvent);
    }
  });

  it("may begin at the start or the end, and be cut", async () => {
    const plain = (await play({})).text;
    const style = { endless: "comment", endlessBytes: 1, lineEnd: "\n" } as const;
    expect((await play({ ...style, endlessAfter: 0 })).text).toBe(`: PROCESSING\n\n${plain}`);
    expect((await play({ ...style, endlessAfter: EVENTS })).text).toBe(`${plain}: PROCESSING\n\n`);
    const cut = await play({ endless: "ping", disconnectAtByte: 3_000_000 });
    expect([cut.body.length, cut.error]).toEqual([3_000_000, "ECONNRESET"]);
    const fromEnd = await play({ ...style, endAtByte: -1 });
    expect(fromEnd.body.length).toBe(plain.length + ": PROCESSING\n\n".length - 1);
    expect((await play({ endless: "ping", disconnectAtByte: -5, endAfter: 1 })).text).toBe(framesOf(plain)[0]);
  });
});

describe("an oversized event", () => {
  it("has the given length, and is JSON", async () => {
    const plain = await play({});
    for (const endlessBytes of [2_000_000, 262_144 + 200, 10]) {
      const { text, reply: progress } = await play({ endless: "padding", endlessAfter: 4, endlessBytes });
      const frame = framesOf(text)[4] ?? "";
      if (endlessBytes > 1000) expect(frame).toHaveLength(endlessBytes);
      expect(JSON.parse(dataOf(frame))).toMatchObject({ type: "content_block_delta", delta: { text: " and" } });
      expect(framesOf(text).toSpliced(4, 1).join("")).toBe(plain.text);
      expect(progress?.eventsWritten).toBe(EVENTS + 1);
    }
  });

  it("is small on the wire when compressed", async () => {
    const size = 50_000_000;
    const { body, headers: received } = await play({ gzip: true, endless: "padding", endlessBytes: size });
    expect(received["content-encoding"]).toBe("gzip");
    expect(body.length).toBeLessThan(size / 500);
    let inflated = 0;
    const gunzip = createGunzip().on("data", (read: Buffer) => (inflated += read.length));
    gunzip.end(body);
    await once(gunzip, "end");
    expect(inflated).toBe(size + (await play({})).body.length);
  });
});

describe("a wrong content type", () => {
  it("does not change the body", async () => {
    const plain = await play({});
    const { status, headers: received, text } = await play({ contentType: "text/html" });
    expect([status, received["content-type"]]).toEqual([200, "text/html"]);
    expect(text).toBe(plain.text);
    const whole = await play({ contentType: "text/plain" }, { ...params, stream: false });
    expect(whole.headers["content-type"]).toBe("text/plain");
    expect(JSON.parse(whole.text)).toMatchObject({ type: "message" });
  });
});
