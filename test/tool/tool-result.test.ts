import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { document, image, text } from "../../src/index.ts";
import { isResultPart } from "../../src/providers/anthropic/result-part.ts";
import { toolResult } from "../../src/tool/tool-result.ts";

const contentOf = (output: unknown): unknown => toolResult("toolu_1", output, isResultPart).content;
const throwing = (): never => {
  throw new Error("boom");
};
const hostile = new Proxy({}, { get: throwing, has: throwing, ownKeys: throwing, getPrototypeOf: throwing });
const revoked = (target: object): object => {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
};
function* twice<V>(value: V): Generator<V> {
  yield value;
  yield value;
}
const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]);

describe("a tool's own record is sent as JSON", () => {
  it.each<object>([
    { type: "text" },
    { type: "text", text: 5 },
    { type: "text", text: "hi", page: 3 },
    { type: "text", text: "hi", cacheControl: { type: "ephemeral" }, cache_control: { type: "ephemeral" } },
    { type: "text", text: "hi", cacheControl: { type: "ephemeral", ttl: "2h" } },
    { type: "text", text: "hi", constructor: "Ford" },
    { type: "document", id: 3, title: "Contract" },
    { type: "document", url: "http://example.com/a.pdf" },
    { type: "document", url: "/etc/passwd" },
    { type: "document", url: "https://example.com/a.pdf", pages: 3 },
    { type: "document", data: "aGk=", mediaType: "image/png" },
    { type: "document", source: { type: "base64", media_type: "application/zip", data: "aGk=" } },
    { type: "document", source: { type: "content", content: [{ type: "document" }] } },
    { type: "image", data: { width: 3 }, mediaType: "image/png" },
    { type: "image", data: "aGk=" },
    { type: "image", data: "hello", mediaType: "text/html" },
    { type: "image", data: "hello", mediaType: "image/png" },
    { type: "image", data: "not base64!", mediaType: "image/png" },
    { type: "image", data: "aGk=a", mediaType: "image/png" },
    { type: "image", data: "", mediaType: "image/png" },
    { type: "image", url: "data:text/html,hello" },
    { type: "image", url: "data:image/png;base64,hello" },
    { type: "image", source: { path: "x" } },
    { type: "image", source: { type: "base64", media_type: "image/png" } },
    { type: "image", source: { type: "base64", media_type: "image/png", data: "not base64!" } },
    { type: "image", source: { type: "url", url: "http://example.com/a.png" } },
    { type: "image", source: { type: "file", file_id: 5 } },
    { type: "image", source: { type: "file", file_id: "file_1" }, width: 5 },
    { type: "search_result", hits: 2 },
    { type: "search_result", source: "a", title: "b", content: [{ type: "text", text: "" }] },
    { type: "tool_reference" },
    { type: "tool_reference", tool_name: "look_up", score: 1 },
    { type: "browser_state" },
    { type: "browser_state", tabs: [{ tab_id: "1" }] },
    { type: "audio", data: "aGk=", mediaType: "audio/wav" },
    { type: "toString" },
  ])("%j", (record) => {
    expect(contentOf(record)).toBe(JSON.stringify(record));
    expect(contentOf([record])).toBe(JSON.stringify([record]));
    expect(contentOf([{ type: "text", text: "hi" }, record])).toBeTypeOf("string");
  });

  it("even beside parts of a message", () => {
    expect(contentOf(["hi", text("hi")])).toBe('["hi",{"type":"text","text":"hi"}]');
    expect(contentOf([])).toBe("[]");
  });
});

