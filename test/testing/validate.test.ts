import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FakeAnthropic, fakeAnthropic, reply, thinking } from "millrace/testing";
import { accepted, assistant, base, headers, type Json, refused, tool, user } from "./request-cases.ts";

let server: FakeAnthropic;

beforeAll(async () => {
  server = await fakeAnthropic({
    replies: reply(thinking("Hm."), "Hi"),
    models: ["house-model"],
    betas: ["house-beta"],
  });
});
afterAll(() => server.close());

async function send(body: unknown, sent: Record<string, string> = headers, path = "/v1/messages") {
  const init = { method: "POST", headers: sent, body: typeof body === "string" ? body : JSON.stringify(body) };
  const response = await fetch(server.url + path, init);
  const json = (await response.json()) as {
    type: string;
    error?: { type: string; message: string };
    request_id?: string;
  };
  return { status: response.status, ...json, headers: response.headers };
}

describe("a request that the API refuses", () => {
  it.each(refused.map((each) => ({ name: each[0], each })))("$name", async ({ each }) => {
    const [, body, message, sent = headers] = each;
    const answer = await send({ ...base, ...body }, sent);
    expect(answer).toMatchObject({ type: "error", error: { type: "invalid_request_error" }, status: 400 });
    expect(answer.error?.message).toEqual(typeof message === "string" ? message : expect.stringMatching(message));
    expect(answer.request_id).toBe(answer.headers.get("request-id"));
    expect(answer.headers.get("x-should-retry")).toBe("false");
  });

  it("an unknown model, an unknown path, the wrong method, a body that is not JSON", async () => {
    expect(await send({ ...base, model: "claude-2" })).toMatchObject({
      status: 404,
      error: { type: "not_found_error", message: "model: claude-2" },
    });
    expect(await send(base, headers, "/v2")).toMatchObject({ status: 404, error: { type: "not_found_error" } });
    expect(await send(base, headers, "/v1/models")).toMatchObject({ status: 405 });
    expect((await send('{"model":')).error?.message).toMatch(/^The request body is not valid JSON/);
    expect(await send("[]")).toMatchObject({ status: 400 });
  });

  it("more than 32 MB", async () => {
    const answer = await send({ ...base, messages: [user("a".repeat(33 * 1024 * 1024))] });
    expect(answer).toMatchObject({ status: 413, error: { type: "request_too_large" } });
  });

  it("thinking that was changed after it was sent", async () => {
    const answer = (await send(base)) as unknown as {
      content: { type: string; thinking: string; signature: string }[];
    };
    const [thought, said] = answer.content;
    const turn = (block: unknown): Json => ({ ...base, messages: [user("a"), assistant([block, said]), user("b")] });
    expect((await send(turn(thought))).status).toBe(200);
    const changed = await send(turn({ ...thought, thinking: "Else." }));
    expect(changed.error?.message).toMatch(
      /^messages.1.content.0: `thinking` or `redacted_thinking` blocks .* cannot be modified/,
    );
  });

  it("a wrong key or token, or none", async () => {
    await using guarded = await fakeAnthropic({ apiKey: "right" });
    const ask = async (sent: Record<string, string>) => {
      const init = {
        method: "POST",
        headers: { "anthropic-version": "2023-06-01", ...sent },
        body: JSON.stringify(base),
      };
      const response = await fetch(`${guarded.url}/v1/messages`, init);
      return [response.status, ((await response.json()) as { error?: { message: string } }).error?.message];
    };
    expect(await ask({})).toEqual([401, "x-api-key header is required"]);
    expect(await ask({ "x-api-key": "wrong" })).toEqual([401, "invalid x-api-key"]);
    expect(await ask({ authorization: "Bearer wrong" })).toEqual([401, "Invalid bearer token"]);
    expect(await ask({ authorization: "Bearer right" })).toEqual([200, undefined]);
    expect(await ask({ "x-api-key": "right", authorization: "Bearer wrong" })).toEqual([200, undefined]);
  });

  it("a count of tokens with parameters of a reply", async () => {
    const count = (body: Json) =>
      send({ ...base, max_tokens: undefined, ...body }, headers, "/v1/messages/count_tokens");
    expect(await count({})).toMatchObject({ status: 200, input_tokens: 6 });
    expect((await count({ max_tokens: 5 })).error?.message).toBe("max_tokens: Extra inputs are not permitted");
    expect((await count({ messages: [] })).status).toBe(400);
    expect((await count({ tools: [tool] })) as unknown as Json).toMatchObject({ input_tokens: 296 });
  });
});

describe("a request that the API accepts", () => {
  it.each(accepted.map((each) => ({ name: each[0], each })))("$name", async ({ each }) => {
    const [, body, sent = headers] = each;
    const answer = await send({ ...base, ...body }, sent);
    expect(answer.error?.message).toBe(undefined);
    expect(answer.status).toBe(200);
  });

  it("max_tokens 0, which fills the cache and writes nothing", async () => {
    expect(await send({ ...base, max_tokens: 0 })).toMatchObject({
      content: [],
      stop_reason: "max_tokens",
      usage: { output_tokens: 0 },
    });
  });

  it("anything, if validation is off", async () => {
    await using lax = await fakeAnthropic({ validate: false, replies: "Hi" });
    const response = await fetch(`${lax.url}/v1/messages`, { method: "POST", body: "{}" });
    expect(await response.json()).toMatchObject({ content: [{ text: "Hi" }] });
  });
});
