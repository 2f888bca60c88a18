import { connect, type Connection, ReplyError } from "millrace/browser";
import { describe, expect, it } from "vitest";
import { serve } from "../server.ts";
import { chunk, COMPLETE, serveRun, wire, type WireEvent } from "./run-server.ts";

const WORDS = ["Das ", "Wasser ", "fließt ", "🌊 ", "bergab."];
const EVENTS: readonly WireEvent[] = [...WORDS.map(chunk), COMPLETE];
const TEXT = WORDS.join("");
const AT_ONCE = { delayMs: 1, maxDelayMs: 2, attempts: 3 };
const BODY = { question: "Where does it go?" };

interface Read {
  readonly text: string;
  readonly pairs: number;
  readonly error: unknown;
}

/** Reads to the end: what the pairs add up to, and what the iteration throws. */
async function read(connection: Connection, onPair = (): void => {}): Promise<Read> {
  let text = "";
  let pairs = 0;
  try {
    for await (const [{ content }] of connection) {
      text += content;
      pairs++;
      onPair();
    }
  } catch (error) {
    return { text, pairs, error };
  }
  return { text, pairs, error: null };
}

/** Storage of a page, in memory. */
function storage(): Storage & { readonly items: Map<string, string> } {
  const items = new Map<string, string>();
  const only: Partial<Storage> = {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  };
  return Object.assign(only, { items }) as Storage & { readonly items: Map<string, string> };
}