describe("a content part is sent as a part", () => {
  it.each<object>([
    text("Hi"),
    text("Hi", { cacheControl: { type: "ephemeral", ttl: "1h" } }),
    image(png, { detail: "low" }),
    image("https://example.com/a.png", { cacheControl: { type: "ephemeral" } }),
    image("data:image/png;base64,aGk="),
    document(new Uint8Array([1]), { mediaType: "application/pdf", title: "a", context: "b", citations: true }),
    document("data:text/plain;charset=utf-8,hello", { mediaType: "text/plain; charset=utf-8" }),
    { type: "text", text: "Hi", cache_control: { type: "ephemeral" } },
    { type: "text", text: "Hi", citations: null },
    { type: "image", data: "aGk=", mediaType: "image/png" },
    { type: "image", source: { type: "base64", media_type: "image/png", data: "aGk=" } },
    { type: "image", source: { type: "url", url: "https://example.com/a.png" }, cache_control: null },
    { type: "document", data: new Uint8Array([1]), mediaType: "application/pdf" },
    { type: "document", source: { type: "file", file_id: "file_1" } },
    { type: "document", source: { type: "text", media_type: "text/plain", data: "Hi" }, citations: { enabled: true } },
    { type: "document", source: { type: "content", content: [{ type: "text", text: "Hi" }] }, title: null },
    { type: "search_result", source: "a", title: "b", content: [] },
    { type: "search_result", source: "a", title: "b", content: [{ type: "text", text: "c" }] },
    { type: "tool_reference", tool_name: "look_up" },
    { type: "browser_state", tabs: [{ tab_id: "1", title: "a", url: "https://example.com/" }] },
    { type: "browser_state", tabs: [], state_changes: [{ type: "tab_opened", tab_id: "1" }] },
  ])("%j", (part) => {
    expect(contentOf(part)).toEqual([part]);
    expect(contentOf([part, text("Hi")])).toEqual([part, text("Hi")]);
  });

  it("with its media instead of a data: URL, which providers do not fetch", () => {
    expect(contentOf({ type: "image", url: "data:image/png;base64,aGk=", detail: "low" })).toEqual([
      { type: "image", data: "aGk=", mediaType: "image/png", detail: "low" },
    ]);
  });

  it.each([
    [image("data:image/svg+xml;base64,PHN2Zz4="), "[image/svg+xml, not shown]"],
    [image(png, { mediaType: "image/tiff" }), "[image/tiff, not shown]"],
    [document(png, { mediaType: "application/zip", title: "a" }), "[application/zip, not shown]"],
  ])("or as a note, if it is media that the provider refuses: %#", (part, note) => {
    expect(contentOf([text("Hi"), part])).toEqual([text("Hi"), text(note)]);
    expect(contentOf(part)).toEqual([text(note)]);
  });

  it("unless its text is empty or white space", () => {
    expect(contentOf([text(""), text(" \n"), image(png)])).toEqual([image(png)]);
    expect(contentOf([text("")])).toBe("");
  });

  it("as a copy, which later changes do not reach", () => {
    const part = { type: "text", text: "Hi" };
    const content = contentOf([part]);
    part.text = "Bye";
    expect(content).toEqual([text("Hi")]);
  });
});

describe("bytes are sent", () => {
  it("as the image or document that they are", () => {
    expect(contentOf(png)).toEqual([image(png)]);
    expect(contentOf(png.buffer)).toEqual([image(png)]);
    expect(contentOf(new TextEncoder().encode("%PDF-1.7"))).toMatchObject([{ mediaType: "application/pdf" }]);
  });

  it("as base64 otherwise, within a record too", () => {
    const bytes = Buffer.from("hi");
    expect([contentOf(bytes), contentOf(new Uint8Array()), contentOf(new DataView(new ArrayBuffer(1)))]).toEqual([
      "aGk=",
      "",
      "AA==",
    ]);
    expect(contentOf({ bytes, clamped: new Uint8ClampedArray([104, 105]) })).toBe('{"bytes":"aGk=","clamped":"aGk="}');
  });
});

