import { inspect } from "node:util";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ApiError,
  ConnectionError,
  ContentTypeError,
  type MillraceError,
  RedirectError,
  StreamTimeoutError,
  StreamTruncatedError,
} from "../../src/errors.ts";
import { Secrets } from "../../src/http/redaction.ts";
import { secretsOf } from "../../src/http/secrets.ts";

function knownSecrets(values: readonly string[]): Secrets {
  const secrets = new Secrets();
  secrets.add(() => values);
  return secrets;
}
const redactText = (text: string, values: readonly string[]): string => knownSecrets(values).cut(text);
const redactError = (error: MillraceError, values: readonly string[]): void => knownSecrets(values).redact(error);

const KEY = "sk-ant-canary/0123+45=";

describe("secretsOf", () => {
  it("has the values of headers, except those that are public", () => {
    const headers = {
      accept: "text/event-stream",
      "accept-encoding": "identity",
      "x-version": "2023-06-01",
      "content-length": "1234",
      "content-type": "application/json",
      host: "api.example.com",
      "user-agent": "millrace",
      "x-api-key": KEY,
      "x-team": "search",
      "user-agent-token": "mine",
    };
    const secrets = secretsOf(headers, "https://api.example.com/v1", /^x-version$/);
    expect(secrets).toEqual(expect.arrayContaining([KEY, "search", "mine"]));
    expect(secrets.join()).not.toMatch(/event|identity|2023|1234|json|api\.example|millrace/);
    expect(secretsOf(headers, "")).toContain("2023-06-01");
  });

  it("has credentials with and without their scheme", () => {
    for (const name of ["authorization", "proxy-authorization", "x-forwarded-authorization"]) {
      expect(secretsOf({ [name]: "Bearer abcd" }, "")).toEqual(expect.arrayContaining(["Bearer abcd", "abcd"]));
    }
    const basic = secretsOf({ authorization: `Basic ${btoa("me:pass:word")}` }, "");
    expect(basic).toEqual(expect.arrayContaining(["me:pass:word", "me", "pass:word"]));
  });

  it("has the credentials and the query values of the URL", () => {
    const secrets = secretsOf({}, "https://me%40x:p%C3%A4ss@api.example.com/v1?key=a%20b&alt=sse#f");
    expect(secrets).toEqual(expect.arrayContaining(["me@x:päss", "me@x", "päss", "a b", "sse"]));
    expect(secretsOf({}, "https://me:100%@x.example").join()).toContain("100%");
    for (const url of ["", "no URL", "https://x.example"]) expect(secretsOf({}, url).join("")).toMatch(/^:*$/);
  });
});