describe("a reply", () => {
  it("comes in pairs, and ends as the server says", async () => {
    await using server = await serveRun(EVENTS);
    const connection = connect(server.url, { body: BODY, id: "chat 1" });
    expect(connection).toMatchObject({ outcome: "pending", content: "", run: null, position: null });
    expect(server.requests).toEqual([]);
    expect(await read(connection)).toEqual({ text: TEXT, pairs: 5, error: null });
    expect(connection).toMatchObject({ outcome: "complete", content: TEXT, error: null, cost: 0.001, run: "run-1" });
    expect(connection.usage?.outputTokens).toBe(5);
    expect(connection.finishReasons).toEqual(["end_turn"]);
    expect(connection.position).toBe("run-1:3.0");
    expect(server.asked).toEqual(["POST /"]);
    expect(server.requests[0]).toMatchObject({ body: BODY, headers: { "content-type": "application/json" } });
  });

  it("is the same wherever its connection is cut", async () => {
    await using server = await serveRun(EVENTS, (_, body) => body);
    for (let cutAt = 3; cutAt < Buffer.byteLength(wire(EVENTS)); cutAt += 29) {
      const body = { cutAt, ends: cutAt % 2 === 0 };
      const connection = connect(server.url, { body, id: "chat 1", storage: null });
      expect([cutAt, await read(connection)]).toEqual([cutAt, { text: TEXT, pairs: 5, error: null }]);
      expect(connection).toMatchObject({ content: TEXT, outcome: "complete" });
      expect(server.asked.at(-1)).toMatch(/^GET \/chat%201\/stream\?run=run-1/);
    }
  });

  it("is the same wherever it is cut, byte for byte", async () => {
    const headers = { "content-type": "text/event-stream", "x-millrace-run": "run-1" };
    const length = Buffer.byteLength(wire(EVENTS));
    for (let cutAt = 0; cutAt < length; cutAt++) {
      const connection = connect("/", {
        body: BODY,
        id: "c",
        storage: null,
        fetch: async (url, init) => {
          const after = new URL(String(url), "http://localhost").searchParams.get("after");
          const body = Buffer.from(wire(EVENTS, after));
          return new Response(init?.method === "POST" ? body.subarray(0, cutAt) : body, { headers });
        },
      });
      expect([cutAt, await read(connection)]).toEqual([cutAt, { text: TEXT, pairs: 5, error: null }]);
    }
  });

  it("is never complete without the server's word", async () => {
    await using server = await serveRun(EVENTS, (_, body) => body);
    for (let cutAt = 0; cutAt < Buffer.byteLength(wire(EVENTS)); cutAt += 17) {
      const connection = connect(server.url, { body: { cutAt, ends: cutAt % 2 === 0 } });
      const { text, error } = await read(connection);
      expect(TEXT.startsWith(text)).toBe(true);
      expect(error).toMatchObject({ name: "ReplyError", code: "stream_truncated" });
      expect(connection).toMatchObject({ outcome: "truncated", content: text, error });
    }
  });

  it("is given up after some attempts in vain, each of which progress makes up for", async () => {
    const legs = [{ cutAt: 220 }, { cutAt: 220 }, { status: 500 }, { status: 429 }, { cutAt: 0 }];
    await using server = await serveRun(EVENTS, (nth) => legs[nth] ?? { status: 503 });
    const connection = connect(server.url, { body: BODY, id: "c", reconnect: AT_ONCE, storage: null });
    const { error } = await read(connection);
    expect(error).toMatchObject({
      code: "stream_truncated",
      message: "The reply was cut off: the connection was lost.",
    });
    expect(connection.outcome).toBe("truncated");
    expect(server.asked.length).toBe(5);
  });

  it.each([
    [204, "the server does not have the rest of it"],
    [404, "the server refused the rest of it with status 404"],
  ])("is cut at once if its rest is answered with %i", async (status, problem) => {
    await using server = await serveRun(EVENTS, (nth) => (nth === 0 ? { cutAt: 200 } : { status }));
    const connection = connect(server.url, { body: BODY, id: "c", storage: null });
    const { error } = await read(connection);
    expect(error).toMatchObject({ code: "stream_truncated", status, message: expect.stringContaining(problem) });
    expect(server.asked.length).toBe(2);
  });

  it("counts as lost once nothing has come for some time", async () => {
    await using server = await serveRun(EVENTS, (nth) => (nth === 0 ? { cutAt: 200, hangs: true } : {}));
    const connection = connect(server.url, { body: BODY, id: "c", reconnect: { idleMs: 50 }, storage: null });
    expect(await read(connection)).toEqual({ text: TEXT, pairs: 5, error: null });
    expect(server.asked.length).toBe(2);
  });

  it("goes by the order of ids, which a take-over begins anew", async () => {
    const ids = [
      "r%20u:1.0",
      "r%20u:1.1",
      "r%20u:10.0",
      "r%20u:2.0",
      "r%20u:10.0",
      "r%20u:3.0~1",
      "r%20u:4.0~1",
      "r%20u:11.0",
    ];
    await using server = await serve((response) => {
      response.writeHead(200, { "content-type": "text/event-stream", "x-millrace-run": "r%20u" });
      const events = ids.map((id, nth) => `id: ${id}\ndata: ${JSON.stringify(chunk(`${nth} `))}\n\n`).join("");
      response.end(`${events}data: ${JSON.stringify(COMPLETE)}\n\n`);
    });
    const connection = connect(server.url, { body: BODY, id: "c", storage: null });
    await read(connection);
    expect(connection).toMatchObject({ content: "0 1 2 5 6 ", run: "r u" });
  });

  it("holds each pair once, whatever a server sends again", async () => {
    await using server = await serve((response, _, count) => {
      response.writeHead(200, { "content-type": "text/event-stream", "x-millrace-run": "run-1" });
      // It begins anew, though it was asked for the rest.
      if (count === 1) response.write(wire(EVENTS).slice(0, 250), () => response.destroy());
      else response.end(wire(EVENTS));
    });
    expect(await read(connect(server.url, { body: BODY, id: "c", storage: null }))).toMatchObject({
      text: TEXT,
      pairs: 5,
    });
  });
});

