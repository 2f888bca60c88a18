import Anthropic from "@anthropic-ai/sdk";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { ApiError, ContentTypeError, InvalidOptionError, tool } from "../../src/index.ts";
import { call, client, countTokens } from "../../src/providers/anthropic/index.ts";
import { call as structured } from "../../src/providers/anthropic/structured.ts";
import { fakeAnthropic } from "../../src/testing/index.ts";
import { serve } from "../server.ts";

const MODEL = "claude-sonnet-5-5";
const lookUp = tool({ name: "look_up", input: z.object({ title: z.string() }), call: () => "done" });
const at = (url: string) => client({ apiKey: "sk-test-secret", baseURL: url });

describe("countTokens", () => {
  it("sends what counts of a call, and nothing else", async () => {
    await using server = await fakeAnthropic();
    const callParams = { max_tokens: 9, temperature: 1, stop_sequences: ["x"], metadata: { user_id: "u" } };
    const options = { stream: true, client: at(server.url), tools: [lookUp], callParams } as const;
    const ask = call(MODEL, options, (words: string) => [
      { role: "system" as const, content: "Be brief." },
      { role: "user" as const, content: words },
    ]);
    const short = await countTokens(ask, "Hello");
    expect(short).toBeGreaterThan(0);
    expect(await countTokens(ask, "Hello ".repeat(100))).toBeGreaterThan(short);
    const [request] = server.requests;
    expect(request?.path).toBe("/v1/messages/count_tokens");
    expect(Object.keys(request?.body ?? {}).toSorted()).toEqual(["messages", "model", "system", "tools"]);
  });

  it("counts calls that are not streamed, and those with a response model", async () => {
    await using server = await fakeAnthropic();
    const own = at(server.url);
    expect(await countTokens(call(MODEL, { client: own }, () => "Hello"))).toBeGreaterThan(0);
    const extract = structured(MODEL, { client: own, responseModel: z.object({ title: z.string() }) }, () => "Hello");
    expect(await countTokens(extract)).toBeGreaterThan(0);
    expect(server.requests.map(({ path }) => path)).toEqual(
      Array.from({ length: 2 }, () => "/v1/messages/count_tokens"),
    );
  });

  it("is sent again like a call, and ends like one", async () => {
    let asked = 0;
    await using server = await serve((response) => {
      response.writeHead(asked++ === 0 ? 529 : 200, { "content-type": "application/json" });
      response.end(asked === 1 ? '{"error":{"type":"overloaded_error","message":"Busy"}}' : '{"input_tokens":7}');
    });
    expect(await countTokens(call(MODEL, { client: at(server.url), retry: { delay: 1 } }, () => "Hello"))).toBe(7);
    const aborted = call(MODEL, { client: at(server.url), signal: AbortSignal.abort("enough") }, () => "Hello");
    await expect(countTokens(aborted)).rejects.toMatchObject({ code: "stream_aborted" });
  });

  it.each<[what: string, status: number, body: string, kind: abstract new (...args: never) => Error]>([
    ["an error", 401, '{"error":{"type":"authentication_error","message":"no sk-test-secret"}}', ApiError],
    ["an error with status 200", 200, '{"error":{"message":"no sk-test-secret"}}', ApiError],
    ["a page", 200, "<html>Sign in, sk-test-secret</html>", ContentTypeError],
    ["a message", 200, '{"id":"msg_1","content":[]}', ContentTypeError],
  ])("rejects with what came instead of a count: %s", async (_, status, body, kind) => {
    await using server = await serve((response) => response.writeHead(status).end(body));
    const error = await countTokens(call(MODEL, { client: at(server.url), retry: false }, () => "Hello")).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(kind);
    expect(JSON.stringify([String(error), error])).not.toContain("sk-test-secret");
  });

  it("leaves counting to the client of an SDK", async () => {
    const own = new Anthropic({ apiKey: "k", baseURL: "http://127.0.0.1:1" });
    await expect(countTokens(call(MODEL, { client: own }, () => "Hello"))).rejects.toThrow(InvalidOptionError);
  });
});
