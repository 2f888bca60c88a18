import type { ChatTransport, UIMessage } from "ai";
import { millraceTransport, type TransportOptions } from "millrace/browser";
import { describe, expect, it } from "vitest";
import { serve, type TestServer } from "../server.ts";

type Part = Readonly<Record<string, unknown>> & { readonly type: string };

const PARTS: readonly Part[] = [
  { type: "start", messageId: "run-1" },
  { type: "start-step" },
  { type: "text-start", id: "0" },
  { type: "text-delta", id: "0", delta: "Das Wasser " },
  { type: "text-delta", id: "0", delta: "fließt 🌊." },
  { type: "text-end", id: "0" },
  { type: "finish-step" },
  { type: "finish", finishReason: "stop" },
];
/** Where they are in the run: the first pair became three parts, and the end three. */
const IDS = [null, "1.0.1", "1.0.2", "1.0", "2.0", "end.1", "end.2", "end.3"];

/** The bytes after a position. */
function wire(after: string | null, isKept = true): string {
  const frames = PARTS.map((part, nth) => {
    const id = isKept && IDS[nth] != null ? `run-1:${IDS[nth]}` : null;
    return { id, text: `${id === null ? "" : `id: ${id}\n`}data: ${JSON.stringify(part)}\n\n` };
  });
  const at = after === null ? 1 : frames.findIndex(({ id }) => id === after) + 1;
  // The start comes again.
  const sent = [frames[0], ...frames.slice(at)].map((frame) => frame?.text);
  return `: open\n\n${sent.join("")}data: [DONE]\n\n`;
}

const headers = { "content-type": "text/event-stream", "x-millrace-run": "run-1" };

async function partsOf(stream: ReadableStream<unknown> | null, parts: unknown[] = []): Promise<unknown[]> {
  for await (const part of stream ?? []) parts.push(part);
  return parts;
}

const transport = (options: TransportOptions): ChatTransport<UIMessage> => millraceTransport(options);
const send = (to: ChatTransport<UIMessage>, abortSignal?: AbortSignal): Promise<ReadableStream<unknown>> => {
  const message: UIMessage = { id: "m", role: "user", parts: [{ type: "text", text: "Where does it go?" }] };
  const about = { chatId: "chat 1", messageId: undefined, messages: [message], abortSignal };
  return to.sendMessages({ trigger: "submit-message", ...about, headers: { "x-own": "1" }, body: { model: "large" } });
};