describe("an error before the reply", () => {
  it("is the server's own", async () => {
    await using server = await serveRun(EVENTS, () => ({ status: 429 }));
    const connection = connect(server.url, { body: BODY, id: "c", storage: null });
    const { error } = await read(connection);
    expect(error).toBeInstanceOf(ReplyError);
    expect(error).toMatchObject({ code: "limiter_wait", message: "Too busy.", status: 429 });
    expect(connection).toMatchObject({ outcome: "failed", error });
    expect(server.asked.length).toBe(1);
  });

  it.each([
    [502, "text/html", "http"],
    [200, "text/html", "content_type"],
    [204, "text/plain", "content_type"],
  ])("with status %i and %s has the code %s", async (status, type, code) => {
    await using server = await serve((response) => {
      response.writeHead(status, { "content-type": type, "retry-after": "2" }).end("<h1>Secret stack</h1>");
    });
    const { error } = await read(connect(server.url, { body: BODY }));
    expect(error).toMatchObject({ code, status, retryAfterMs: 2_000, message: expect.not.stringContaining("Secret") });
  });

  const circular: Record<string, unknown> = {};
  circular["self"] = circular;

  it.each([
    ["that is circular", circular],
    ["that is a BigInt", 1n],
    ["that is a function", () => 1],
  ])("is one of the program if it gives a body %s", async (_, body) => {
    await using server = await serveRun(EVENTS);
    const page = storage();
    page.setItem(`millrace:${server.url}:c`, "{}");
    const connection = connect(server.url, { body, id: "c", storage: page });
    const message = "Invalid body: it has no JSON form.";
    expect((await read(connection)).error).toMatchObject({ name: "ReplyError", code: "invalid_option", message });
    expect(connection.outcome).toBe("failed");
    // What the place has is still there.
    expect([...page.items.keys()]).toEqual([`millrace:${server.url}:c`]);
    expect(server.asked).toEqual([]);
  });

  const cause = new Error("no token");
  it.each([
    ["throws", () => Promise.reject(cause), cause],
    ["gives none", () => ({ "no header": "1" }), expect.any(TypeError)],
  ])("is one of the program if its function of headers %s", async (_, headers, cause) => {
    await using server = await serveRun(EVENTS);
    const options = { id: "c", storage: null, reconnect: { attempts: 2, delayMs: 1 }, headers };
    const message = "Invalid headers: the function threw, or the value is not valid as headers.";
    for (const connection of [connect(server.url, { ...options, body: BODY }), connect(server.url, options)]) {
      expect((await read(connection)).error).toMatchObject({ code: "invalid_option", message, cause });
      expect(connection.outcome).toBe("failed");
    }
    expect(server.asked).toEqual([]);
  });

  it("is not that of a token which could not be had while the network was away", async () => {
    await using server = await serveRun(EVENTS, (nth) => (nth === 0 ? { cutAt: 220 } : {}));
    let asked = 0;
    const headers = (): HeadersInit => {
      asked++;
      if (asked === 2) throw cause;
      return {};
    };
    const connection = connect(server.url, { body: BODY, id: "c", reconnect: AT_ONCE, storage: null, headers });
    expect(await read(connection)).toEqual({ text: TEXT, pairs: 5, error: null });
    expect(asked).toBe(3);
  });

  it("is one of the connection if there is no server", async () => {
    const server = await serveRun(EVENTS);
    await server[Symbol.asyncDispose]();
    const connection = connect(server.url, { body: BODY, id: "c", storage: null });
    expect((await read(connection)).error).toMatchObject({ code: "connection" });
    expect(connection.outcome).toBe("failed");
  });
});

