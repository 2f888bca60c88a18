import type * as http from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type AnthropicStream, call, client } from "../../src/providers/anthropic/index.ts";
import { ends, hasCorpus, type Recording, recordings } from "../corpus.ts";
import { toolsOf } from "../recorded-tools.ts";
import { isSweep, sample } from "../sample.ts";
import { delta, ended, frames, serve, started, startStream, type TestServer } from "../server.ts";

/** How a first reply stops. */
const ENDS = ["reset", "end", "error"] as const;

/**
 * What the model does that is asked for the rest: it gives just that, or repeats the end of what it was shown before, or
 * fails halfway and has to be asked again.
 */
type Rest = "rest" | "repetition" | "halves";

/** A recording, and what it comes to. */
interface Whole extends Known {
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly tools: ReturnType<typeof toolsOf>;
  /** The native message and the usage of a stream without a fault: recordings.test.ts compares them with the SDK's. */
  readonly message: unknown;
  readonly usage: unknown;
}

/** One call: its first reply stops after so many events of a recording. */
interface Run {
  readonly whole: Whole;
  readonly place: number;
  /** What comes before that. */
  readonly known: Known;
  readonly bytes: Uint8Array;
  readonly end: (typeof ENDS)[number];
  readonly mode: "restart" | "continue";
  readonly model: string;
  readonly rest: Rest;
  /** The messages of its requests so far, as the server got them. */
  readonly asked: Turn[][];
  /** What the server answered when asked for the rest. */
  answer: string | null;
}

interface Turn {
  readonly role: string;
  readonly content: string | readonly { readonly type: string; readonly text?: string }[];
}

const NEWER = "claude-sonnet-5-5";
/** A model that goes on from a turn that ends the request. */
const OLDER = "claude-sonnet-4-5";
/** Less is not taken for a repetition. */
const LEAST = 16;
const BATCH = 16;
/** How many runs of each kind and way are taken of a recording, unless it is a sweep; and of those with a blank text. */
const [SAMPLED, SAMPLED_BLANK] = [3, 8];

/** Those that fail by themselves. */
const INCOMPLETE = [
  "anthropic/authored-duplicate-message-start.jsonl",
  "anthropic/authored-spliced-message-start.jsonl",
  "anthropic/derived-overloaded-midstream.sse",
];

/** What a reader of these events knows, worked out apart from the library. */
interface Known {
  readonly text: string;
  /** The ids of the tools that could be called by now. */
  readonly calls: readonly string[];
  /** There was anything but the beginning of a message and of an empty block. */
  readonly hasContent: boolean;
  /** A tool of the program's was asked for, or one of the provider's whose input is not whole. */
  readonly asksForTools: boolean;
  /** A block of it is whole and is not blank text: it may be sent back. */
  readonly canBeSent: boolean;
  readonly stopReason: string | null;
  readonly isEnded: boolean;
}

interface Block {
  readonly type: string;
  readonly id: string;
  text: string;
  json: string;
  /** No more of it can come. An empty input may be one that was cut, until the next block or a stop reason comes. */
  isWhole: boolean;
}

/** Stop reasons that may come in the middle of a block. */
const CUTTING = ["max_tokens", "model_context_window_exceeded", "refusal"];

type Fields = Readonly<Record<string, unknown>>;

function fold(events: Recording["events"]): Known {
  const blocks = new Map<unknown, Block>();
  let [hasContent, isEnded] = [false, false];
  let stopReason: string | null = null;
  const add = (index: unknown, { type, id, text = "", input = {} }: Fields, isWhole: boolean): void => {
    const json = JSON.stringify(input);
    blocks.set(index, { type: String(type), id: String(id), text: String(text), json, isWhole });
  };
  const endAll = (): void => {
    for (const block of blocks.values()) block.isWhole = true;
  };
  for (const event of events) {
    const { type, index } = event;
    const { message, content_block, delta = {} } = event as Readonly<Record<string, Fields>>;
    if (message !== undefined) {
      const whole = message["content"] as Fields[];
      for (const [place, block] of whole.entries()) add(place, block, true);
      hasContent ||= whole.length > 0;
    }
    if (content_block !== undefined) {
      endAll();
      add(index, content_block, false);
      hasContent ||= (content_block["text"] ?? content_block["thinking"]) !== "";
    }
    const block = blocks.get(index);
    if (type === "content_block_delta" && block !== undefined) {
      const { type: kind, text, partial_json: json, ...fields } = delta;
      if (kind === "text_delta") block.text += String(text);
      if (kind === "input_json_delta") block.json = (block.json === "{}" ? "" : block.json) + String(json);
      hasContent ||= [text, json, ...Object.values(fields)].some((value) => Boolean(value));
    }
    // The empty input of a tool may have been cut.
    const isCertain = block !== undefined && (block.type !== "tool_use" || !["", "{}"].includes(block.json));
    if (type === "content_block_stop" && isCertain) block.isWhole = true;
    const reason = (delta["stop_reason"] ?? message?.["stop_reason"] ?? null) as string | null;
    if (reason !== null && !CUTTING.includes(reason)) endAll();
    stopReason = reason ?? stopReason;
    isEnded ||= type === "message_stop";
  }
  const all = [...blocks.values()];
  return {
    text: all.map(({ type, text }) => (type === "text" ? text : "")).join(""),
    calls: all
      .filter(({ type, isWhole, json }) => type === "tool_use" && isWhole && isObject(json))
      .map(({ id }) => id),
    hasContent,
    asksForTools: all.some(({ type, isWhole }) => type === "tool_use" || (!isWhole && type.endsWith("tool_use"))),
    canBeSent: all.some(({ type, text, isWhole }) => isWhole && (type !== "text" || text.trim() !== "")),
    stopReason,
    isEnded,
  };
}

