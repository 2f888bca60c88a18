import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { fakeAnthropic, type FakeAnthropicOptions, reply } from "millrace/testing";
import { params, post, postRaw } from "./client.ts";

const words = "one two three four five";

async function play(options: FakeAnthropicOptions, body: unknown = params) {
  await using server = await fakeAnthropic({ replies: words, ...options });
  const received = await post(server.url, body);
  return { ...received, text: received.body.toString("utf8"), reply: server.requests[0]?.reply };
}

describe("no response", () => {
  it("is sent, whether or not a stream was requested", async () => {
    for (const stream of [true, false]) {
      await using server = await fakeAnthropic({ replies: [reply("", { noResponse: true }), words] });
      await expect(post(server.url, { ...params, stream })).rejects.toMatchObject({ code: "ECONNRESET" });
      const [recorded] = server.requests;
      expect(await recorded?.reply.closed).toBe("cut");
      expect(recorded?.reply).toMatchObject({ status: null, eventsWritten: 0, bytesWritten: 0 });
      expect((await post(server.url, { ...params, stream })).status).toBe(200);
    }
  });

  it("may follow a delay", async () => {
    await using server = await fakeAnthropic({ noResponse: true, firstDelayMs: 40 });
    const start = performance.now();
    await expect(post(server.url)).rejects.toThrow("socket hang up");
    expect(performance.now() - start).toBeGreaterThanOrEqual(38);
  });

  it("ends in a FIN or a reset", async () => {
    for (const reset of [false, true]) {
      await using server = await fakeAnthropic({ noResponse: true, reset });
      expect(await postRaw(server.url)).toMatchObject({ text: "", ending: reset ? "ECONNRESET" : "FIN" });
    }
  });
});

describe("a cut at a byte", () => {
  it("is exact, whatever its position and the size of the writes", async () => {
    const whole = await play({});
    const places = [0, 1, 100, 101, whole.body.length - 1];
    for (const chunkBytes of [undefined, 1, 7, Infinity]) {
      for (const at of places) {
        const ended = await play({ chunkBytes, endAtByte: at });
        expect([ended.text, ended.error]).toEqual([whole.text.slice(0, at), null]);
        const lost = await play({ chunkBytes, disconnectAtByte: at });
        expect([lost.text, lost.error]).toEqual([whole.text.slice(0, at), "ECONNRESET"]);
        expect(lost.reply).toMatchObject({ outcome: "cut", bytesWritten: at });
      }
    }
  });

  it("counts from the end, and does not strike beyond it", async () => {
    const whole = await play({});
    expect((await play({ endAtByte: -1 })).text).toBe(whole.text.slice(0, -1));
    expect((await play({ endAtByte: -1e9 })).text).toBe("");
    const past = await play({ disconnectAtByte: whole.body.length + 1 });
    expect([past.text, past.reply?.outcome]).toEqual([whole.text, "complete"]);
    // The whole body has arrived, but not the mark of its end.
    const last = await play({ disconnectAtByte: whole.body.length });
    expect([last.text, last.error]).toEqual([whole.text, "ECONNRESET"]);
  });

  it("does not count an incomplete event, and wins over faults that would strike later", async () => {
    const { reply: progress } = await play({ endAtByte: 10, disconnectAfter: 1 });
    expect(progress).toMatchObject({ eventsWritten: 0, bytesWritten: 10 });
    expect((await play({ endAtByte: 1e6, disconnectAfter: 1 })).reply?.eventsWritten).toBe(1);
  });

  it("stalls in the middle of an event", async () => {
    const whole = await play({});
    await using server = await fakeAnthropic({ replies: words, stallAtByte: 50 });
    const received = post(server.url, params, { onRead: (socket) => void setTimeout(() => socket.destroy(), 30) });
    expect((await received).body.toString()).toBe(whole.text.slice(0, 50));
    expect(await server.requests[0]?.reply.closed).toBe("aborted");
  });

  it("counts bytes before compression", async () => {
    const whole = await play({});
    const { body, error } = await play({ gzip: true, endAtByte: 300 });
    expect([gunzipSync(body).toString(), error]).toEqual([whole.text.slice(0, 300), null]);
    const lost = await play({ gzip: true, disconnectAtByte: 300 });
    expect(lost.error).toBe("ECONNRESET");
    expect(() => gunzipSync(lost.body)).toThrow("unexpected end of file");
  });
});

