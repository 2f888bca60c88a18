import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FakeAnthropic, fakeAnthropic } from "millrace/testing";
import { schemaProblem } from "../../src/testing/anthropic/check-format.ts";
import { cpuMsSince } from "../cpu-time.ts";
import { headers, params } from "./client.ts";

let strict: FakeAnthropic;
let lax: FakeAnthropic;

beforeAll(async () => {
  strict = await fakeAnthropic();
  lax = await fakeAnthropic({ validate: false });
});
afterAll(() => Promise.all([strict.close(), lax.close()]));

/** Sends a request that no HTTP library would, and gives what comes back. */
function send(server: FakeAnthropic, head: readonly string[], body = ""): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(server.port, "127.0.0.1");
    let received = "";
    socket.setEncoding("latin1").on("data", (text: string) => (received += text));
    socket.on("error", () => {});
    socket.once("close", () => resolve(received));
    socket.write(`${[...head, "host: x", "connection: close", `content-length: ${body.length}`].join("\r\n")}\r\n\r\n`);
    socket.write(body);
  });
}

const credentials = ["x-api-key: k", "anthropic-version: 2023-06-01"];
const statusOf = (response: string): number => Number(/^HTTP\/1\.1 (\d+)/.exec(response)?.[1]);

async function post(server: FakeAnthropic, body: string): Promise<{ status: number; message: string | undefined }> {
  const response = await fetch(`${server.url}/v1/messages`, { method: "POST", headers, body });
  const { error } = (await response.json()) as { error?: { message: string } };
  return { status: response.status, message: error?.message };
}

describe("a fake server that gets a strange request", () => {
  it.each([
    ["GET // HTTP/1.1", 404],
    ["GET //x:y/v1/models HTTP/1.1", 404],
    ["GET http://elsewhere/v1/models HTTP/1.1", 404],
    ["OPTIONS * HTTP/1.1", 404],
    ["GET /v1/models/%E0%A4%A HTTP/1.1", 404],
    ["GET /v1/models/%00%ff HTTP/1.1", 404],
    ["GET /v1/models?limit=%ZZ&after_id=%E0%A4%A HTTP/1.1", 200],
    ["GET /v1/models?limit=-1 HTTP/1.1", 200],
    ["DELETE /v1/messages HTTP/1.1", 405],
    ["HEAD /v1/messages HTTP/1.1", 405],
  ])("answers %j with %d, and lives on", async (line, status) => {
    for (const server of [strict, lax]) {
      expect(statusOf(await send(server, [line, ...credentials]))).toBe(status);
      expect((await post(server, JSON.stringify({ ...params, stream: false }))).status).toBe(200);
    }
  });

  it.each([
    ["anthropic-version: 2023-06-01, 2023-06-01", 400],
    [`anthropic-beta: ${",".repeat(10_000)}`, 200],
    ["anthropic-beta: constructor,__proto__", 400],
    [`authorization: Bearer ${" ".repeat(10_000)}x`, 200],
    ["transfer-encoding: nonsense", 400],
    ["expect: the-unexpected", 417],
    ["upgrade: websocket", 200],
    [`x-long: ${"x".repeat(20_000)}`, 431],
    ["x-control: a\u0001b", 400],
    ["cookie: \u00ff\u00fe", 200],
  ])("survives the header %.40s", async (header, status) => {
    const line = header.startsWith("anthropic-version") ? "x-api-key: k" : credentials.join("\r\n");
    const request = ["POST /v1/messages HTTP/1.1", line, header];
    expect(statusOf(await send(strict, request, JSON.stringify({ ...params, stream: false })))).toBe(status);
    expect((await post(strict, JSON.stringify({ ...params, stream: false }))).status).toBe(200);
  });

  const deep = (open: string, close: string, depth = 100_000): string =>
    `{"model":"claude-sonnet-4-5","max_tokens":9,"messages":${open.repeat(depth)}1${close.repeat(depth)}}`;

  it.each([
    ["arrays", deep("[", "]")],
    ["objects", deep('{"a":', "}")],
    ["content", deep('[{"role":"user","content":', "}]")],
    ["a schema", deep('{"output_config":{"format":{"schema":{"type":"object","properties":{"a":', "}}}}}", 20_000)],
  ])("refuses %s nested 100,000 deep", async (_, body) => {
    for (const server of [strict, lax]) {
      const { status, message } = await post(server, body);
      expect([status, message]).toEqual([400, "The request body is nested more than 500 levels deep"]);
    }
    const before = strict.requests.length;
    expect((await post(strict, "[".repeat(100_000))).status).toBe(400);
    expect(strict.requests[before]?.body).toEqual({});
  });

  const values: readonly unknown[] = [null, [null], "abc", -1, 1e308, { toString: 1 }, "__proto__"];
  const fields = "max_tokens messages model system tools tool_choice thinking temperature output_config stream".split(
    " ",
  );
  const blocks: Record<string, unknown>[] = [
    { type: "text", text: "a" },
    { type: "tool_use", id: "toolu_1", name: "f", input: {} },
    { type: "tool_result", tool_use_id: "toolu_1", content: "a" },
    { type: "thinking", thinking: "a", signature: "b" },
  ];
  const part = { type: "string", $ref: "#/a", enum: ["a"], format: "email", properties: {}, anyOf: [], items: {} };
  const valid = {
    model: "claude-opus-4-6",
    max_tokens: 9,
    messages: [{ role: "user", content: "Hi" }],
    tools: [{ name: "f", input_schema: {} }],
    temperature: 1,
  };

  it("answers any value in any field, and never with a status of 500", async () => {
    const bodies: object[] = [];
    for (const value of values) {
      for (const field of fields) bodies.push({ ...valid, [field]: value });
      for (const key of ["type", "budget_tokens"])
        bodies.push({ ...valid, thinking: { type: "enabled", [key]: value } });
      for (const key of ["effort", "format"]) bodies.push({ ...valid, output_config: { [key]: value } });
      for (const key of ["type", "name"]) bodies.push({ ...valid, tool_choice: { type: "tool", [key]: value } });
      for (const key of ["role", "content"])
        bodies.push({ ...valid, messages: [{ role: "user", content: "a", [key]: value }] });
      bodies.push({ ...valid, tools: [{ name: value, type: value, input_schema: value }] });
      for (const block of blocks) {
        for (const key of Object.keys(block)) {
          bodies.push({ ...valid, messages: [{ role: "user", content: [{ ...block, [key]: value }] }] });
        }
      }
      for (const key of Object.keys(part)) {
        const schema = { type: "object", additionalProperties: false, properties: { a: { ...part, [key]: value } } };
        bodies.push({ ...valid, output_config: { format: { type: "json_schema", schema } } });
      }
    }
    const answers = bodies.flatMap((body) =>
      [strict, lax].map(async (server) => {
        // Not streamed unless the body says so itself.
        const sent = JSON.stringify({ stream: false, ...body });
        const response = await fetch(`${server.url}/v1/messages`, { method: "POST", headers, body: sent });
        return { status: response.status, sent, text: await response.text() };
      }),
    );
    for (const { status, sent, text } of await Promise.all(answers)) {
      if (status >= 500) expect.fail(`${status} for ${sent}: ${text}`);
    }
  });
});