describe("the transport", () => {
  it("sends what useChat's own sends, and gives the parts", async () => {
    await using server = await serve((response) => response.writeHead(200, headers).end(wire(null)));
    const stream = await send(
      transport({ api: server.url, body: { tone: "dry" }, headers: { authorization: "Bearer 1" } }),
    );
    expect(await partsOf(stream)).toEqual(PARTS);
    expect(server.requests[0]).toMatchObject({
      headers: { authorization: "Bearer 1", "x-own": "1" },
      body: { id: "chat 1", trigger: "submit-message", messages: [{ id: "m" }], tone: "dry", model: "large" },
    });
  });

  it("gives each part once, wherever the connection is cut", async () => {
    const length = Buffer.byteLength(wire(null));
    for (let cutAt = 0; cutAt < length; cutAt += 3) {
      const cut = millraceTransport({
        fetch: async (url, init) => {
          const body = Buffer.from(wire(new URL(String(url), "http://localhost").searchParams.get("after")));
          return new Response(init?.method === "POST" ? body.subarray(0, cutAt) : body, { headers });
        },
      });
      expect([cutAt, await partsOf(await send(cut))]).toEqual([cutAt, PARTS]);
    }
  });

  it("never takes a reply that was cut for a whole one", async () => {
    await using server = await serve((response) =>
      response.writeHead(200, { "content-type": "text/event-stream" }).end(wire(null, false).slice(0, 300)),
    );
    const parts: unknown[] = [];
    const reading = partsOf(await send(transport({ api: server.url })), parts);
    await expect(reading).rejects.toMatchObject({ code: "stream_truncated" });
    expect(parts).toEqual(PARTS.slice(0, parts.length));
    expect(parts.length).toBeGreaterThan(3);
  });

  it.each(["{oops", "null"])("fails at an event that cannot be read, after what came before: %s", async (bad) => {
    await using server = await serve((response) => {
      const start = wire(null).split("\n\n").slice(0, 5);
      response.writeHead(200, headers).end(`${start.join("\n\n")}\n\ndata: ${bad}\n\n${wire("run-1:1.0")}`);
    });
    const parts: unknown[] = [];
    const reading = partsOf(await send(transport({ api: server.url })), parts);
    await expect(reading).rejects.toMatchObject({ name: "ReplyError", code: "protocol" });
    expect(parts).toEqual(PARTS.slice(0, 4));
  });

  it("rejects what cannot be sent, and says why", async () => {
    const api = "http://127.0.0.1:1";
    const invalid = (option: string): object => ({
      code: "invalid_option",
      message: expect.stringContaining(`Invalid ${option}: `),
    });
    await expect(send(transport({ api, body: { count: 1n } }))).rejects.toMatchObject(invalid("body"));
    const headers = (): never => {
      throw new Error("no token");
    };
    await expect(send(transport({ api, headers }))).rejects.toMatchObject(invalid("headers"));
  });

  it("rejects with the words of a server that refuses", async () => {
    await using server = await serve((response) => {
      response
        .writeHead(429, { "content-type": "application/json" })
        .end('{"code":"limiter_wait","message":"Too busy."}');
    });
    await expect(send(transport({ api: server.url }))).rejects.toThrow("Too busy.");
  });

  it("resumes, or has nothing to resume", async () => {
    let status = 200;
    await using server = await serve((response, request) => {
      expect(request.url).toBe("/chat%201/stream?message=run-0");
      if (status === 200) response.writeHead(200, headers).end(wire(null));
      else response.writeHead(status).end();
    });
    const resuming = transport({ api: server.url, lastMessageId: "run-0" });
    expect(await partsOf(await resuming.reconnectToStream({ chatId: "chat 1" }))).toEqual(PARTS);
    status = 204;
    expect(await resuming.reconnectToStream({ chatId: "chat 1" })).toBeNull();
  });
});

/** Serves a run that goes on until it is stopped. */
async function serveEndless(isKept: boolean): Promise<TestServer & { readonly stops: readonly string[] }> {
  const stops: string[] = [];
  const server = await serve((response, request) => {
    if (request.method === "DELETE") {
      stops.push(request.url ?? "");
      response.writeHead(204).end();
      return;
    }
    response.writeHead(200, isKept ? headers : { "content-type": "text/event-stream" });
    response.write(wire(null, isKept).slice(0, 300));
  });
  return Object.assign(server, { stops });
}

describe("stop()", () => {
  it("has the server end a kept run, and closes the connection", async () => {
    await using server = await serveEndless(true);
    const controller = new AbortController();
    const stream = await send(transport({ api: server.url }), controller.signal);
    const parts: unknown[] = [];
    const reading = partsOf(stream, parts);
    while (parts.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    controller.abort();
    await expect(reading).rejects.toMatchObject({ name: "AbortError" });
    while (server.inUse() > 0) await new Promise((resolve) => setTimeout(resolve, 2));
    expect(server.stops).toEqual(["/chat%201/stream?run=run-1"]);
  });

  it("closes the connection of a reply that nobody keeps", async () => {
    await using server = await serveEndless(false);
    const controller = new AbortController();
    const stream = await send(transport({ api: server.url }), controller.signal);
    controller.abort();
    await expect(partsOf(stream)).rejects.toMatchObject({ name: "AbortError" });
    while (server.inUse() > 0) await new Promise((resolve) => setTimeout(resolve, 2));
    expect(server.stops).toEqual([]);
  });

  it("works before the server has answered", async () => {
    let answer = (): void => {};
    const stops: string[] = [];
    await using server = await serve((response, request) => {
      if (request.method === "DELETE") stops.push(request.url ?? "");
      if (request.method === "DELETE") response.writeHead(204).end();
      else answer = () => response.writeHead(200, headers).write(": open\n\n");
    });
    const controller = new AbortController();
    const sending = send(transport({ api: server.url }), controller.signal);
    while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    controller.abort();
    await expect(sending).rejects.toMatchObject({ name: "AbortError" });
    answer();
    while (stops.length === 0 || server.inUse() > 0) await new Promise((resolve) => setTimeout(resolve, 2));
    expect(stops).toEqual(["/chat%201/stream?run=run-1"]);
  });
});
