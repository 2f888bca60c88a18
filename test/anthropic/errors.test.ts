import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { errorFromClient, errorFromEvent, errorFromResponse } from "../../src/providers/anthropic/errors.ts";
import { retryAfterMs } from "../../src/provider/error-body.ts";
import { ApiError, ConnectionError, MillraceError } from "../../src/errors.ts";
import { cpuMsSince } from "../cpu-time.ts";

const noHeaders = (): null => null;
const headers =
  (values: Readonly<Record<string, string>>) =>
  (name: string): string | null =>
    values[name] ?? null;

function expectDeclaredTypes(error: ApiError): void {
  expect(error.providerMessage).toBeTypeOf("string");
  expect(error.type === null || typeof error.type === "string").toBe(true);
  expect(error.requestId === null || typeof error.requestId === "string").toBe(true);
  expect(error.retryable).toBeTypeOf("boolean");
  expect(error.message).toMatch(/^Anthropic (ended the stream|answered \d+): ./);
}

describe("the error in a body", () => {
  it.each([
    ["the API's own", '{"type":"error","error":{"type":"api_error","message":"Oops"}}', "api_error", "Oops"],
    ["a plain word", '{"error":"Not Found"}', null, "Not Found"],
    ["AWS's", '{"message":"Too many requests"}', null, "Too many requests"],
    ["a message beside an unusable error", '{"error":{"type":3,"message":{}},"message":"Busy"}', null, "Busy"],
    ["one of the wrong types", '{"error":{"type":3,"message":{}}}', null, ""],
    ["a list", '[{"error":"x"}]', null, ""],
    ["a number", "529", null, ""],
    ["nothing", "", null, ""],
    ["text", "upstream connect error", null, "upstream connect error"],
  ])("%s", (_, text, type, message) => {
    const error = errorFromResponse(529, noHeaders, text);
    expect(error).toMatchObject({ type, providerMessage: message, status: 529, retryable: true });
    expect(error?.message).toContain(message || "(no message)");
  });

  it("is recognised in a response with status 200, and a message is not mistaken for one", () => {
    for (const text of ['{"error":"Not Found"}', '{"error":["x"]}', '{"type":"error"}', '{"error":{}}']) {
      expect(errorFromResponse(200, noHeaders, text), text).toBeInstanceOf(ApiError);
    }
    for (const text of ['{"type":"message","error":null}', '{"error":""}', "<p>Hi</p>", "[]", "1", "null", ""]) {
      expect(errorFromResponse(200, noHeaders, text), text).toBeNull();
    }
  });

  it("has the words of an HTML page, without its markup", () => {
    const page = `<!DOCTYPE html><html><head><!-- a <b> comment --><style>p { color: red }</style>
      <script>if (1 < 2) alert("x")</script ><title>502 Bad Gateway</title></head>
      <body><h1 class="a">Bad   gateway</h1>\n<STYLE>h1{}</STYLE><p>Try again &gt; later.</p></body></html>`;
    const text = "502 Bad Gateway Bad gateway Try again &gt; later.";
    expect(errorFromResponse(502, noHeaders, page)?.providerMessage).toBe(text);
    expect(errorFromResponse(502, noHeaders, "5 < 6 and no tag")?.providerMessage).toBe("5 < 6 and no tag");
    expect(errorFromResponse(502, noHeaders, "a<style>never closed")?.providerMessage).toBe("a");
    expect(errorFromResponse(502, noHeaders, `${"x".repeat(900)}<p>`)?.providerMessage).toBe(`${"x".repeat(200)}…`);
  });

  const units = [
    "<",
    "<style",
    "<script>",
    "<style></style",
    "<!--",
    "</",
    "< a",
    " ",
    "<a\n",
    "><",
    "<style></style>",
  ];
  it.each(units)("is read in linear time from a page of %j", (unit) => {
    const start = process.cpuUsage();
    for (const size of [30_000, 120_000, 480_000]) {
      const page = unit.repeat(size / unit.length);
      errorFromResponse(500, noHeaders, page);
      errorFromEvent({ type: "error", error: page });
      errorFromEvent({ type: "error", error: `x${page}x` });
    }
    expect(cpuMsSince(start)).toBeLessThan(500);
  });

  it("is an ApiError with declared types, whatever the body", () => {
    const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom("__proto__", { toString: 1 }, { length: 3 }));
    const body = fc.oneof(
      value,
      fc.record({ error: value, message: value, type: value, request_id: value }),
      fc.record({ error: fc.record({ type: value, message: value, details: value }), request_id: value }),
    );
    fc.assert(
      fc.property(body, fc.integer({ min: 400, max: 599 }), (given, status) => {
        const fromResponse = errorFromResponse(status, noHeaders, JSON.stringify(given));
        expect(fromResponse).toBeInstanceOf(ApiError);
        if (fromResponse !== null) expectDeclaredTypes(fromResponse);
        expectDeclaredTypes(errorFromEvent(given));
      }),
    );
  });
});

