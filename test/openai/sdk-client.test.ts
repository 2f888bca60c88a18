import { describe, expect, it } from "vitest";
import type { ApiError } from "../../src/errors.ts";
import type { HttpResponse } from "../../src/http/request.ts";
import type { Native } from "../../src/provider/native.ts";
import { sdkRequest } from "../../src/providers/openai-platform/sdk-client.ts";
import { apiError, type FakeOpenAI, fakeOpenAI } from "millrace/testing";

/** A client with the shape of the SDK's, as far as requests go: a promise with `withResponse`, and errors with a status. */
function clientOf(server: FakeOpenAI) {
  const request = async (body: object, options: { signal: AbortSignal; maxRetries: number }) => {
    expect(options.maxRetries).toBe(0);
    const response = await fetch(`${server.url}/responses`, {
      method: "POST",
      headers: { authorization: "Bearer secret-key" },
      body: JSON.stringify(body),
      signal: options.signal,
    });
    if (response.ok) return { data: eventsOf(await response.text()), response };
    const { error } = (await response.json()) as { error: object };
    throw Object.assign(new Error("No"), { status: response.status, headers: response.headers, error });
  };
  return {
    apiKey: "secret-key",
    baseURL: server.url,
    responses: { create: (body: object, options: never) => ({ withResponse: () => request(body, options) }) },
  };
}

async function* eventsOf(text: string): AsyncGenerator<unknown> {
  for (const [, json = ""] of text.matchAll(/^data: (.*)$/gm)) yield JSON.parse(json);
}

/** Sends a request through the client, and takes all that comes. */
async function exchange(
  server: FakeOpenAI,
): Promise<{ response: HttpResponse; pieces: unknown[]; secrets: readonly string[] }> {
  const client = clientOf(server);
  const body = { model: "gpt-5.5", input: "Hi", stream: true };
  const { transport, http } = sdkRequest<Native>({
    label: "OpenAI",
    client,
    send: (options) => client.responses.create(body, options),
    body,
    isStreamed: true,
    headers: {},
    connectTimeoutMs: 5000,
    createFrames: () => null,
  });
  const response = await transport(http).response;
  const pieces: unknown[] = [];
  while (!response.body.ended) {
    const piece = response.body.take();
    if (piece === null) await new Promise<void>((resolve) => (response.body.onReady = resolve));
    else pieces.push(piece);
  }
  return { response, pieces, secrets: http.secrets() };
}

describe("a request through an SDK client", () => {
  it("gives the SDK's events one by one, and the headers", async () => {
    await using server = await fakeOpenAI({ replies: "Hi" });
    const { response, pieces, secrets } = await exchange(server);
    expect(response.status).toBe(200);
    expect(response.header("x-request-id")).toMatch(/^req_/);
    expect(pieces.at(0)).toMatchObject({ type: "response.created" });
    expect(pieces.at(-1)).toMatchObject({ type: "response.completed" });
    expect(secrets).toContain("secret-key");
  });

  it("gives the SDK's error as the response's", async () => {
    await using server = await fakeOpenAI({ replies: apiError(429, "insufficient_quota") });
    const { response, pieces } = await exchange(server);
    expect([response.status, pieces]).toEqual([429, []]);
    expect(response.error as ApiError).toMatchObject({ type: "insufficient_quota", retryable: false, status: 429 });
  });

  it("fails where there was no response", async () => {
    const server = await fakeOpenAI({ replies: "Hi" });
    await server.close();
    await expect(exchange(server)).rejects.toMatchObject({ code: "connection", retryable: true });
  });
});
