import { describe, expect, it } from "vitest";
import { call, client } from "../../src/providers/openai/index.ts";
import { frames, serve, startStream } from "../server.ts";

type Event = Readonly<Record<string, unknown>> & { readonly type: string };

const response = (status: string, id = "resp_1", more: object = {}) => ({ id, model: "m", status, ...more });
const message = (said: string) => ({
  id: "msg_1",
  type: "message",
  role: "assistant",
  content: [{ type: "output_text", text: said }],
});
/** The events of a run that says "one two three". */
const run: readonly Event[] = [
  { type: "response.created", response: response("in_progress") },
  ...["one", " two", " three"].map((delta) => ({
    type: "response.output_text.delta",
    output_index: 0,
    content_index: 0,
    delta,
  })),
  { type: "response.completed", response: response("completed", "resp_1", { output: [message("one two three")] }) },
].map((event, sequence_number) => ({ ...event, sequence_number }));
/** Some of them, by their numbers. */
const some = (...numbers: readonly number[]): readonly Event[] => numbers.flatMap((number) => run[number] ?? []);
const keepalive = (sequence_number: number): Event => ({ type: "keepalive", sequence_number });
const failed: Event = {
  type: "response.failed",
  sequence_number: 2,
  response: response("failed", "resp_1", { error: { code: "server_error", message: "No." } }),
};

/** Reads a run whose streams are these, one after another: the last one repeats. */
async function read(streams: readonly (readonly Event[])[]) {
  const asked: string[] = [];
  await using server = await serve((answer, request) => {
    const isCancel = request.url?.endsWith("/cancel") === true;
    asked.push(
      isCancel ? "cancel" : `${request.method ?? ""}${/starting_after=.*/.exec(request.url ?? "")?.[0] ?? ""}`,
    );
    if (isCancel) return void answer.end("{}");
    startStream(answer).end(frames(streams[Math.min(asked.length, streams.length) - 1] ?? []));
  });
  const stream = call(
    "m",
    {
      stream: true,
      client: client({ baseURL: `${server.url}/v1`, apiKey: "k" }),
      callParams: { background: true },
      onInterrupt: "continue",
      retry: { delay: 1, attempts: 6 },
    },
    () => "Count.",
  )();
  let [shown, error]: [string, unknown] = ["", null];
  try {
    for await (const [chunk] of stream) shown += chunk.content;
  } catch (thrown) {
    error = thrown;
  }
  await stream[Symbol.asyncDispose]();
  expect(stream.content).toBe(shown);
  return { shown, error, outcome: stream.outcome, id: stream.id, asked };
}

describe("a run in the background that is resumed", () => {
  it("goes on after the last event, and takes the numbers of those that say nothing into account", async () => {
    const { shown, outcome, asked } = await read([
      [...some(0, 1), keepalive(2)],
      [
        keepalive(3),
        ...some(2, 3, 4).map((event) => ({ ...event, sequence_number: Number(event["sequence_number"]) + 2 })),
      ],
    ]);
    expect([shown, outcome, asked]).toEqual(["one two three", "complete", ["POST", "GETstarting_after=1"]]);
  });

  it("asks once more for an event that is missing", async () => {
    const { shown, outcome, asked } = await read([some(0, 1), some(3, 4), some(2, 3, 4)]);
    expect([shown, outcome]).toEqual(["one two three", "complete"]);
    expect(asked).toEqual(["POST", "GETstarting_after=1", "GETstarting_after=1"]);
  });

  it("fails if the event does not come then either, and cancels the run", async () => {
    const { shown, outcome, error, asked } = await read([some(0, 1), some(3, 4)]);
    expect([shown, outcome]).toEqual(["one", "failed"]);
    expect(error).toMatchObject({ code: "protocol", message: expect.stringContaining("event 2 is missing") as string });
    expect(asked).toEqual(["POST", "GETstarting_after=1", "GETstarting_after=1", "cancel"]);
  });

  it("does not take the events of another run", async () => {
    const other = { type: "response.completed", sequence_number: 4, response: response("completed", "resp_2") };
    const { shown, outcome, error, id, asked } = await read([some(0, 1), [...some(2, 3), other]]);
    expect([shown, outcome, id]).toEqual(["one two three", "failed", "resp_1"]);
    expect(error).toMatchObject({ code: "protocol" });
    expect(asked).toEqual(["POST", "GETstarting_after=1", "cancel"]);
    // Not even if it begins anew.
    const begun = { ...run[0], type: "response.created", response: response("in_progress", "resp_2") };
    expect(await read([some(0, 1), [begun, ...some(2, 3, 4)]])).toMatchObject({ shown: "one", outcome: "failed" });
  });
});

describe("a run in the background whose stream ends with an error", () => {
  const error: Event = {
    type: "error",
    sequence_number: 2,
    error: { type: "server_error", code: "server_error", message: "No." },
  };
  const later = (events: readonly Event[], by: number): readonly Event[] =>
    events.map((event) => ({ ...event, sequence_number: Number(event["sequence_number"]) + by }));

  it("is asked for what follows that, and goes on", async () => {
    const { shown, outcome, asked } = await read([[...some(0, 1), error], later(some(2, 3, 4), 1)]);
    expect([shown, outcome]).toEqual(["one two three", "complete"]);
    expect(asked).toEqual(["POST", "GETstarting_after=2"]);
  });

  it("is followed by a new one, if it turns out to have failed", async () => {
    const end = { type: "response.completed", sequence_number: 4, response: response("completed", "resp_2") };
    const { shown, outcome, asked } = await read([
      [...some(0, 1), error, ...later([failed], 1)],
      later([failed], 1),
      [{ ...run[0], type: "response.created", response: response("in_progress", "resp_2") }, ...some(2, 3), end],
    ]);
    expect([shown, outcome, asked]).toEqual(["one two three", "complete", ["POST", "GETstarting_after=2", "POST"]]);
  });

  it("is not asked for anything if that error is final, but cancelled: it may go on", async () => {
    const { error: thrown, asked } = await read([[...some(0, 1), { ...error, error: { code: "insufficient_quota" } }]]);
    expect([thrown, asked]).toMatchObject([{ code: "api_error", retryable: false }, ["POST", "cancel"]]);
  });
});

describe("a run in the background that has failed", () => {
  it("is neither asked for more nor cancelled", async () => {
    const call: Event = {
      type: "response.output_item.done",
      sequence_number: 1,
      output_index: 0,
      item: { id: "fc_1", type: "function_call", call_id: "call_1", name: "f", arguments: "{}" },
    };
    const { error, outcome, asked } = await read([[...some(0), call, failed]]);
    expect([outcome, asked]).toEqual(["failed", ["POST"]]);
    expect(error).toMatchObject({ code: "api_error", providerMessage: "No." });
  });

  it("is followed by a new one, if its text can be continued", async () => {
    const rest = [{ ...run[0], type: "response.created", response: response("in_progress", "resp_2") }, ...some(2, 3)];
    const end = { type: "response.completed", sequence_number: 4, response: response("completed", "resp_2") };
    const { shown, outcome, asked } = await read([
      [...some(0, 1), failed],
      [...rest, end],
    ]);
    expect([shown, outcome, asked]).toEqual(["one two three", "complete", ["POST", "POST"]]);
  });
});