describe("a fake server that gets a large request", () => {
  const user = (content: unknown) => ({ role: "user", content });
  const many = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));

  it.each<[string, object[]]>([
    ["many messages of one role", many(30_000, () => user([{ type: "text", text: "a" }]))],
    [
      "many results of tools",
      [
        user("a"),
        { role: "assistant", content: many(20_000, (n) => ({ type: "tool_use", id: `t${n}`, name: "f", input: {} })) },
        user(many(20_000, (n) => ({ type: "tool_result", tool_use_id: `t${19_999 - n}`, content: "a" }))),
      ],
    ],
  ])("judges %s in linear time", async (_, messages) => {
    const body = JSON.stringify({ model: "claude-sonnet-4-5", max_tokens: 9, messages, stream: false });
    const start = process.cpuUsage();
    expect(await post(strict, body)).toEqual({ status: 200, message: undefined });
    expect(cpuMsSince(start)).toBeLessThan(2_000);
  });

  it("judges a schema with many references in linear time", () => {
    const count = 1_000;
    const link = (n: number): object => ({ $ref: `#/$defs/d${(n + 1) % count}` });
    const closed = { type: "object", additionalProperties: false };
    const chain = (last: object): Record<string, unknown> => ({
      ...closed,
      properties: { a: { $ref: "#/$defs/d0" } },
      required: ["a"],
      $defs: Object.fromEntries(
        many(count, (n) => [
          `d${n}`,
          { ...closed, properties: { a: n === count - 1 ? last : link(n) }, required: ["a"] },
        ]),
      ),
    });
    const start = process.cpuUsage();
    expect(schemaProblem(chain({ type: "string" }))).toBeNull();
    expect(schemaProblem(chain(link(count - 1)))).toBe("Recursive schemas are not supported");
    expect(cpuMsSince(start)).toBeLessThan(2_000);
  });
});