describe("a connection that is lost", () => {
  it("is closed", async () => {
    await using server = await fakeAnthropic({ replies: words, disconnectAfter: 3 });
    const { text, ending, hangUp } = await postRaw(server.url);
    expect(ending).toBe("FIN");
    expect(text).toContain("event: ping");
    expect(text).not.toMatch(/\r\n0\r\n\r\n$/);
    hangUp();
  });

  it("is reset", async () => {
    for (const options of [{ disconnectAfter: 3 }, { disconnectAtByte: 700 }]) {
      await using server = await fakeAnthropic({ replies: words, reset: true, pace: 5, ...options });
      const { text, ending } = await postRaw(server.url);
      expect(ending).toBe("ECONNRESET");
      expect(text).toContain("event: message_start");
      expect(await server.requests[0]?.reply.closed).toBe("cut");
    }
  });

  it("is closed over TLS, which cannot be reset", async () => {
    const tls = { key: readFileSync("test/tls/key.pem"), cert: readFileSync("test/tls/cert.pem", "utf8") };
    await using server = await fakeAnthropic({ replies: words, tls, disconnectAfter: 3, reset: true });
    const { error } = await post(server.url, params, { ca: tls.cert });
    expect(error).toBe("ECONNRESET");
    expect(await server.requests[0]?.reply.closed).toBe("cut");
  });

  it("is closed in one direction, until the client closes the other", async () => {
    await using server = await fakeAnthropic({ replies: words, disconnectAtByte: 300, halfClose: true });
    const { text, ending, hangUp } = await postRaw(server.url);
    expect(ending).toBe("FIN");
    expect(text).not.toMatch(/\r\n0\r\n\r\n$/);
    await sleep(30);
    expect(server.requests[0]?.reply.outcome).toBe("pending");
    expect(server.connections).toBe(1);
    hangUp();
    expect(await server.requests[0]?.reply.closed).toBe("cut");
    const { error, body } = await post(server.url);
    expect([error, body.length]).toEqual(["ECONNRESET", 300]);
  });
});

describe("a stall with pings", () => {
  it("goes on until the client closes", async () => {
    await using server = await fakeAnthropic({ replies: words, stallAfter: 3, stallPings: 10, lineEnd: "\r\n" });
    const received = await post(server.url, params, {
      onRead: (socket, reads) => void (reads === 8 && socket.destroy()),
    });
    const text = received.body.toString();
    expect(text.match(/event: ping\r\ndata: \{"type": "ping"\}\r\n\r\n/g)).toHaveLength(1 + 5);
    expect((received.times[7] ?? 0) - (received.times[2] ?? 0)).toBeGreaterThanOrEqual(45);
    expect(await server.requests[0]?.reply.closed).toBe("aborted");
    expect(server.requests[0]?.reply.eventsWritten).toBe(3);
  });
});

describe("an error after a number of events", () => {
  it("ends the body", async () => {
    const { text, error, reply: progress } = await play({ errorAfter: 4 });
    const frame = 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n';
    expect(text.endsWith(`}\n\n${frame}`)).toBe(true);
    expect(text.match(/^data:/gm)).toHaveLength(5);
    expect(error).toBe(null);
    expect(progress).toMatchObject({ outcome: "cut", eventsWritten: 5 });
  });

  it("has the requested type, and may come at the start or at the end", async () => {
    const first = await play({ errorAfter: 0, errorType: "api_error", noEventLine: true });
    expect(first.text).toMatch(/^data: \{"type":"error","error":\{"type":"api_error","message":"[^"]+"\}\}\n\n$/);
    expect((await play({ errorAfter: 11 })).text).toMatch(/event: message_stop\n.*\n\nevent: error\n/);
    expect((await play({ errorAfter: -1 })).text).not.toContain("message_stop");
  });
});