describe("an end", () => {
  const ending = (outcome: string, code: string | null): WireEvent => ({
    type: "end",
    outcome,
    error: code === null ? null : { code, message: "The reply was cut off." },
    finishReasons: [],
  });

  it.each([
    ["truncated", "stream_truncated"],
    ["failed", "api_error"],
    ["aborted", "stream_aborted"],
  ])("as %s is thrown, with the code of the server", async (outcome, code) => {
    await using server = await serveRun([chunk("Some"), ending(outcome, code)]);
    const connection = connect(server.url, { body: BODY, id: "c", storage: null });
    expect(await read(connection)).toMatchObject({ text: "Some", error: { code, message: "The reply was cut off." } });
    expect(connection).toMatchObject({ outcome, error: { code }, content: "Some" });
    expect(server.asked.length).toBe(1);
  });

  it.each([
    { type: "end" },
    { type: "end", outcome: "great", error: null },
    { type: "end", outcome: "pending", error: null },
    { type: "end", outcome: "failed" },
    { type: "end", outcome: "truncated", error: null },
    { type: "end", outcome: "failed", error: "no" },
    null,
    5,
    {},
    "no JSON",
  ])("that cannot be read is thrown: %j", async (end) => {
    const data = end === "no JSON" ? "{oops" : JSON.stringify(end);
    const text = `data: ${JSON.stringify(chunk("Half"))}\n\ndata: ${data}\n\n`;
    const fetch = async (): Promise<Response> =>
      new Response(text, { headers: { "content-type": "text/event-stream" } });
    const connection = connect("/", { body: BODY, fetch });
    const error = { code: "protocol", message: "The reply could not be read." };
    expect(await read(connection)).toMatchObject({ text: "Half", error });
    expect(connection).toMatchObject({ outcome: "failed", error });
  });

  it.each(["{oops", "null", "[]"])("is not asked for again after an event that cannot be read: %s", async (bad) => {
    const asked: string[] = [];
    const fetch: typeof globalThis.fetch = async (_, { method = "GET" } = {}) => {
      asked.push(method);
      const broken = `id: run-1:3.0\ndata: ${bad}\n\n`;
      return new Response(wire([chunk("a"), chunk("b")]) + broken + wire(EVENTS), {
        headers: { "content-type": "text/event-stream" },
      });
    };
    const connection = connect("/", { body: BODY, id: "c", storage: null, fetch });
    expect(await read(connection)).toMatchObject({ text: "ab", pairs: 2, error: { code: "protocol" } });
    // Whoever asks for the rest gets what could not be read, too.
    expect(connection).toMatchObject({ run: "run-1", position: "run-1:1.1", content: "ab" });
    expect(asked).toEqual(["POST"]);
  });

  it("as aborted needs no error", async () => {
    await using server = await serveRun([chunk("Some"), { type: "end", outcome: "aborted" }]);
    const connection = connect(server.url, { body: BODY, storage: null });
    expect((await read(connection)).error).toMatchObject({ code: "stream_aborted", message: "The reply was stopped." });
    expect(connection.outcome).toBe("aborted");
  });

  it("that the page asked for is not thrown: the server stops the run, and says so", async () => {
    let finish = (): void => {};
    await using server = await serve((response, request) => {
      if (request.method === "DELETE") {
        finish();
        response.writeHead(204).end();
        return;
      }
      response.writeHead(200, { "content-type": "text/event-stream", "x-millrace-run": "run-1" });
      response.write(wire([chunk("Some")]));
      finish = () => response.end(`data: ${JSON.stringify(ending("aborted", "stream_aborted"))}\n\n`);
    });
    const connection = connect(server.url, { body: BODY, id: "c", storage: null });
    let isAsked = Promise.resolve();
    for await (const _ of connection) isAsked = connection.stop();
    await isAsked;
    expect(connection).toMatchObject({ outcome: "aborted", content: "Some", error: { code: "stream_aborted" } });
  });

  it("of a reply that nobody keeps comes with its connection", async () => {
    await using server = await serve((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(wire([chunk("Some")], null, null));
    });
    const stopped = connect(server.url, { body: BODY });
    for await (const _ of stopped) void stopped.stop();
    expect(stopped).toMatchObject({ outcome: "aborted", error: { message: "The reply was stopped." } });
    const closed = connect(server.url, { body: BODY });
    for await (const _ of closed) closed.close();
    const left = connect(server.url, { body: BODY });
    for await (const _ of left) break;
    for (const { outcome, error } of [closed, left]) {
      expect([outcome, error?.message]).toEqual(["aborted", "The page has left the reply."]);
    }
    const controller = new AbortController();
    const signalled = connect(server.url, { body: BODY, signal: controller.signal });
    expect(await read(signalled, () => controller.abort("gone"))).toMatchObject({
      text: "Some",
      error: { code: "stream_aborted", cause: "gone" },
    });
    while (server.inUse() > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it("comes at once before the server has answered, and the run is stopped as soon as it is named", async () => {
    let answer = (): void => {};
    const stops: string[] = [];
    await using server = await serve((response, request) => {
      if (request.method === "DELETE") stops.push(request.url ?? "");
      if (request.method === "DELETE") response.writeHead(stops.length > 1 ? 204 : 404).end();
      const head = { "content-type": "text/event-stream", "x-millrace-run": "run-1" };
      if (request.method === "POST") answer = () => response.writeHead(200, head).write(": open\n\n");
    });
    const connection = connect(server.url, { body: BODY, id: "c", storage: null });
    const reading = read(connection);
    while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    const stopping = connection.stop();
    expect(connection).toMatchObject({ outcome: "aborted", error: { message: "The reply was stopped." } });
    expect(await reading).toEqual({ text: "", pairs: 0, error: null });
    await stopping;
    expect(stops).toEqual(["/c/stream"]);
    answer();
    while (stops.length < 2 || server.inUse() > 0) await new Promise((resolve) => setTimeout(resolve, 2));
    expect(stops).toEqual(["/c/stream", "/c/stream?run=run-1"]);
  });

  it("comes at once from a server that never answers", async () => {
    await using server = await serve(() => {});
    const options = { id: "c", storage: null, reconnect: { idleMs: 50, attempts: 1 } };
    const stopping = async (connection: Connection): Promise<unknown> => {
      const reading = read(connection);
      const error = await connection.stop().catch((error: unknown) => error);
      expect(await reading).toMatchObject({ error: null });
      expect(connection.outcome).toBe("aborted");
      return error;
    };
    expect(await stopping(connect(server.url, { body: BODY, ...options }))).toMatchObject({ code: "connection" });
    expect(await stopping(connect(server.url, options))).toMatchObject({ code: "connection" });
    expect(await stopping(connect(server.url, { body: BODY }))).toBeUndefined();
    // Without a stop, it counts as lost.
    expect((await read(connect(server.url, { body: BODY, ...options }))).error).toMatchObject({ code: "connection" });
    while (server.inUse() > 0) await new Promise((resolve) => setTimeout(resolve, 2));
  });

  it("rejects a stop that the server could not be asked for", async () => {
    await using server = await serveRun([chunk("Some"), COMPLETE], undefined, (response) => response.destroy());
    const connection = connect(server.url, { body: BODY, id: "c", storage: null });
    for await (const _ of connection) await expect(connection.stop()).rejects.toMatchObject({ code: "connection" });
    expect(connection.outcome).toBe("complete");
  });

  it("is one: a connection is read once", async () => {
    await using server = await serveRun(EVENTS);
    const connection = connect(server.url, { body: BODY });
    await read(connection);
    const message = "A connection can be read only once: connect anew to read it again.";
    expect((await read(connection)).error).toMatchObject({ code: "stream_consumed", message });
    expect(connection.outcome).toBe("complete");
  });
});

describe("after a reload", () => {
  it("the run of this tab is read again, or from where the tab was", async () => {
    await using server = await serveRun(EVENTS, () => ({}));
    const page = storage();
    const first = connect(server.url, { body: BODY, id: "c", storage: page });
    for await (const [{ content }] of first) if (content === WORDS[2]) break;
    expect(first.position).toBe("run-1:2.0");
    expect(await read(connect(server.url, { id: "c", storage: page }))).toMatchObject({ text: TEXT });
    const { position } = first;
    const rest = connect(server.url, { id: "c", after: position ?? "", storage: page });
    expect(await read(rest)).toMatchObject({ text: WORDS.slice(3).join("") });
    expect(rest.outcome).toBe("complete");
    expect(await read(connect(server.url, { id: "c", after: "stored", storage: page }))).toMatchObject({ text: "" });
    expect(server.asked.slice(1)).toEqual([
      "GET /c/stream?run=run-1",
      "GET /c/stream?run=run-1&after=run-1%3A2.0",
      "GET /c/stream?run=run-1&after=run-1%3A3.0",
    ]);
  });

  it("a run that is not known here is the server's to name; and if there is none, that is no error to throw", async () => {
    await using server = await serveRun(EVENTS, (nth) => (nth === 0 ? {} : { status: 204 }));
    expect(await read(connect(server.url, { id: "c", storage: null }))).toMatchObject({ text: TEXT, error: null });
    const nothing = connect(server.url, { id: "c", storage: null });
    expect(await read(nothing)).toEqual({ text: "", pairs: 0, error: null });
    expect(nothing).toMatchObject({ outcome: "truncated", error: { code: "nothing_to_resume" } });
    expect(server.asked).toEqual(["GET /c/stream", "GET /c/stream"]);
  });
});

describe("pairs", () => {
  it("hold tools while their input streams, results, thinking and turns", async () => {
    const tool = (rest: object): WireEvent => ({ type: "chunk", turn: 0, tool: { id: "t1", name: "search", ...rest } });
    await using server = await serveRun([
      { type: "chunk", thinking: "Hm.", turn: 0 },
      { type: "chunk", content: "I look.", turn: 0 },
      tool({ state: "streaming", delta: '{"query": "wa' }),
      tool({ state: "streaming", delta: 'ter", "page": 1' }),
      tool({ state: "complete", args: { query: "water", page: 1 } }),
      { type: "chunk", turn: 0, toolResult: { id: "t1", name: "search", output: { hits: 2 }, isError: false } },
      { type: "chunk", content: "Two hits.", turn: 1 },
      { ...COMPLETE, stopReason: "answer", approvals: [] },
    ]);
    const connection = connect(server.url, { body: BODY, id: "c", storage: null });
    const seen: unknown[] = [];
    for await (const [{ toolResult, turn }, call] of connection) {
      if (call !== null) seen.push([call.state, call.args, call.delta]);
      if (toolResult !== null) seen.push([toolResult.output, turn, connection.content, connection.thinking]);
    }
    expect(seen).toEqual([
      ["streaming", { query: "wa" }, '{"query": "wa'],
      ["streaming", { query: "water" }, 'ter", "page": 1'],
      ["complete", { query: "water", page: 1 }, null],
      [{ hits: 2 }, 0, "I look.", "Hm."],
    ]);
    expect(connection).toMatchObject({ content: "Two hits.", thinking: "", stopReason: "answer" });
  });

  it("of a restart begin the text anew", async () => {
    await using server = await serveRun([
      chunk("Once upon"),
      { type: "chunk", recovery: { type: "restart", attempt: 1 } },
      chunk("There was"),
      { type: "chunk", recovery: { type: "continue", attempt: 2 } },
      chunk(" a king."),
      COMPLETE,
    ]);
    const connection = connect(server.url, { body: BODY, id: "c", storage: null });
    await read(connection);
    expect(connection.content).toBe("There was a king.");
  });

  it("come anew from a producer that does not have all that was shown here", async () => {
    const again: readonly WireEvent[] = [{ type: "chunk", recovery: { type: "restart", attempt: 0 } }];
    const anew = wire([chunk("There "), chunk("was."), COMPLETE]);
    await using server = await serve((response, _, count) => {
      response.writeHead(200, { "content-type": "text/event-stream", "x-millrace-run": "run-1" });
      if (count === 1) response.write(wire([chunk("Once "), chunk("upon "), chunk("a ")]), () => response.destroy());
      else response.end(wire(again, null, null) + anew);
    });
    const connection = connect(server.url, { body: BODY, id: "c", storage: null });
    await read(connection);
    expect(connection).toMatchObject({ content: "There was.", outcome: "complete", position: "run-1:1.1" });
  });

  it("of a burst let the page do other things in between", async () => {
    const events = Array.from({ length: 100 }, (_, nth) => chunk(`${nth} `));
    await using server = await serveRun([...events, COMPLETE]);
    const connection = connect(server.url, { body: BODY, id: "c", storage: null });
    let inOneGo = 0;
    let most = 0;
    const timer = setInterval(() => (inOneGo = 0));
    for await (const _ of connection) {
      most = Math.max(most, ++inOneGo);
      for (const end = performance.now() + 1; performance.now() < end;);
    }
    clearInterval(timer);
    expect(connection.content).toHaveLength(290);
    expect(most).toBeLessThan(20);
  });
});

it("headers are asked for at each request, and `fetch` may be another", async () => {
  await using server = await serveRun(EVENTS, (nth) => (nth === 0 ? { cutAt: 200 } : {}));
  let token = 0;
  const urls: string[] = [];
  const connection = connect("/chat?v=1", {
    body: BODY,
    id: "c",
    storage: null,
    headers: async () => ({ authorization: `Bearer ${++token}` }),
    fetch: (url, init) => {
      urls.push(String(url));
      return fetch(new URL(String(url), server.url), init);
    },
  });
  expect(await read(connection)).toMatchObject({ text: TEXT });
  expect(urls).toEqual(["/chat?v=1", expect.stringMatching(/^\/chat\/c\/stream\?v=1&run=run-1&after=/)]);
  expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(["Bearer 1", "Bearer 2"]);
});
