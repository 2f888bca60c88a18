import { describe, expect, it } from "vitest";
import { type AnyTool } from "../../src/index.ts";
import { type AnthropicCallOptions, type AnthropicStream, call, client } from "../../src/providers/anthropic/index.ts";
import { delta, ended, frames, started } from "../server.ts";

type Events = Parameters<typeof frames>[0];

/** A stream of these events. */
function streamOf(events: Events, options: AnthropicCallOptions<true, AnyTool> = {}): AnthropicStream<AnyTool> {
  const headers = { "content-type": "text/event-stream" };
  const fetch = (): Promise<Response> => Promise.resolve(new Response(frames(events), { headers }));
  const own = client({ apiKey: "sk-test", baseURL: "http://127.0.0.1:1", fetch });
  const plan = { stream: true, client: own, retry: false, ...options } as const;
  return call("claude-sonnet-5-5", plan, () => "Hello")();
}

const stopped = (stop_reason: unknown): Events[number] => ({ type: "message_delta", delta: { stop_reason } });

// Each was found by the cases of test/hostile.test.ts.
describe("a hostile reply", () => {
  it.each([true, "", null, {}, 0])("does not take its stop reason back by %j", async (reason) => {
    const stream = streamOf([...started, delta("Hi"), ...ended.slice(0, -1), stopped(reason), ...ended.slice(-1)]);
    expect((await stream.response()).finishReasons).toEqual(["end_turn"]);
    expect(stream.outcome).toBe("complete");
  });
});
