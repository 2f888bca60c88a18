import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { events, fakeAnthropic, type FakeAnthropicOptions, pause, reply, text } from "millrace/testing";
import { headers, params, post } from "./client.ts";

const words = "one two three four five";
/** message_start, content_block_start, ping, five deltas, content_block_stop, message_delta, message_stop. */
const EVENTS = 11;

async function play(options: FakeAnthropicOptions, body: unknown = params) {
  await using server = await fakeAnthropic({ replies: words, ...options });
  const received = await post(server.url, body);
  return { ...received, text: received.body.toString("utf8"), reply: server.requests[0]?.reply };
}

const types = (body: string): unknown[] =>
  [...body.matchAll(/^data: ?(\{.*)$/gm)].map(([, json = ""]) => (JSON.parse(json) as { type: unknown }).type);

const withoutPadding = (body: string): string => body.replaceAll(/ +\}$/gm, "}");

describe("the wire", () => {
  it("looks like the API's", async () => {
    const { status, headers: received, text: body } = await play({});
    expect(status).toBe(200);
    expect(received["content-type"]).toBe("text/event-stream; charset=utf-8");
    expect(received["request-id"]).toMatch(/^req_01\w{22}$/);
    expect(received["anthropic-ratelimit-requests-remaining"]).toBe("3999");
    expect(received["transfer-encoding"]).toBe("chunked");
    expect(body).toMatch(
      /^event: message_start\ndata: \{"type":"message_start","message":\{"model":"claude-sonnet-5-5","id":"msg_01/,
    );
    expect(body).toContain('\n\nevent: ping\ndata: {"type": "ping"}\n\n');
    expect(body.endsWith("}\n\n")).toBe(true);
    expect(types(body)).toHaveLength(EVENTS);
  });

  it("is the same for the same seed, and padded as in recordings", async () => {
    const [one, two, other] = [await play({ seed: 1 }), await play({ seed: 1 }), await play({ seed: 2 })];
    expect(one.text).toBe(two.text);
    expect(one.text).not.toBe(other.text);
    const long = await play({ replies: "a ".repeat(300) });
    const padding = [...long.text.matchAll(/( *)\}$/gm)].map(([, spaces = ""]) => spaces.length);
    expect(new Set(padding)).toEqual(new Set(Array.from({ length: 16 }, (_, i) => i)));
    expect(withoutPadding(one.text)).not.toBe(one.text);
    expect((await play({ pad: false })).text).not.toMatch(/ \}$/m);
  });
});

