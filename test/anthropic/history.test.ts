import { describe, expect, it } from "vitest";
import { type AnyTool, tool, user } from "../../src/index.ts";
import { type AnthropicStream, call, client } from "../../src/providers/anthropic/index.ts";
import { SentBlocks } from "../../src/testing/anthropic/sent.ts";
import { bodyProblem } from "../../src/testing/anthropic/validate.ts";
import { hasCorpus, type Recording, recordings } from "../corpus.ts";
import { isSweep, sample } from "../sample.ts";

const MODEL = "claude-sonnet-5-5";
/** What the recordings were made with. */
const BETAS = "advisor-tool-2026-03-01,compact-2026-01-12,mcp-client-2025-11-20,server-side-fallback-2026-07-01";
/** At how many places a sample cuts a recording, beside its two ends. */
const CUTS = 7;

/** A stream of the first events of a recording, as if the connection had been cut after them. */
function streamOf(events: Recording["events"], tools: readonly AnyTool[] = []): AnthropicStream {
  const body = events.map((event) => `event: ${String(event["type"])}\ndata: ${JSON.stringify(event)}\n\n`).join("");
  const fetch = (): Promise<Response> =>
    Promise.resolve(new Response(body, { headers: { "content-type": "text/event-stream" } }));
  const own = client({ apiKey: "sk-test", baseURL: "http://127.0.0.1:1", fetch });
  return call(MODEL, { stream: true, client: own, tools, retry: false }, () => "Hello")();
}

async function drained(stream: AnthropicStream): Promise<AnthropicStream> {
  await stream.response().catch(() => {});
  return stream;
}

/** The body that a call with this prompt sends. */
async function bodyOf(messages: readonly object[]): Promise<Record<string, unknown>> {
  let body = "{}";
  const fetch = (_: string, init: RequestInit): Promise<Response> => {
    body = String(init.body);
    return Promise.resolve(new Response("", { status: 500 }));
  };
  const own = client({ apiKey: "sk-test", baseURL: "http://127.0.0.1:1", fetch });
  await call(MODEL, { client: own, retry: false }, () => messages as never)().catch(() => {});
  return JSON.parse(body) as Record<string, unknown>;
}

/** What the fake server, at its strictest, finds wrong with the next request after these events. */
async function problemWith(messages: readonly object[], events: Recording["events"] = []): Promise<unknown> {
  const headers = { "anthropic-version": "2023-06-01", "anthropic-beta": BETAS };
  const sent = new SentBlocks();
  sent.remember(events);
  const rules = { validate: true, apiKey: undefined, models: [], betas: [], fields: [], sent };
  return bodyProblem(await bodyOf(messages), headers, "message", rules);
}

const all = recordings("anthropic");
/** How many of the histories end with what. */
const endings = { prompt: 0, answer: 0, results: 0 };

function endingOf(history: readonly object[]): keyof typeof endings {
  const { role, content } = history.at(-1) as { role: string; content: unknown };
  if (role === "assistant") return "answer";
  return JSON.stringify(content).includes('"type":"tool_result"') ? "results" : "prompt";
}

describe.skipIf(!hasCorpus)("history", () => {
  it.each(all.map((recording) => [recording.file, recording.events] as const))(
    `is accepted after a cut at ${isSweep ? "every event" : "any event"} of %s`,
    async (file, events) => {
      const cuts = Array.from({ length: events.length - 1 }, (_, place) => place + 1);
      for (const cut of [0, ...sample(cuts, CUTS, file), events.length]) {
        const stream = await drained(streamOf(events.slice(0, cut)));
        const history = stream.history();
        endings[endingOf(history)]++;
        const isPaused = stream.finishReasons.includes("pause_turn");
        const problem = await problemWith(isPaused ? history : [...history, user("Go on")], events);
        expect(problem, `cut after ${cut} events, ${JSON.stringify(history.at(-1))}`).toBeNull();
      }
    },
    60_000,
  );

  it("was one of every kind", () => {
    console.log(JSON.stringify(endings));
    // A sample may be an unlucky one.
    const [prompt, answer, results] = isSweep ? [150, 2_000, 80] : [40, 200, 15];
    expect(endings.prompt).toBeGreaterThan(prompt);
    expect(endings.answer).toBeGreaterThan(answer);
    expect(endings.results).toBeGreaterThan(results);
  });

  it("answers every call, those with an output by that", async () => {
    const bearing = all.find(({ file }) => file.endsWith("tools-two-no-args.sse"));
    if (bearing === undefined) throw new Error("The recording is gone.");
    const names = [...JSON.stringify(bearing.events).matchAll(/"type":"tool_use","id":"[^"]*","name":"([^"]*)"/g)];
    const tools = [...new Set(names.map(([, name]) => String(name)))].map((name) => tool({ name, call: () => "done" }));
    const stream = streamOf(bearing.events, tools);
    await drained(stream);
    const [first, second] = stream.tools as unknown as Parameters<typeof stream.history>[0] extends
      | readonly (readonly [infer Call, unknown])[]
      | undefined
      ? [Call, Call]
      : never;
    const history = stream.history([[first, { answer: 42 }]]);
    expect(history.at(-1)).toEqual({
      role: "user",
      content: [
        { type: "tool_result", tool_use_id: first.id, content: '{"answer":42}' },
        { type: "tool_result", tool_use_id: second.id, content: "The tool was not run.", is_error: true },
      ],
    });
    expect(await problemWith(history)).toBeNull();
    expect(stream.toolMessageParams([[second, new Error("No such book.")]])).toEqual([
      {
        role: "user",
        content: [{ type: "tool_result", tool_use_id: second.id, content: "No such book.", is_error: true }],
      },
    ]);
    expect(stream.toolMessageParams([])).toEqual([]);
  });
});
