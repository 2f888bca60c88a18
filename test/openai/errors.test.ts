import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ApiError, MillraceError } from "../../src/errors.ts";
import {
  errorFromClient,
  errorFromEvent,
  errorFromResponse,
  isErrorBody,
  requestIdOf,
} from "../../src/providers/openai-platform/errors.ts";
import { corpusFolder, hasCorpus } from "../corpus.ts";

const noHeaders = (): null => null;
const headers =
  (given: Readonly<Record<string, string>>) =>
  (name: string): string | null =>
    given[name] ?? null;
const fromResponse = errorFromResponse("OpenAI");
const fromEvent = (value: unknown): MillraceError => errorFromEvent("OpenAI", value);

interface Recorded {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyText: string;
}

/** The recorded error responses of both APIs: name, message, and whether asking again may help. */
const RECORDED: readonly (readonly [file: string, type: string | null, message: string, retryable: boolean])[] = [
  ["openai-chat/error-401", "invalid_api_key", "Incorrect API key provided", false],
  ["openai-chat/error-404-model", "model_not_found", "The model `this-model-does-not-exist-12345`", false],
  ["openai-chat/error-400-groq-tool-use-failed", "tool_use_failed", "Tool call validation failed", false],
  ["openai-chat/error-429-azure-retry-after", "RateLimitReached", "have exceeded rate limit", true],
  ["openai-chat/error-429-openrouter", null, "Provider returned error", true],
  ["openai-chat/error-500-server-error", "server_error", "The server had an error", true],
  ["openai-chat/authored-azure-prompt-filter-in-200", "content_filter", "The response was filtered", false],
  ["openai-responses/error-400-invalid-schema", "invalid_json_schema", "Invalid schema for response_format", false],
  [
    "openai-responses/error-400-reasoning-item-order",
    "invalid_request_error",
    "without its required following item",
    false,
  ],
  ["openai-responses/error-401", "invalid_api_key", "Incorrect API key provided", false],
  ["openai-responses/error-404-model", "model_not_found", "does not exist", false],
];

describe.skipIf(!hasCorpus)("errorFromResponse, on recordings", () => {
  it.each(RECORDED)("reads %s", (file, type, message, retryable) => {
    const recorded = JSON.parse(readFileSync(`${corpusFolder}/${file}.response.json`, "utf8")) as Recorded;
    const error = fromResponse(recorded.status, headers(recorded.headers), recorded.bodyText);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: recorded.status, type, retryable });
    expect(error?.message).toContain(message);
    expect(error?.message).toContain(`OpenAI answered ${recorded.status}: `);
    expect(error?.requestId).toBe(recorded.headers["x-request-id"] ?? recorded.headers["apim-request-id"] ?? null);
  });

  it("covers every recorded error response", () => {
    const files = ["openai-chat", "openai-responses"].flatMap((folder) =>
      readdirSync(`${corpusFolder}/${folder}`).map((file) => `${folder}/${file}`),
    );
    const recorded = files.filter((file) => file.endsWith(".response.json")).map((file) => file.split(".")[0]);
    expect(RECORDED.map(([file]) => file).sort()).toEqual(recorded.sort());
  });
});

describe("errorFromResponse", () => {
  it.each([400, 401, 402, 403, 404, 413, 422])("does not ask again after %d", (status) => {
    expect(fromResponse(status, noHeaders, "")?.retryable).toBe(false);
  });

  it.each([408, 409, 429, 500, 502, 503, 504, 520, 529])("may ask again after %d", (status) => {
    expect(fromResponse(status, noHeaders, "<h1>Bad</h1>")).toMatchObject({ retryable: true, providerMessage: "Bad" });
  });

  it("never asks again without money, whatever the server advises", () => {
    const body = JSON.stringify({ error: { type: "insufficient_quota", code: "insufficient_quota", message: "No." } });
    expect(fromResponse(429, headers({ "x-should-retry": "true" }), body)).toMatchObject({
      retryable: false,
      type: "insufficient_quota",
    });
  });

  it("follows x-should-retry, and tells how long to wait", () => {
    expect(fromResponse(500, headers({ "x-should-retry": "false" }), "")?.retryable).toBe(false);
    expect(fromResponse(400, headers({ "x-should-retry": "true" }), "")?.retryable).toBe(true);
    expect(fromResponse(429, headers({ "retry-after": "2" }), "")?.retryAfterMs).toBe(2000);
    // As recorded from Azure.
    expect(fromResponse(429, headers({ "retry-after": "1", "retry-after-ms": "0" }), "")?.retryAfterMs).toBe(1000);
  });

  it("reads other servers' shapes", () => {
    const messages = [
      '{"detail":[{"loc":["body"],"msg":"field required"}]}',
      '{"detail":"field required"}',
      '{"object":"error","message":"field required","type":"BadRequestError","code":400}',
      '{"error":"field required"}',
      '[{"error":{"code":400,"message":"field required","status":"INVALID_ARGUMENT"}}]',
      '{"message":"field required"}',
      "field required",
    ].map((body) => (fromResponse(400, noHeaders, body) as ApiError | null)?.providerMessage);
    expect(new Set(messages)).toEqual(new Set(["field required"]));
  });

  it("is null for replies", () => {
    for (const body of [
      "{}",
      "[]",
      "null",
      '{"id":"chatcmpl-1","choices":[{"message":{"content":"error"}}],"error":null}',
      '{"id":"resp_1","object":"response","output":[],"error":null}',
    ]) {
      expect(fromResponse(200, noHeaders, body), body).toBeNull();
    }
  });
});