describe("any other output is sent as text", () => {
  const circle: Record<string, unknown> = Object.create(null);
  circle["self"] = [circle];
  // Not it.each, which would print the values, and fail on proxies.
  const cases: readonly (readonly [what: string, output: unknown, content: string])[] = [
    ["undefined", undefined, ""],
    ["null", null, "null"],
    ["a string", "hi", "hi"],
    ["half a surrogate pair", "a\ud83db", "a\ufffdb"],
    ["half a surrogate pair in a record", { a: "\udcd6" }, '{"a":"\ufffd"}'],
    ["a bigint", 10n, "10"],
    ["a bigint in a record", { rows: [{ id: 10n }] }, '{"rows":[{"id":"10"}]}'],
    ["a number that JSON lacks", [Number.NaN, Infinity], "[null,null]"],
    ["a symbol", Symbol("s"), "Symbol(s)"],
    ["a function", () => 1, "[function]"],
    ["functions and symbols in a record", { f: () => 1, s: Symbol("s"), u: undefined, a: [() => 1] }, '{"a":[null]}'],
    ["a set", new Set([1, new Set(["a"])]), '[1,["a"]]'],
    ["a map", new Map<unknown, unknown>([["a", new Map([[1, 2]])]]), '{"a":{"1":2}}'],
    ["a map with keys that are objects", new Map([[{ a: 1 }, 2]]), '[[{"a":1},2]]'],
    ["a set and a map of another realm", runInNewContext('[new Set([1]), new Map([["a", 2]])]'), '[[1],{"a":2}]'],
    ["an iterator", { names: new Map([["a", 1]]).keys() }, '{"names":["a"]}'],
    ["a generator", [twice("a")], '[["a","a"]]'],
    ["headers, which may be secret", { headers: new Headers({ authorization: "Bearer x" }) }, '{"headers":{}}'],
    ["a typed array", new Float64Array([1.5, 2]), "[1.5,2]"],
    ["a typed array of bigints", { n: new BigInt64Array([1n]) }, '{"n":["1"]}'],
    ["a date", new Date(0), "1970-01-01T00:00:00.000Z"],
    ["an invalid date", { at: new Date(Number.NaN) }, '{"at":null}'],
    ["a boxed string", { s: Object("hi") as unknown }, '{"s":"hi"}'],
    ["a value with toJSON", { url: new URL("https://example.com/") }, '{"url":"https://example.com/"}'],
    ["a toJSON that returns its object", { toJSON: Function("return this"), a: 1 }, '{"a":1}'],
    ["a toJSON that throws", { at: { toJSON: throwing } }, '{"at":"[cannot be read: boom]"}'],
    [
      "a getter that throws",
      Object.defineProperty({ a: 1 }, "b", { get: throwing, enumerable: true }),
      '{"a":1,"b":"[cannot be read: boom]"}',
    ],
    ["a circle", circle, '{"self":["[circular]"]}'],
    ["a part that occurs twice", [png.subarray(0, 0), [circle["x"]], [circle["x"]]], '["",[null],[null]]'],
    ["__proto__", JSON.parse('{"__proto__":{"a":1}}'), '{"__proto__":{"a":1}}'],
    [
      "an error in a record",
      { reason: new TypeError("No such book") },
      '{"reason":{"name":"TypeError","message":"No such book"}}',
    ],
    ["a record without a prototype", Object.assign(Object.create(null), { a: 1 }), '{"a":1}'],
    ["a proxy that throws", hostile, "[cannot be read: boom]"],
    ["a proxy that throws, in a list", [hostile], '["[cannot be read: boom]"]'],
  ];
  for (const [what, output, content] of cases) {
    it(what, () => {
      expect(toolResult("toolu_1", output, isResultPart)).toMatchObject({ id: "toolu_1", content, isError: false });
    });
  }

  it("a revoked proxy", () => {
    for (const proxy of [revoked({}), revoked([]), revoked(new Map()), revoked(() => 1), revoked(png)]) {
      for (const output of [proxy, [proxy], { proxy }, new Set([proxy])]) {
        const { content, isError } = toolResult("toolu_1", output, isResultPart);
        expect([typeof content, isError]).toEqual(["string", false]);
      }
    }
  });

  it("without the headers in an HTTP client's error", () => {
    const error = Object.assign(new Error("Forbidden"), { toJSON: () => ({ headers: { "x-api-key": "secret" } }) });
    expect(contentOf([error])).toBe('[{"name":"Error","message":"Forbidden"}]');
  });

  it("however deep it is nested", () => {
    const levels = 100_000;
    const list: unknown = JSON.parse("[".repeat(levels) + "]".repeat(levels));
    let record: object = {};
    for (let level = 1; level < levels; level++) record = { record };
    for (const output of [list, record]) {
      const content = String(contentOf(output));
      expect(content).toContain("[nested deeper than 1000 levels]");
      expect(JSON.parse(content)).toBeTypeOf("object");
    }
    const deepest = JSON.parse("[".repeat(1000) + "]".repeat(1000)) as unknown;
    expect(contentOf(deepest)).toBe(JSON.stringify(deepest));
  });

  it("with a limit, where objects share parts", () => {
    let shared: object = {};
    for (let level = 0; level < 60; level++) shared = [shared, shared];
    const content = String(contentOf(shared));
    expect(content.length).toBeLessThan(5_000_000);
    expect(content).toContain(" more]");
    expect(String(contentOf(Object.assign([], { length: 4e9 })))).toMatch(/^\[null,.*"\[3999800000 more\]"\]$/);
  });
});

describe("an error is sent as its message", () => {
  const withMessage = (message: unknown): Error =>
    Object.defineProperty(new TypeError("x"), "message", { value: message });
  const cases: readonly (readonly [what: string, error: unknown, content: string])[] = [
    ["an error", new Error("No such book"), "No such book"],
    ["an error without a message", new TypeError(""), "TypeError"],
    ["an error whose message is white space", new TypeError(" "), "TypeError"],
    ["an error whose message is not a string", withMessage({ a: 1 }), "TypeError"],
    [
      "an error with neither message nor name",
      Object.assign(new Error(""), { name: "" }),
      "The tool failed, and did not say why.",
    ],
    ["half a surrogate pair", new Error("\ud83d"), "\ufffd"],
    ["an error of another realm", runInNewContext('new Error("elsewhere")'), "elsewhere"],
    [
      "a getter that throws",
      Object.defineProperty(new Error(), "message", { get: throwing }),
      "an error without a readable message",
    ],
    ["a proxy that throws", new Proxy(new Error("x"), { get: throwing }), "an error without a readable message"],
    ["a long message", new Error("x".repeat(5000)), "x".repeat(5000)],
  ];
  for (const [what, error, content] of cases) {
    it(what, () => {
      expect(toolResult("toolu_1", error, isResultPart)).toEqual({ id: "toolu_1", content, isError: true });
    });
  }
});