describe("redactText", () => {
  it.each([
    ["as it is", KEY],
    ["in another case", KEY.toUpperCase()],
    ["percent-encoded", encodeURIComponent(KEY)],
    ["percent-encoded in lower case", encodeURIComponent(KEY).toLowerCase()],
    ["in part percent-encoded", KEY.replace("+", "%2B")],
    ["in base64", btoa(KEY)],
    ["in base64 without padding", btoa(KEY).replace(/=+$/, "")],
    ["as PHP's JSON has it", KEY.replace("/", "\\/")],
    ["as Go's JSON has it", KEY.replace("+", "\\u002B")],
    ["percent-encoded twice", encodeURIComponent(encodeURIComponent(KEY))],
    ["as HTML has it", KEY.replace("/", "&#x2F;").replace("+", "&#43;").replace("=", "&#x3D;")],
  ])("cuts a secret out %s", (_, form) => {
    expect(redactText(`Bad key: ${form}, sorry`, [KEY])).toMatch(/^Bad key: \[redacted\]=*, sorry$/);
  });

  it.each([
    ["a line break", 'a\nb"\\c', '"a\\nb\\"\\\\c"'],
    ["a space in a query", "pass word", "pass+word"],
    ["an accent", "geheimnispäss", "geheimnisp%C3%A4ss"],
    ["a character of three bytes", "秘密の鍵です", encodeURIComponent("秘密の鍵です")],
    ["a character of two units", "key🔑🔑", "key\\ud83d\\udd11\\ud83d\\udd11"],
    ["base64 in a URL", "?>?>?>?>", "Pz4_Pj8-Pz4"],
    ["a lone surrogate", "key\ud800key", "key\ud800key"],
  ])("cuts out %s, escaped", (_, secret, form) => {
    expect(redactText(`<${form}>`, [secret])).toMatch(/^<"?\[redacted\]"?>$/);
  });

  it("prefers the longest secret", () => {
    expect(redactText("Bearer abcdefgh", ["abcd", "Bearer abcdefgh", "abcdefgh"])).toBe("[redacted]");
  });

  it("leaves what is too short or too common", () => {
    const text = "abc is true";
    expect(redactText(text, ["abc", " abc ", "", "true", "TRUE"])).toBe(text);
    expect(redactText(text, [])).toBe(text);
    expect(redactText("abcd", [" abcd\n"])).toBe("[redacted]");
  });

  it("cuts the beginning of a secret where a text was shortened", () => {
    for (const [text, rest] of [
      [`${KEY.slice(0, 9)}`, ""],
      [`${KEY.slice(0, 12)}…, sorry`, "…, sorry"],
      [`${KEY.slice(0, 12)}\n  at`, "\n  at"],
      [`${encodeURIComponent(KEY.slice(0, 17))}%2…`, "…"],
      [`${btoa(KEY).slice(0, 12)}…`, "…"],
    ] as const) {
      expect(redactText(`Bad key: ${text}`, [KEY]).replace("%2", "")).toBe(`Bad key: [redacted]${rest}`);
    }
    const text = `Bad key: ${KEY.slice(0, 7)}… or ${KEY.slice(0, 12)}, sorry`;
    expect(redactText(text, [KEY])).toBe(text);
  });

  it.each([
    ["JSON", JSON.stringify(Array.from({ length: 1_600 }, (_, k) => ({ k, v: "a b/c" })))],
    ["a cookie", `${"a=%7B1%7D; ".repeat(1_300)}b=2`],
    ["a token", "Ab/+".repeat(10_000)],
  ])("cuts out %s of many kilobytes", (_, secret) => {
    for (const form of [secret, JSON.stringify(secret), encodeURIComponent(secret), btoa(secret)]) {
      expect(redactText(`<${form}>`, [secret])).toMatch(/^<"?\[redacted\]=*"?>$/);
    }
  });

  it("cuts out a secret that was encoded, and then escaped up to twice, and changes nothing else", () => {
    const forms = fc
      .tuple(fc.constantFrom(...alphabets), fc.array(fc.constantFrom(...escapes), { maxLength: 2 }))
      .map(([alphabet, escaped]) => [alphabet, ...escaped]);
    const around = fc.string({ maxLength: 12 });
    fc.assert(
      fc.property(key, forms, around, around, (whole, chain, before, after) => {
        const encoded = chain.reduce((text, encode) => encode(text), whole);
        const cut = redactText(`${before} ${encoded} ${after}`, [whole]);
        expect(cut).not.toContain(encoded);
        expect(cut).toContain("[redacted]");
        const other = `${before} ${chain.reduce((text, encode) => encode(text), "nothing of it, at all")} ${after}`;
        expect(redactText(other, [whole])).toBe(other);
      }),
      { numRuns: 300 },
    );
  });

  it("takes time in proportion to the text", () => {
    const secrets = [KEY, `Bearer ${KEY}`, `${"a".repeat(40)}-`, "\\key", "%%%%key", "++++key"];
    const unitsOf = (length: number): readonly string[] =>
      [`${KEY.slice(0, -1)} `, "a", "\\", "%", "+", "%25", "\\u002B", "Some words. "].map(
        (unit) => `${unit.repeat(length / unit.length)}.`,
      );
    const millisecondsFor = (length: number): number => {
      const texts = unitsOf(length);
      const begun = performance.now();
      for (const text of texts) expect(redactText(text, secrets)).toBe(text);
      return performance.now() - begun;
    };
    millisecondsFor(10_000);
    expect(millisecondsFor(100_000)).toBeLessThan(1_000);
  });
});

const key = fc.stringMatching(/^[!-~]{12,30}$/).map((text) => `Zq7J${text}9vXw`);

