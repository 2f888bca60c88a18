import { describe, expect, it } from "vitest";
import { fakeAnthropic, type RecordedRequest } from "millrace/testing";
import { redactBody } from "../../src/testing/recorded-request.ts";
import { cpuMsSince } from "../cpu-time.ts";
import { headers, params } from "./client.ts";

const REDACTED = "[redacted]";

async function record(path: string, init: RequestInit): Promise<RecordedRequest> {
  await using server = await fakeAnthropic({ validate: false });
  await (await fetch(server.url + path, init)).text();
  return await server.request();
}

function redacted(body: Record<string, unknown>): Record<string, unknown> {
  redactBody(body);
  return body;
}

describe("the recorded headers", () => {
  const harmless = {
    accept: "application/json",
    "accept-encoding": "identity",
    "anthropic-beta": "a,b",
    "anthropic-version": "2023-06-01",
    "content-type": "application/json",
    "user-agent": "millrace",
    "x-stainless-retry-count": "0",
  };
  const secret = {
    "anthropic-user-profile-id": "hush",
    cookie: "hush=1",
    "idempotency-key": "hush",
    "x-api-key": "hush",
    "x-goog-api-key": "hush",
    "x-team": "hush",
  };

  it("have their values if those are known to be harmless, and show that the others were there", async () => {
    const { headers: recorded } = await record("/v1/models", { headers: { ...harmless, ...secret } });
    expect(recorded).toMatchObject(harmless);
    expect(recorded).toHaveProperty("host");
    expect(recorded).toMatchObject(Object.fromEntries(Object.keys(secret).map((name) => [name, REDACTED])));
    expect(JSON.stringify(recorded)).not.toContain("hush");
  });

  it.each([
    ["Bearer hush", "Bearer [redacted]"],
    ["Basic aHVzaA==", "Basic [redacted]"],
    ["hush hush", REDACTED],
    ["hush", REDACTED],
  ])("keep the scheme of %j alone", async (authorization, recorded) => {
    expect((await record("/v1/models", { headers: { authorization } })).headers["authorization"]).toBe(recorded);
  });
});

describe("the recorded path", () => {
  it.each([
    ["/v1/models?limit=5&after_id=a&before_id=b&beta=true", "/v1/models?limit=5&after_id=a&before_id=b&beta=true"],
    ["/v1/models?api_key=hush&limit=5", "/v1/models?api_key=[redacted]&limit=5"],
    ["/v1/models?x=hush=hush&hush", "/v1/models?x=[redacted]&[redacted]"],
    ["/v1/models", "/v1/models"],
  ])("of %s is %s", async (path, recorded) => {
    expect((await record(path, { headers })).path).toBe(recorded);
  });
});

describe("the recorded body", () => {
  it("has no credentials, at any depth, and is otherwise what was sent", async () => {
    const body = {
      ...params,
      max_tokens: 100,
      thinking: { type: "enabled", budget_tokens: 1024 },
      mcp_servers: [{ type: "url", url: "https://me:hush@e.org/sse?token=hush&v=1", authorization_token: "hush" }],
      fallback_credit_token: { token: "hush", mode: "strict" },
      messages: [
        { role: "user", content: "the key to a token" },
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "Hm.", signature: "c2ln" },
            {
              type: "tool_use",
              id: "toolu_1",
              name: "log_in",
              input: { password: "hush", nested: { apiKey: "hush" } },
            },
          ],
        },
      ],
    };
    const recorded = await record("/v1/messages", { method: "POST", headers, body: JSON.stringify(body) });
    expect(JSON.stringify(recorded)).not.toContain("hush");
    expect(recorded.body).toEqual({
      ...body,
      mcp_servers: [
        {
          type: "url",
          url: "https://[redacted]@e.org/sse?token=[redacted]&v=1",
          authorization_token: REDACTED,
        },
      ],
      fallback_credit_token: { token: REDACTED, mode: REDACTED },
      messages: [
        body.messages[0],
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "Hm.", signature: "c2ln" },
            {
              type: "tool_use",
              id: "toolu_1",
              name: "log_in",
              input: { password: REDACTED, nested: { apiKey: REDACTED } },
            },
          ],
        },
      ],
    });
  });

  it.each([
    "authorization",
    "Authorization",
    "authorization_token",
    "access_token",
    "accessToken",
    "token",
    "tokens",
    "api_key",
    "apiKey",
    "x-api-key",
    "key",
    "keys",
    "private_key_pem",
    "client_secret",
    "secrets",
    "password",
    "passwd",
    "credentials",
    "cookie",
  ])("hides the field %s, whatever its shape", (name) => {
    const shapes = ["hush", ["hush"], { a: { b: "hush" } }, [{ hush: ["hush", 1] }]];
    for (const shape of shapes) {
      const text = JSON.stringify(redacted({ [name]: structuredClone(shape), beside: "shown" }));
      expect(text.replaceAll('"hush":', ""), text).not.toContain("hush");
      expect(text).toContain("shown");
    }
    expect(redacted({ [name]: null })).toEqual({ [name]: null });
  });

  it("hides numbers, except counts of tokens", () => {
    expect(redacted({ password: 1234, max_tokens: 5, keyword: "a", tokenizer: 1 })).toEqual({
      password: REDACTED,
      max_tokens: 5,
      keyword: "a",
      tokenizer: REDACTED,
    });
  });

  it("shows the schema of a tool whose input has such fields", () => {
    const input_schema = {
      type: "object",
      properties: { api_key: { type: "string", description: "A key." }, token: { $ref: "#/$defs/token" } },
      required: ["api_key"],
      $defs: { token: { type: "string", enum: ["a"] } },
    };
    expect(redacted({ tools: [{ name: "f", input_schema: structuredClone(input_schema) }] })).toEqual({
      tools: [{ name: "f", input_schema }],
    });
    expect(redacted({ properties: { token: "hush" } })).toEqual({ properties: { token: REDACTED } });
  });

  it("is redacted at any depth, in linear time", () => {
    const nested = (depth: number): string => `{"a":${"[".repeat(depth)}{"key":"hush"}${"]".repeat(depth)}}`;
    const start = process.cpuUsage();
    let inner: unknown = redacted(JSON.parse(nested(100_000)) as Record<string, unknown>)["a"];
    while (Array.isArray(inner)) inner = inner[0];
    expect(inner).toEqual({ key: REDACTED });
    redacted(JSON.parse(`{"a":[${"1,".repeat(500_000)}1]}`) as Record<string, unknown>);
    expect(cpuMsSince(start)).toBeLessThan(900);
  });
});