function isObject(json: string): boolean {
  try {
    return typeof JSON.parse(json || "{}") === "object";
  } catch {
    return false;
  }
}

const runs: Run[] = [];
let server: TestServer;
let own: ReturnType<typeof client>;
const unhandled = vi.fn();

beforeAll(async () => {
  process.on("unhandledRejection", unhandled);
  server = await serve((response, _request, count) => {
    const messages = server.requests[count - 1]?.body["messages"] as Turn[];
    const run = runs[Number(messages[0]?.content)] as Run;
    run.asked.push(messages);
    if (run.asked.length === 1) return cut(response, run);
    if (messages.length === 1) return startStream(response).end(run.whole.bytes);
    run.answer = answerTo(run, messages);
    const pieces = run.answer.match(new RegExp(`.{1,${1 + (run.place % 40)}}`, "gs")) ?? [];
    const isHalf = run.rest === "halves" && run.asked.length === 2;
    const deltas = pieces.slice(0, isHalf ? pieces.length / 2 : pieces.length).map(delta);
    startStream(response).end(frames([...started, ...deltas]) + (isHalf ? overloaded : frames(ended)));
  });
  own = client({ apiKey: "sk-test", baseURL: server.url });
});

beforeEach(() => {
  (server.requests as unknown[]).splice(0);
  runs.splice(0);
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  process.off("unhandledRejection", unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});

const overloaded = frames([{ type: "error", error: { type: "overloaded_error", message: "Overloaded" } }]);

function cut(response: http.ServerResponse, { bytes, end }: Run): void {
  startStream(response).write(bytes.length > 0 ? bytes : "\n", () => {
    if (end === "end") response.end();
    // A last event that no blank line ends must not run into the next one.
    else if (end === "error") response.end(`\n\n${overloaded}`);
    else afterTurns(10, () => response.socket?.resetAndDestroy());
  });
}

/** A reset overtakes what was not read yet: the reader, who is in this process, gets so many turns of the event loop. */
function afterTurns(count: number, then: () => void): void {
  setImmediate(count === 0 ? then : () => afterTurns(count - 1, then));
}

/** What a model writes that goes on exactly where the turn ends that it was shown. */
function answerTo({ whole, place, rest }: Run, [, turn]: readonly Turn[]): string {
  const start = endOf(textOf(turn), whole.text);
  return whole.text.slice(rest === "repetition" ? start - repetition(start, place) : start);
}

/** Where in a text its beginning ends, of which some white space is missing: what is missing at the end is yet to come. */
function endOf(beginning: string, text: string): number {
  let end = 0;
  for (const character of withoutSpace(beginning)) end = text.indexOf(character, end) + character.length;
  return end + trailing(beginning);
}

/** How many of so many characters are repeated: any number that is enough; 0 where there are not so many. */
const repetition = (length: number, seed: number): number =>
  length < LEAST ? 0 : LEAST + ((seed * 7) % (length - LEAST + 1));

const trailing = (text: string): number => text.length - text.trimEnd().length;

function textOf(turn: unknown): string {
  const { content } = turn as Turn;
  return typeof content === "string" ? content : content.map(({ text = "" }) => text).join("");
}

const withoutSpace = (text: string): string => text.replaceAll(/\s/g, "");

interface Read {
  /** The text and the ids of the tools, since the last restart. */
  text: string;
  calls: string[];
  readonly recoveries: string[];
  error: unknown;
}

async function read(stream: AnthropicStream): Promise<Read> {
  const got: Read = { text: "", calls: [], recoveries: [], error: null };
  try {
    for await (const [chunk, tool] of stream) {
      const { recovery } = chunk;
      if (recovery !== null) got.recoveries.push(recovery.type);
      if (recovery?.type === "restart") [got.text, got.calls] = ["", []];
      got.text += chunk.content;
      const given = tool as { readonly id: string; readonly state: string } | null;
      if (given?.state === "complete") got.calls.push(given.id);
    }
  } catch (error) {
    got.error = error;
  }
  return got;
}

/** How a call must go, by its events alone. */
type Way = "whole" | "unseen" | "restart" | "continue" | "failed";

function wayOf({ known, end, mode }: Run): Way {
  const { hasContent, calls, asksForTools, stopReason, isEnded } = known;
  // A message with a stop reason is whole, unless it is an error that follows.
  if (isEnded || (stopReason !== null && end !== "error")) return "whole";
  // Once it has stopped it is shown, content or not.
  if (!hasContent) return stopReason === null ? "unseen" : "failed";
  if (mode === "restart") return calls.length > 0 ? "failed" : "restart";
  return asksForTools || stopReason === "refusal" ? "failed" : "continue";
}

/**
 * What must come to pass for the tests to mean anything: in so many recordings, so many times in all in a sweep, and so
 * many times in a sample.
 */
const ENOUGH = {
  whole: [76, 200, 200],
  unseen: [76, 400, 300],
  restart: [70, 3_000, 200],
  continue: [65, 8_000, 900],
  failed: [35, 900, 100],
  // What is continued, in more detail. Nothing of the reply may be sent back: it is asked anew.
  anew: [20, 200, 60],
  prefilled: [65, 3_000, 400],
  repeated: [60, 3_000, 300],
  // The second reply is cut, too, after text that is shown.
  twice: [50, 1_000, 150],
} as const;

type Covered = keyof typeof ENOUGH;

const counts = Object.fromEntries(Object.keys(ENOUGH).map((what) => [what, new Map<string, number>()])) as Record<
  Covered,
  Map<string, number>
>;

async function check(run: Run): Promise<void> {
  const { whole, known, end, mode, model, rest, place, asked } = run;
  const label = `${whole.file}: ${mode}, ${model}, ${rest}, ${end} before event ${place}`;
  const count = (what: keyof typeof counts): unknown =>
    counts[what].set(whole.file, (counts[what].get(whole.file) ?? 0) + 1);
  const prompt = String(runs.push(run) - 1);
  const options = { stream: true, client: own, retry: { delay: 0 }, onInterrupt: mode, tools: whole.tools } as const;
  const stream = call(model, options, () => prompt)();
  const { error, ...got } = await read(stream);
  const attempts = stream.attempts.map(({ outcome }) => outcome);
  const cutAs = end === "error" ? "failed" : "truncated";
  const way = wayOf(run);
  count(way);
  const story = { ...got, attempts, outcome: stream.outcome, content: stream.content };

  if (way === "failed") {
    const { text, calls } = known;
    const expected = { text, calls, recoveries: [], attempts: [cutAs], outcome: cutAs, content: text };
    expect(story, label).toEqual(expected);
    expect(whole.text.startsWith(text)).toBe(true);
    expect(error, label).toMatchObject({ partial: { content: text } });
    expect(stream.error).toBe(error);
    return;
  }

  const isJoined = asked[1] !== undefined && asked[1].length > 1;
  const isHalved = isJoined && rest === "halves";
  const recoveries: string[] = way === "restart" || way === "continue" ? [way] : [];
  // A first half that may be a repetition, or is nothing, is not shown.
  if (isHalved && got.recoveries.length > 1) recoveries.push("continue");
  expect(error, label).toBeNull();
  expect(story, label).toEqual({
    text: whole.text,
    calls: isJoined ? [] : whole.calls,
    recoveries,
    attempts: way === "whole" ? ["complete"] : [cutAs, ...(isHalved ? ["failed"] : []), "complete"],
    outcome: "complete",
    content: whole.text,
  });
  expect((await stream.response()).content).toBe(whole.text);
  if (!isJoined) {
    expect(stream.message, label).toEqual(whole.message);
    expect(stream.usage, label).toEqual(whole.usage);
    if (way !== "continue") return;
    // Nothing was kept but, perhaps, white space: such a turn cannot be sent.
    expect(known.text.trim(), label).toBe("");
    count("anew");
    return;
  }
  expect(way, label).toBe("continue");
  expect(asked[1]?.map(({ role }) => role).slice(0, 2)).toEqual(["user", "assistant"]);
  // White space that may not be sent is missing in a turn, and nothing else.
  expect(withoutSpace(textOf(asked[1]?.[1])), label).toBe(withoutSpace(known.text));
  expect(withoutSpace(textOf(stream.messageParam)), label).toBe(withoutSpace(whole.text));
  expect(stream.usage).toMatchObject({ source: "reported", input_tokens: 10, output_tokens: 25 });
  expect(stream.finishReasons).toEqual(["end_turn"]);
  if (got.recoveries.length > 1) count("twice");
  if (asked[1]?.at(-1)?.role === "assistant") count("prefilled");
  if ((run.answer?.length ?? 0) >= whole.text.length - known.text.length + LEAST) count("repeated");
}

/** The runs of a recording, no two alike: how the reply stops differs from one to the next. */
function runsOf(whole: Whole, { events }: Recording, places: readonly number[]): Run[] {
  const kinds = [
    ["restart", NEWER, "rest"],
    ["continue", NEWER, "rest"],
    ["continue", NEWER, "repetition"],
    ["continue", OLDER, "rest"],
    ["continue", OLDER, "repetition"],
    ["continue", NEWER, "halves"],
    ["continue", OLDER, "halves"],
  ] as const;
  return Array.from({ length: events.length + 1 }, (_, place) => place).flatMap((place) => {
    const known = fold(events.slice(0, place));
    const bytes = whole.bytes.subarray(0, places[place]);
    const made = kinds.map(([mode, model, rest], nth): Run => {
      const end = ENDS[(place + nth) % ENDS.length] ?? "end";
      return { whole, place, known, bytes, end, mode, model, rest, asked: [], answer: null };
    });
    // Where nothing is asked for the rest, the model and what it does make no difference.
    return made.filter((run, nth) => nth < 2 || (wayOf(run) === "continue" && isDistinct(run)));
  });
}

/** Some of the runs, of each kind and way as many: what is rare in a recording is not left to chance. */
function sampled(runs: readonly Run[]): readonly Run[] {
  const groups = new Map<string, { readonly count: number; readonly runs: Run[] }>();
  for (const run of runs) {
    const { whole, known, mode, model, rest } = run;
    // A blank text is asked for anew, unless a whole block, such as signed thinking, can be sent.
    const isBlank = known.text.trim() === "";
    const label = [whole.file, mode, model, rest, wayOf(run), isBlank, isBlank && known.canBeSent].join();
    const group = groups.get(label) ?? { count: isBlank ? SAMPLED_BLANK : SAMPLED, runs: [] };
    group.runs.push(run);
    groups.set(label, group);
  }
  return [...groups].flatMap(([label, { count, runs }]) => sample(runs, count, label));
}

function isDistinct({ known, rest, place }: Run): boolean {
  if (rest === "repetition") return known.text.length >= LEAST;
  return known.text !== "" && (rest === "rest" || place % 3 === 0);
}

const all = recordings("anthropic");

describe.skipIf(!hasCorpus)("gives the text exactly once", () => {
  it.each(all.map((recording) => [recording.file, recording] as const))(
    `for a fault before ${isSweep ? "every event" : "events"} of %s`,
    { timeout: isSweep ? 600_000 : 60_000 },
    async (file, recording) => {
      const { bytes, events } = recording;
      const respond = (): Promise<Response> =>
        Promise.resolve(new Response(bytes.slice(), { headers: { "content-type": "text/event-stream" } }));
      const options = { stream: true, retry: false, client: client({ apiKey: "k", fetch: respond }) } as const;
      const plain = call(NEWER, options, () => "x")();
      await plain.response().catch(() => {});
      if (plain.outcome !== "complete") return expect(INCOMPLETE).toContain(file);
      const { message, usage } = plain;
      const whole: Whole = { ...fold(events), file, bytes, tools: toolsOf(recording), message, usage };
      const cases = sampled(runsOf(whole, recording, [0, ...ends(recording)]));
      for (let start = 0; start < cases.length; start += BATCH) {
        const results = await Promise.allSettled(cases.slice(start, start + BATCH).map(check));
        // Not before all of them are over: none may run into the next test.
        for (const result of results) if (result.status === "rejected") throw result.reason;
      }
    },
  );

  it("and recovers often enough for that to mean something", () => {
    const reached = Object.keys(ENOUGH).map((name) => {
      const what = name as Covered;
      const files = [...counts[what].values()];
      const runs = files.reduce((sum, count) => sum + count, 0);
      const [leastFiles, inSweep, inSample] = ENOUGH[what];
      const isEnough = files.length >= leastFiles && runs >= (isSweep ? inSweep : inSample);
      return { isEnough, story: `${what}: ${runs} times, in ${files.length} recordings` };
    });
    console.log(reached.map(({ story }) => story).join("\n"));
    expect(reached.filter(({ isEnough }) => !isEnough).map(({ story }) => story)).toEqual([]);
  });
});