describe("retryAfterMs", () => {
  const longest = 2 ** 31 - 1;

  it.each([
    ["1500.5", 1500.5],
    ["0", 0],
    ["1e308", longest],
    ["Infinity", longest],
    ["-5", undefined],
    ["NaN", undefined],
    ["", undefined],
  ])("reads retry-after-ms: %s", (value, ms) => {
    expect(retryAfterMs(headers({ "retry-after-ms": value }))).toBe(ms);
  });

  it.each([
    ["7", 7000],
    ["0.5", 500],
    ["0", 0],
    ["1e308", longest],
    ["99999999999999999999", longest],
    ["Infinity", longest],
    ["Fri, 31 Dec 9999 23:59:59 GMT", longest],
    ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
    ["-1", undefined],
    ["NaN", undefined],
    ["abc", undefined],
    ["", undefined],
  ])("reads retry-after: %s", (value, ms) => {
    expect(retryAfterMs(headers({ "retry-after": value }))).toBe(ms);
  });

  it("prefers milliseconds, unless they are unusable", () => {
    expect(retryAfterMs(headers({ "retry-after-ms": "20", "retry-after": "9" }))).toBe(20);
    expect(retryAfterMs(headers({ "retry-after-ms": "-1", "retry-after": "9" }))).toBe(9000);
    expect(retryAfterMs(noHeaders)).toBeUndefined();
  });

  it("is undefined or a time that a timer can wait, whatever the headers", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.double().map(String)), fc.boolean(), (value, inMs) => {
        const ms = retryAfterMs(headers({ [inMs ? "retry-after-ms" : "retry-after"]: value })) ?? 0;
        expect(ms >= 0 && ms <= longest).toBe(true);
      }),
    );
  });
});

describe("what an SDK client threw", () => {
  const throwing = (...names: string[]): object => {
    const thrown = {};
    for (const name of names) {
      Object.defineProperty(thrown, name, {
        get() {
          throw new Error(`no ${name}`);
        },
      });
    }
    return thrown;
  };
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();

  it.each<[string, unknown]>([
    ["null", null],
    ["undefined", undefined],
    ["a symbol", Symbol("s")],
    ["an object without a prototype", Object.create(null)],
    ["an object that cannot become a string", { toString: 1 }],
    ["an error whose message is not a string", Object.assign(new Error("x"), { message: Object.create(null) })],
    ["a status that throws", throwing("status")],
    ["a body that throws", throwing("error")],
    ["headers that throw", throwing("headers")],
    ["an error that throws everything", throwing("status", "error", "headers", "message", "toString")],
    ["a body whose fields throw", { status: 500, error: throwing("error") }],
    ["a revoked proxy", revoked.proxy],
  ])("is an error of ours: %s", (_, thrown) => {
    const error = errorFromClient(thrown);
    expect(error).toBeInstanceOf(MillraceError);
    expect(error.message).toBeTypeOf("string");
    expect(Object.is(error.cause, thrown)).toBe(true);
  });

  it("is a ConnectionError without a status and a body, and an ApiError otherwise", () => {
    expect(errorFromClient(new TypeError("fetch failed"))).toBeInstanceOf(ConnectionError);
    expect(errorFromClient({ status: Number.NaN })).toBeInstanceOf(ConnectionError);
    const refused = errorFromClient({
      status: 429,
      headers: new Headers({ "retry-after": "3", "request-id": "req_1" }),
      error: { type: "error", error: { type: "rate_limit_error", message: "Slow down" } },
    });
    expect(refused).toMatchObject({
      status: 429,
      retryAfterMs: 3000,
      requestId: "req_1",
      type: "rate_limit_error",
      providerMessage: "Slow down",
    });
    const odd = errorFromClient({ status: 1.5, error: { error: 3 } });
    expect(odd).toBeInstanceOf(ApiError);
    expect(odd.status).toBeUndefined();
  });

  it("never has a status that is not an integer", () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), fc.anything(), (status, error, values) => {
        const made = errorFromClient({ status, error, headers: values });
        expect(made.status === undefined || Number.isInteger(made.status)).toBe(true);
        if (made instanceof ApiError) expect(made.providerMessage).toBeTypeOf("string");
      }),
    );
  });
});