describe("errorFromEvent", () => {
  it.each<[string, unknown, string | null, boolean]>([
    [
      "nested, as from the API",
      {
        type: "error",
        sequence_number: 2,
        error: { type: "insufficient_quota", code: "insufficient_quota", message: "m" },
      },
      "insufficient_quota",
      false,
    ],
    [
      "flat, as typed",
      { type: "error", sequence_number: 2, code: "rate_limit_exceeded", message: "m", param: null },
      "rate_limit_exceeded",
      true,
    ],
    [
      "a failed response",
      { type: "response.failed", response: { error: { code: "server_error", message: "m" } } },
      "server_error",
      true,
    ],
    [
      "a final code of a failed response",
      { response: { error: { code: "invalid_prompt", message: "m" } } },
      "invalid_prompt",
      false,
    ],
    ["an error object", { code: null, type: "server_error", message: "m" }, "server_error", true],
    ["a status as code", { id: "gen-1", choices: [], error: { code: 502, message: "m" } }, null, true],
    [
      "a final status as code",
      { error: { code: 403, message: "m", metadata: { error_type: "moderation" } } },
      "moderation",
      false,
    ],
    ["a status as text", { error: { code: "429", message: "m" } }, null, true],
    [
      "Groq's",
      { error: { message: "m", type: "invalid_request_error", code: "tool_use_failed", status_code: 400 } },
      "tool_use_failed",
      false,
    ],
    ["OpenRouter's", { error: { code: "provider_overloaded", message: "m" } }, "provider_overloaded", true],
    ["vLLM's", { error: { message: "m", type: "BadRequestError", param: null, code: 400 } }, "BadRequestError", false],
    ["a name that may pass", { error: { type: "timeout", message: "m" } }, "timeout", true],
  ])("reads an error that is %s", (_, value, type, retryable) => {
    expect(fromEvent(value)).toMatchObject({ type, retryable, providerMessage: "m", status: undefined });
  });

  it("goes by the words where there is nothing else", () => {
    expect(fromEvent("the model is overloaded")).toMatchObject({
      retryable: true,
      message: "OpenAI ended the stream: the model is overloaded",
    });
    expect(fromEvent({ error: "unknown model" })).toMatchObject({ retryable: false, type: null });
  });

  it("makes an error of anything", () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(fromEvent(value)).toBeInstanceOf(MillraceError);
        expect(errorFromClient("OpenAI", value)).toBeInstanceOf(MillraceError);
        expect(typeof isErrorBody(value)).toBe("boolean");
      }),
      { numRuns: 300 },
    );
  });
});

describe("isErrorBody", () => {
  it("tells errors from events", () => {
    for (const error of [
      { error: { message: "m" } },
      { error: "m" },
      { type: "error", code: "x" },
      { object: "error", message: "m" },
      { detail: "m" },
      { message: "m" },
      { id: "gen-1", choices: [{ delta: { content: "" }, finish_reason: "error" }], error: { code: 502 } },
    ]) {
      expect(isErrorBody(error), JSON.stringify(error)).toBe(true);
    }
    for (const event of [
      {},
      { choices: [] },
      { id: "1", message: "m" },
      { type: "response.created" },
      { usage: {}, detail: "x" },
    ]) {
      expect(isErrorBody(event), JSON.stringify(event)).toBe(false);
    }
  });
});

describe("requestIdOf", () => {
  it("knows the names of several servers", () => {
    for (const name of ["x-request-id", "apim-request-id", "x-amzn-requestid", "x-generation-id"]) {
      expect(requestIdOf(headers({ [name]: "r1" }))).toBe("r1");
    }
    expect(requestIdOf(noHeaders)).toBeNull();
  });
});

describe("errorFromClient", () => {
  it("reads the SDK's errors by their shape", () => {
    const thrown = Object.assign(new Error("429 m"), {
      status: 429,
      headers: new Headers({ "x-request-id": "r1", "retry-after": "3" }),
      error: { code: "rate_limit_exceeded", type: "requests", message: "m" },
    });
    expect(errorFromClient("OpenAI", thrown)).toMatchObject({
      code: "api_error",
      status: 429,
      type: "rate_limit_exceeded",
      requestId: "r1",
      retryAfterMs: 3000,
      retryable: true,
      cause: thrown,
    });
    expect(errorFromClient("OpenAI", new Error("socket hang up"))).toMatchObject({ code: "connection" });
  });
});