const alphabets: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => Buffer.from(text).toString("base64"),
  (text) => Buffer.from(`x-api-key: ${text}\r\n`).toString("base64"),
  (text) => Buffer.from(`me:${text}`).toString("base64url"),
  (text) => Buffer.from(text).toString("hex"),
  (text) => Buffer.from(text).toString("hex").toUpperCase(),
];
const escapes: readonly ((text: string) => string)[] = [
  (text) => encodeURIComponent(text),
  (text) => JSON.stringify({ text }),
  (text) => text.replace(/[^\w-]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`),
  (text) => text.replace(/[&<>"']/g, (unit) => `&#${unit.charCodeAt(0)};`),
  (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;"),
];

/** Everything that could be got out of an error. */
function shown(error: MillraceError): string {
  const all = { showHidden: true, depth: Infinity, maxStringLength: Infinity, maxArrayLength: Infinity } as const;
  return [
    inspect(error, all),
    inspect(error, { ...all, getters: true }),
    json(error),
    String(error),
    error.stack,
    ...texts(error),
  ].join("\n");
}

function json(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    return String(error);
  }
}

/** Every text that can be reached, unescaped. */
function texts(root: unknown): string[] {
  const reached = new Set([root]);
  for (const value of reached) {
    if (ArrayBuffer.isView(value)) reached.add(new TextDecoder().decode(value));
    else if (Object(value) === value) {
      const object = value as object;
      if (value instanceof Map || value instanceof Set || value instanceof Headers) reached.add([...value]);
      for (const key of Reflect.ownKeys(object)) {
        const { value: own, get } = Reflect.getOwnPropertyDescriptor(object, key) ?? {};
        reached.add(String(key)).add(get === undefined ? own : attempt(() => Reflect.get(object, key)));
      }
    }
  }
  return [...reached].filter((value) => typeof value === "string");
}

function attempt(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

/** Ways to hide a value in another. */
const wrappings: readonly ((value: unknown) => unknown)[] = [
  (value) => ({ value }),
  (value) => [1, value, "x"],
  (value) => ({ [String(value)]: 1 }),
  (value) => new Error(String(value)),
  (value) => new Error("outer", { cause: value }),
  (value) => Object.assign(new TypeError("outer"), { code: "E_CODE", value }),
  (value) => Object.assign(new TypeError("outer"), { code: value }),
  (value) => Object.defineProperty(new Error("outer"), "hidden", { value }),
  (value) => Object.assign(new Error("outer"), { [Symbol("own")]: value }),
  (value) =>
    Object.assign(new Error("outer"), { headers: new Headers({ "x-echo": encodeURIComponent(String(value)) }) }),
  (value) =>
    Object.assign(new Error("outer"), {
      request: new Request("http://x.example", { headers: { "x-echo": encodeURIComponent(String(value)) } }),
    }),
  (value) => new Map([[value, 1]]),
  (value) => new Map([["key", value]]),
  (value) => new Set([value]),
  (value) => new AggregateError([value], "outer"),
  (value) => Buffer.from(String(value)),
  (value) => Object.assign(() => {}, { value }),
  (value) => Object.create({}, { value: { get: () => value, enumerable: true } }) as unknown,
  (value) => {
    const error = new Error("outer", { cause: { value } });
    return Object.assign(error, { self: error });
  },
  (value) => {
    const circle: Record<string, unknown> = { value };
    circle["circle"] = circle;
    return circle;
  },
  (value) =>
    Object.defineProperty(Object.assign(new Error("outer"), { value }), "broken", {
      get() {
        throw new Error("cannot be read");
      },
    }),
];

const encodings: readonly ((secret: string) => string)[] = [
  (secret) => secret,
  (secret) => encodeURIComponent(secret),
  (secret) => btoa(secret),
  (secret) => JSON.stringify({ echo: secret }),
  (secret) => `Basic ${btoa(secret)}`,
];

/** Ways to put a value into an error of ours. */
const errors: readonly ((value: unknown) => MillraceError)[] = [
  (value) => new ConnectionError(`No response: ${String(value)}`),
  (value) => new ConnectionError("No response", { cause: value }),
  (value) => new ConnectionError("No response", { requestId: String(value) }),
  (value) => new StreamTruncatedError({ cause: new Error("lost", { cause: value }) }),
  (value) => new RedirectError(307, `https://x.example/?key=${String(value)}`),
  (value) => new ContentTypeError(`text/${String(value)}`, String(value)),
  (value) => new ApiError("Bad", { type: String(value), providerMessage: String(value), body: value }),
  (value) => {
    const error = new StreamTruncatedError();
    error.addContext({
      usage: { source: "partial", echo: value } as { source: "partial" },
      partial: { content: String(value), thinking: "", message: value, id: null, model: String(value) },
    });
    return error;
  },
];

/** Printable, as in headers, with a part that no other text has. */
const secret = fc
  .tuple(fc.stringMatching(/^[!-~]{0,12}$/), fc.stringMatching(/^[!-~]{0,12}$/))
  .map(([before, after]) => `${before}Zq7J${after}`);

describe("redactError", () => {
  it("leaves no secret, wherever it was", () => {
    fc.assert(
      fc.property(
        secret,
        fc.constantFrom(...encodings),
        fc.array(fc.constantFrom(...wrappings), { maxLength: 4 }),
        fc.constantFrom(...errors),
        (key, encode, wrap, make) => {
          const error = make(wrap.reduce<unknown>((value, hide) => hide(value), `Bad key ${encode(key)}!`));
          redactError(error, [key]);
          const text = shown(error);
          expect(text).not.toContain(key);
          expect(text).not.toContain(btoa(key));
          expect(text).not.toContain("Zq7J");
        },
      ),
      { numRuns: 100 },
    );
  });

  it("keeps the rest of what an error says", () => {
    const cause = Object.assign(new RangeError(`Bad ${KEY}`, { cause: new Error("root") }), {
      code: "E_BAD",
      raw: KEY,
    });
    const error = new ApiError(`Anthropic answered 401: Bad ${KEY}`, {
      cause,
      status: 401,
      requestId: "req_1",
      type: "authentication_error",
      providerMessage: `Bad ${KEY}`,
      body: { error: { message: `Bad ${KEY}`, ids: [1, null, true] }, stack: "at server" },
    });
    redactError(error, [KEY]);
    expect(error).toMatchObject({
      message: "Anthropic answered 401: Bad [redacted]",
      name: "ApiError",
      code: "api_error",
      status: 401,
      requestId: "req_1",
      type: "authentication_error",
      providerMessage: "Bad [redacted]",
      body: { error: { message: "Bad [redacted]", ids: [1, null, true] }, stack: "at server" },
      cause: { name: "RangeError", message: "Bad [redacted]", code: "E_BAD", cause: { message: "root" } },
    });
    expect(error).toBeInstanceOf(ApiError);
    expect(error.stack).toMatch(/^ApiError: Anthropic answered 401: Bad \[redacted\]\n +at .*redaction\.test/s);
    const copy = error.cause as Error;
    expect(copy.stack).toMatch(/^RangeError: Bad \[redacted\]\n +at .*redaction\.test/s);
    expect(Object.getPrototypeOf(copy)).toBe(Error.prototype);
    expect(Object.keys(copy)).toEqual(["code"]);
    expect(copy.cause).toBe(cause.cause);
  });

  it("copies an exception of the platform, and of another realm what its JSON has", () => {
    const error = new ConnectionError("No response", { cause: new DOMException(`Bad ${KEY}`, "AbortError") });
    redactError(error, [KEY]);
    expect(error.cause).toMatchObject({ name: "AbortError", message: "Bad [redacted]" });
    const foreign = runInNewContext(`Object.assign(new TypeError("Bad ${KEY}"), { code: "E_BAD" })`) as unknown;
    const other = new ConnectionError("No response", { cause: foreign });
    redactError(other, [KEY]);
    expect(other.cause).toEqual({ code: "E_BAD" });
  });

  it("leaves a cause that holds no secret as it is", () => {
    const cause = Object.assign(new Error("lost", { cause: new Map([["a", new Set([1])]]) }), {
      headers: new Headers(),
    });
    Object.assign(cause, { self: cause, entries: [1] });
    Object.defineProperty(cause, "broken", {
      get() {
        throw new Error("cannot be read");
      },
    });
    const body = { list: [cause], size: 10_000 };
    for (const make of [
      () => new ConnectionError("No response", { cause }),
      () => new ApiError("Bad", { type: null, providerMessage: "", body, cause }),
    ]) {
      const error = make();
      const before = Object.getOwnPropertyDescriptors(error);
      redactError(error, [KEY, "10000"]);
      expect(Object.getOwnPropertyDescriptors(error)).toEqual(before);
      expect(error.cause).toBe(cause);
    }
  });

  it("does not take a header's word out of the library's own", () => {
    const error = new StreamTimeoutError("connect", 10_000, "no connection");
    error.addContext({ phase: "connect" });
    redactError(error, ["connect", "timeout", "10000", "StreamTimeoutError"]);
    expect(error).toMatchObject({
      name: "StreamTimeoutError",
      code: "timeout",
      limit: "connect",
      phase: "connect",
      limitMs: 10_000,
    });
    expect(error.message).toBe("Timed out: no [redacted]ion ([redacted].[redacted] is [redacted] ms).");
  });

  it("keeps what is not enumerable from being so", () => {
    const error = new StreamTruncatedError();
    error.addContext({ partial: { content: `Hi ${KEY}`, thinking: "", message: null, id: null, model: null } });
    const { partial } = error;
    redactError(error, [KEY]);
    expect(error.partial?.content).toBe("Hi [redacted]");
    expect(partial?.content).toBe(`Hi ${KEY}`);
    expect(Object.keys(error)).not.toContain("partial");
  });

  it("leaves keys that are names, and the shape of what holds a secret", () => {
    const partial = { content: `the content ${KEY}`, thinking: "", message: { [KEY]: [{ content: 1 }] }, id: null };
    const error = new StreamTruncatedError();
    error.addContext({ partial: { ...partial, model: null } });
    redactError(error, [KEY, "content"]);
    expect(error.partial).toEqual({
      content: "the [redacted] [redacted]",
      thinking: "",
      message: { "[redacted]": [{ content: 1 }] },
      id: null,
      model: null,
    });
  });

  it("keeps a long partial reply", () => {
    const error = new StreamTruncatedError();
    const content = "word ".repeat(400_000);
    error.addContext({ partial: { content: content + KEY, thinking: "", message: null, id: null, model: null } });
    redactError(error, [KEY]);
    expect(error.partial?.content).toBe(`${content}[redacted]`);
  });

  it("replaces what cannot be looked at", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    for (const cause of [proxy, new Error("outer", { cause: proxy }), Object(KEY), [proxy]]) {
      const error = new ConnectionError("No response", { cause });
      redactError(error, [KEY]);
      expect(inspect(error)).toContain("[redacted]");
      expect(inspect(error)).not.toMatch(/canary|Revoked/);
    }
  });

  it("does not throw, and gives up on what cannot be searched", () => {
    const hostile = new Proxy(new Error(KEY), {
      ownKeys() {
        throw new Error(KEY);
      },
      get(_, key) {
        throw new Error(`${String(key)} ${KEY}`);
      },
    });
    const endless = {
      *[Symbol.iterator]() {
        for (let i = 0; ; i++) yield { i };
      },
      entries: null,
    };
    let deep: unknown = KEY;
    for (let i = 0; i < 20_000; i++) deep = [deep];
    let chain = new Error(KEY);
    for (let i = 0; i < 50; i++) chain = new Error("outer", { cause: chain });
    const wide = Array.from({ length: 5_000 }, (_, i) => ({ [`key${i}`]: i === 4_999 ? KEY : i }));
    for (const value of [
      hostile,
      endless,
      deep,
      chain,
      wide,
      Symbol(KEY),
      null,
      undefined,
      1n,
      () => KEY,
      KEY,
      Object.create(null),
    ]) {
      for (const error of [
        new ConnectionError("No response", { cause: value }),
        new ApiError("Bad", { type: null, providerMessage: "", body: value }),
      ]) {
        redactError(error, [KEY]);
        expect(inspect(error, { depth: 12, maxArrayLength: 6_000 })).not.toContain("canary");
      }
    }
  });

  it("searches a cause that reaches very much only so far, and replaces it", () => {
    const cause = Object.assign(new Error("lost"), { list: Array.from({ length: 20_000 }, () => 0) });
    const error = new ConnectionError("No response", { cause });
    redactError(error, [KEY]);
    expect(error.cause).toEqual(new Error("lost"));
    expect(error.cause).not.toBe(cause);
  });
});
