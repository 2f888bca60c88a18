import { describe, expect, it } from "vitest";
import { wellFormedJson } from "../../src/json/stringify.ts";
import { call, client } from "../../src/providers/openai/index.ts";
import { responsesProblem } from "../../src/testing/openai/check-responses.ts";
import { ResponseStore } from "../../src/testing/openai/store.ts";
import { ends, hasCorpus, recordings } from "../corpus.ts";
import { isSweep, sample } from "../sample.ts";
import { framed } from "./steps.ts";

/** How many places of a recording are tried, unless it is a sweep. */
const PLACES = 6;

function respondWith(bytes: Uint8Array): typeof fetch {
  return () => Promise.resolve(new Response(bytes.slice(), { headers: { "content-type": "text/event-stream" } }));
}

async function streamOf(bytes: Uint8Array, model = "gpt-5.5") {
  const options = { stream: true, retry: false, client: client({ apiKey: "k", fetch: respondWith(bytes) }) } as const;
  const stream = call(model, options, () => "?")();
  try {
    for await (const _ of stream);
  } catch (error) {
    expect(error).toBe(stream.error);
  }
  return stream;
}

/** What the API would say of a conversation that goes on. */
function problemOf(model: string, history: readonly object[]): string | null {
  const input = JSON.parse(JSON.stringify([...history, { role: "user", content: "Go on, please." }]));
  const body = { model, input, stream: true };
  return responsesProblem({ body, models: [model], fields: [], store: new ResponseStore() })?.message ?? null;
}

describe.runIf(hasCorpus)("recorded replies, cut after any event", () => {
  it.each(recordings("openai", "responses").map((recording) => [recording.file, recording] as const))(
    "%s can be sent back",
    async (file, recording) => {
      const { model, bytes } = recording;
      for (const place of sample([0, ...ends(recording)], isSweep ? Infinity : PLACES, file)) {
        const stream = await streamOf(bytes.subarray(0, place), model);
        expect([place, problemOf(model, stream.history())]).toEqual([place, null]);
        const isEnded = place >= bytes.length - 2 && !file.includes("error-then-failed");
        expect([place, stream.outcome === "complete"]).toEqual([place, isEnded]);
      }
    },
  );
});

const reasoning = (token: string) => ({ id: "rs_1", type: "reasoning", summary: [], encrypted_content: token });
const functionCall = { id: "fc_1", type: "function_call", call_id: "call_1", name: "look", arguments: '{"a":1}' };
const message = { id: "msg_1", type: "message", role: "assistant", content: [{ type: "output_text", text: "Hi" }] };

/** A reply of these items; those without `isDone` only begin. */
const itemEvents = (items: readonly object[], open: readonly object[] = []) => [
  { type: "response.created", response: { id: "resp_1", status: "in_progress", output: [] } },
  ...items.flatMap((item, output_index) => [
    { type: "response.output_item.added", output_index, item },
    { type: "response.output_item.done", output_index, item },
  ]),
  ...open.map((item, at) => ({ type: "response.output_item.added", output_index: items.length + at, item })),
];
const completed = (output: readonly object[]) => ({
  type: "response.completed",
  response: { id: "resp_1", status: "completed", output },
});

describe("a reply that is sent back", () => {
  const turnOf = async (events: readonly object[]): Promise<unknown> => {
    const stream = await streamOf(framed(events));
    return stream.messageParam;
  };

  it("has its items with their ids and its reasoning before what it led to", async () => {
    const output = [reasoning("t"), { ...message, phase: "commentary" }, reasoning("u"), functionCall];
    expect(await turnOf([...itemEvents(output), completed(output)])).toEqual(output);
  });

  it("keeps no ids without reasoning, which the API would ask for", async () => {
    const { id: _id, ...call } = functionCall;
    const { id: _other, ...text } = message;
    for (const lost of [reasoning(""), { ...reasoning("t"), encrypted_content: null }]) {
      const output = [lost, message, functionCall];
      expect(await turnOf([...itemEvents(output), completed(output)])).toEqual([text, call]);
    }
    expect(await turnOf([...itemEvents([message]), completed([message])])).toEqual([text]);
  });

  it("leaves out a call that was cut, with its reasoning", async () => {
    const { id: _id, ...text } = message;
    const cut = { ...functionCall, id: "fc_2", call_id: "call_2", arguments: '{"a' };
    expect(await turnOf(itemEvents([message, reasoning("t")], [cut]))).toEqual([text]);
    const incomplete = { ...cut, status: "incomplete" };
    const end = { type: "response.incomplete", response: { status: "incomplete", output: [] } };
    expect(await turnOf([...itemEvents([message, reasoning("t"), incomplete]), end])).toEqual([text]);
  });

  it("has no half of a character, in input that is no JSON either: the API reads it as JSON", async () => {
    for (const text of ['{"a":"\ud83d"}', String.raw`{"a":"\ud83d"}`, '{"a":"\ud83d', String.raw`{"a":"\ud83d`]) {
      const [call] = (await turnOf([...itemEvents([{ ...functionCall, arguments: text }]), completed([])])) as [
        typeof functionCall,
      ];
      const { a = "", INVALID_JSON = a } = JSON.parse(JSON.parse(wellFormedJson(JSON.stringify(call.arguments))));
      expect([text, INVALID_JSON]).toEqual([text, expect.not.stringMatching(/\p{Surrogate}/u)]);
    }
  });

  it("leaves out what only replies have", async () => {
    const odd = { ...message, created_by: "x", content: [{ ...message.content[0], parsed: {} }] };
    const { id: _id, ...text } = message;
    expect(await turnOf([...itemEvents([odd]), completed([odd])])).toEqual([text]);
  });

  it("does not exist where the model refused", async () => {
    const refused = { ...message, content: [{ type: "refusal", refusal: "No." }] };
    const stream = await streamOf(framed([...itemEvents([refused]), completed([refused])]));
    expect([stream.messageParam, stream.refusal, stream.commonFinishReasons]).toEqual([
      null,
      "No.",
      ["content_filter"],
    ]);
    expect(stream.history()).toEqual(stream.messages);
  });
});