describe("delivery", () => {
  it("writes each event separately", async () => {
    const { reads } = await play({});
    expect(reads).toHaveLength(EVENTS);
    expect(reads.every((read) => read.toString().endsWith("\n\n"))).toBe(true);
  });

  it("writes bytes one at a time, seven at a time, and all at once", async () => {
    const whole = await play({ chunkBytes: Infinity });
    expect(whole.reads).toHaveLength(1);
    const ones = await play({ chunkBytes: 1 });
    expect(ones.reads.length).toBe(ones.body.length);
    expect(ones.text).toBe(whole.text);
    const sevens = await play({ chunkBytes: 7 });
    expect(sevens.text).toBe(whole.text);
    expect(new Set(sevens.reads.slice(0, -1).map(({ length }) => length))).toEqual(new Set([7]));
  });

  it("keeps a pace, and waits where the script says so", async () => {
    const { times } = await play({ pace: 10 });
    // Measured from the request, since the first read may be late. The upper bound leaves room for a busy machine.
    expect(times.at(-1)).toBeGreaterThanOrEqual(10 * (EVENTS - 1) - 2);
    expect(times.at(-1)).toBeLessThan(10 * (EVENTS - 1) + 900);
    const late = await play({ firstDelayMs: 40, replies: reply("a", pause(50), text("b")) });
    expect(late.times[0]).toBeGreaterThanOrEqual(38);
    const gaps = late.times.map((time, i) => time - (late.times[i - 1] ?? time));
    expect(Math.max(...gaps)).toBeGreaterThanOrEqual(45);
  });

  it("lets a script override the server's options", async () => {
    const { reads } = await play({ chunkBytes: 7, replies: reply(words, { chunkBytes: Infinity }) });
    expect(reads).toHaveLength(1);
  });

  it.each(["\r\n", "\r"] as const)("ends lines with %j", async (lineEnd) => {
    const [plain, other] = [await play({}), await play({ lineEnd })];
    expect(other.text).toBe(plain.text.replaceAll("\n", lineEnd));
  });

  it("omits event names, and adds comments, pings, unknown events and [DONE]", async () => {
    const plain = await play({});
    expect((await play({ noEventLine: true })).text).toBe(plain.text.replaceAll(/^event: .*\n/gm, ""));
    expect((await play({ comments: true })).text).toBe(plain.text.replaceAll(/^event:/gm, ": PROCESSING\n\nevent:"));
    expect((await play({ done: true })).text).toBe(`${plain.text}data: [DONE]\n\n`);
    expect(types((await play({ pings: false })).text)).not.toContain("ping");
    expect(types((await play({ pings: 3 })).text).filter((type) => type === "ping")).toHaveLength(3 * (EVENTS - 1));
    const unknown = types((await play({ unknownEvents: true })).text);
    expect(unknown.filter((type) => type === "from_the_future")).toHaveLength(EVENTS - 1);
    expect(unknown.at(-1)).toBe("message_stop");
  });

  it("compresses, and still sends each event at once", async () => {
    const plain = await play({});
    const packed = await play({ gzip: true });
    expect(packed.headers["content-encoding"]).toBe("gzip");
    expect(gunzipSync(packed.body).toString()).toBe(plain.text);
    expect(packed.reads.length).toBeGreaterThanOrEqual(EVENTS);
    expect(packed.reply?.bytesWritten).toBe(packed.body.length);
    const whole = await play({ gzip: true }, { ...params, stream: false });
    expect(JSON.parse(gunzipSync(whole.body).toString())).toMatchObject({ content: [{ text: words }] });
  });

  it("sends text verbatim, even if it is not JSON or not an event", async () => {
    const { text: body } = await play({
      replies: events(['{"type":"message_start","mess', "plain", { type: "ping" }]),
      pad: false,
    });
    expect(body).toBe(
      'event: message_start\ndata: {"type":"message_start","mess\n\ndata: plain\n\nevent: ping\ndata: {"type": "ping"}\n\n',
    );
  });

  it("serves TLS", async () => {
    const tls = { key: readFileSync("test/tls/key.pem"), cert: readFileSync("test/tls/cert.pem", "utf8") };
    await using server = await fakeAnthropic({ replies: words, tls });
    expect(server.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const received = await post(server.url, params, { ca: tls.cert });
    expect(received.body.toString()).toContain("message_stop");
  });
});

describe("a stream that goes wrong", () => {
  it("ends cleanly after a number of events", async () => {
    const { text: body, error, reply: progress } = await play({ endAfter: 4 });
    expect(types(body)).toEqual(["message_start", "content_block_start", "ping", "content_block_delta"]);
    expect(error).toBe(null);
    expect(await progress?.closed).toBe("cut");
    expect(progress?.eventsWritten).toBe(4);
    expect(types((await play({ endAfter: -1 })).text).at(-1)).toBe("message_delta");
    expect((await play({ endAfter: 0 })).text).toBe("");
    expect(types((await play({ endAfter: 99 })).text)).toHaveLength(EVENTS);
  });

  it("loses its connection after a number of events", async () => {
    const { text: body, error, reply: progress, status } = await play({ disconnectAfter: 4 });
    expect(status).toBe(200);
    expect(types(body)).toHaveLength(4);
    expect(error).toBe("ECONNRESET");
    expect(await progress?.closed).toBe("cut");
    expect(types((await play({ disconnectAfter: 4, chunkBytes: 5 })).text)).toHaveLength(4);
  });

  it("stalls after a number of events, until the client closes", async () => {
    await using server = await fakeAnthropic({ replies: words, stallAfter: 3 });
    const received = post(server.url, params, {
      onRead: (socket, reads) => void (reads === 3 && setTimeout(() => socket.destroy(), 30)),
    });
    const { reply: progress } = await server.request();
    expect(await progress.closed).toBe("aborted");
    expect(types((await received).body.toString())).toEqual(["message_start", "content_block_start", "ping"]);
  });

  it("stays open after the last event", async () => {
    const { times } = await play({ holdOpen: 40 });
    expect(times).toHaveLength(EVENTS);
    await using server = await fakeAnthropic({ replies: words, holdOpen: true });
    const received = await post(server.url, params, {
      onRead: (socket, reads) => void (reads === EVENTS && socket.destroy()),
    });
    expect(received.error).toBe("ECONNRESET");
    expect(await server.requests[0]?.reply.closed).toBe("aborted");
  });
});

describe("the record", () => {
  it("holds requests without their secrets", async () => {
    await using server = await fakeAnthropic({ replies: words });
    const mcp_servers = [{ type: "url", url: "https://e.org", name: "e", authorization_token: "hush" }];
    await post(server.url, { ...params, mcp_servers });
    const [recorded] = server.requests;
    expect(recorded).toMatchObject({ index: 0, method: "POST", path: "/v1/messages" });
    expect(recorded?.headers).toMatchObject({ "x-api-key": "[redacted]", "anthropic-version": "2023-06-01" });
    expect(recorded?.body).toMatchObject({
      ...params,
      mcp_servers: [{ name: "e", authorization_token: "[redacted]" }],
    });
    expect(JSON.stringify(server.requests)).not.toMatch(/secret|hush/);
    await fetch(`${server.url}/v1/models`, {
      headers: { ...headers, "x-api-key": "", authorization: "Bearer secret" },
    });
    expect(server.requests[1]?.headers["authorization"]).toBe("Bearer [redacted]");
  });

  it("gives a request as soon as it arrives, and later the outcome of its reply", async () => {
    await using server = await fakeAnthropic({ replies: words });
    const second = server.request(1);
    await post(server.url);
    const answered = post(server.url, { ...params, stream: false });
    expect((await second).index).toBe(1);
    expect(await (await second).reply.closed).toBe("complete");
    expect((await second).reply.bytesWritten).toBe((await answered).body.length);
  });

  it("notices immediately that the client has closed", async () => {
    await using server = await fakeAnthropic({ replies: reply("a ".repeat(1000), { pace: 5 }) });
    let closedAt = 0;
    const received = post(server.url, params, {
      onRead: (socket, reads) => {
        if (reads < 3) return;
        closedAt = performance.now();
        socket.destroy();
      },
    });
    const { reply: progress } = await server.request();
    expect(await progress.closed).toBe("aborted");
    expect(performance.now() - closedAt).toBeLessThan(100);
    await received;
    expect(progress.eventsWritten).toBeLessThan(10);
    expect(server.connections).toBe(0);
  });

  it("stops writing while the client does not read", async () => {
    const many = reply("abcdefghij ".repeat(200_000), { chunkBytes: 65_536 });
    await using server = await fakeAnthropic({ replies: many });
    const outgoing = request(`${server.url}/v1/messages`, { method: "POST", headers, agent: false });
    outgoing.end(JSON.stringify(params));
    outgoing.on("error", () => {});
    await once(outgoing, "response");
    const { reply: progress } = await server.request();
    for (let before = -1; before !== progress.eventsWritten;) {
      before = progress.eventsWritten;
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    // The server writes no more than the socket takes, so nothing piles up in memory.
    expect(progress.eventsWritten).toBeLessThan(100_000);
    expect(progress.bytesWritten).toBeGreaterThan(0);
    expect(progress.bytesWritten).toBeLessThan(10_000_000);
    expect(progress.outcome).toBe("pending");
    outgoing.destroy();
    expect(await progress.closed).toBe("aborted");
  });

  it("can be closed while requests are in progress", async () => {
    const server = await fakeAnthropic({ replies: words, stallAfter: 1 });
    let hasBegun: () => void = () => {};
    const begun = new Promise<void>((resolve) => (hasBegun = resolve));
    const failed = post(server.url, params, { onRead: hasBegun });
    await begun;
    const never = server.request(1);
    never.catch(() => {});
    await server.close();
    await server.close();
    expect((await failed).error).toBe("ECONNRESET");
    expect(await server.requests[0]?.reply.closed).toBe("aborted");
    await expect(never).rejects.toThrow("closed before request 1 came");
    expect(server.connections).toBe(0);
  });
});
