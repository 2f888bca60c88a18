import { once } from "node:events";
import * as net from "node:net";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { beats, expectHandledRejections, inTurn, open, type Options, read, reply } from "./reading.ts";
import type { Beat, Script } from "./subject.ts";
import { subjects } from "./subjects.ts";

expectHandledRejections();

const SECRET = 'sk-canary-0123+4/5"6789';
const HEADER = "header-canary-0123456789";
const CANARY = /canary|c2stY2FuYXJ5|aGVhZGVyLWNhbmFyeS/i;

/** The secret in all of the ways in which a server may give it back. */
const ECHO = [
  SECRET,
  `Bearer ${SECRET}`,
  encodeURIComponent(SECRET),
  JSON.stringify(SECRET),
  Buffer.from(SECRET).toString("base64"),
  Buffer.from(SECRET).toString("base64url"),
  HEADER,
].join(" ");

/** Everything that a log could show of a value. */
function shown(value: unknown): string {
  const error = value instanceof Error ? [value.message, value.stack, String(value), shown(value.cause)] : [];
  return [...error, JSON.stringify(value) ?? "", inspect(value, { depth: 20, showHidden: false })].join("\n");
}

describe.each(subjects)("S14: no secrets come out ($name)", (subject) => {
  const started: Beat[] = subject.traits.starts ? [{ start: true }] : [];
  const headers = Object.fromEntries(
    ["request-id", "x-request-id", "x-amzn-requestid", "retry-after", "x-echo", "set-cookie"].map((name) => [
      name,
      name === "set-cookie" ? HEADER : SECRET,
    ]),
  );
  const scripts: readonly (readonly [name: string, Script])[] = [
    ["no response", { status: 0 }],
    ...[400, 401, 403, 404, 413, 429, 500, 503].map((status): [string, Script] => [
      `an error ${status}`,
      { status, message: ECHO },
    ]),
    ["an error whose headers echo it", { status: 401, message: "No.", headers }],
    ["a redirect", { status: 307, headers: { location: `http://127.0.0.1:1/${encodeURIComponent(SECRET)}` } }],
    ["another content type", { headers: { "content-type": `text/html; x="${HEADER}"` }, beats: [{ raw: ECHO }] }],
    ["a reset", beats({ end: "reset" })],
    ["a reset of a reply whose headers echo it", { headers, beats: [...started, { end: "reset" }] }],
    ["an error at once", beats({ error: ECHO, retryable: true })],
    ["an error after content", beats({ text: "Hi" }, { error: ECHO, retryable: false })],
    ["an event that cannot be read", beats({ text: "Hi" }, { malformed: true })],
    ["bytes that are no event", beats({ raw: `${ECHO}\n\n{"${HEADER}": ]\n\n` }, { malformed: true })],
    ["a stall", beats({ text: "Hi" }, { end: "open" })],
  ];

  it.each(scripts)("after %s", async (_, script) => {
    await using server = await subject.serve(() => script);
    const client = subject.client(server.url, { secret: SECRET, headers: { "x-team": HEADER } });
    const options: Options = {
      client,
      limiter: subject.limiter(),
      retry: { delay: 1, attempts: 2, maxRetryAfter: 10 },
      onInterrupt: "restart",
      timeout: { idle: 60, firstContent: 300 },
    };
    const stream = open(subject, server, options);
    const { error } = await read(stream);
    expect(error).toBe(stream.error);
    expect(error).not.toBeNull();
    for (const value of [error, stream, stream.attempts, client, options.limiter]) {
      expect(shown(value)).not.toMatch(CANARY);
    }
    for (const report of stream.attempts) expect(shown(report.error)).not.toMatch(CANARY);
    // The provider has got it, though.
    const [request] = server.requests;
    const sent = JSON.stringify([request?.headers, request?.path, request?.body]);
    expect(sent).toContain(HEADER);
    expect(decodeURIComponent(sent.replaceAll("\\", "")).includes(SECRET)).toBe(subject.traits.sendsSecret);
  });

  it("where nobody listens", async () => {
    const probe = net.createServer().listen(0, "127.0.0.1");
    await once(probe, "listening");
    const url = `http://127.0.0.1:${(probe.address() as net.AddressInfo).port}`;
    probe.close();
    await once(probe, "close");
    const client = subject.client(url, { secret: SECRET, headers: { "x-team": HEADER } });
    const stream = open(subject, { url }, { client, retry: false });
    const { error } = await read(stream);
    expect(error).toMatchObject({ code: "connection", phase: "connect" });
    expect(shown(error)).not.toMatch(CANARY);
  });

  it("to another provider's client, which is asked next", async () => {
    await using first = await subject.serve(() => ({ status: 503, message: ECHO }));
    await using second = await subject.serve(
      inTurn({ status: 503, message: `${ECHO} other-secret-0123` }, reply("Hi")),
    );
    const stream = open(subject, first, {
      client: subject.client(first.url, { secret: SECRET, headers: { "x-team": HEADER } }),
      retry: { attempts: 1 },
      fallback: [
        { model: subject.models[1], client: subject.client(second.url, { secret: "other-secret-0123" }) },
        { model: subject.models[0], client: subject.client(second.url, { secret: "other-secret-0123" }) },
      ],
    });
    expect((await stream.response()).content).toBe("Hi");
    for (const { headers: sent, path, body } of second.requests) {
      expect(decodeURIComponent(JSON.stringify([sent, path, body]))).not.toMatch(CANARY);
    }
    expect(shown(stream.attempts[0]?.error)).not.toMatch(CANARY);
    expect(shown(stream.attempts[1]?.error)).not.toContain("other-secret");
  });

  it("in what a client, a call or a limiter shows of itself", () => {
    const client = subject.client("http://127.0.0.1:1", { secret: SECRET, headers: { "x-team": HEADER } });
    const ask = subject.call(subject.models[0], { client, stream: true }, () => "Hello");
    for (const value of [client, ask, ask(), subject.limiter()]) {
      expect(shown(value)).not.toMatch(CANARY);
      expect(inspect(value, { depth: 20, showHidden: true })).not.toMatch(CANARY);
    }
  });
});
