/** Single deviations of compatible servers. The reference of each API lists them, with the servers that were seen to have them. */

import { isJsonObject, type JsonObject, objectsOf } from "../json.ts";
import type { WireEvent } from "../wire.ts";

/** A deviation of chunks. */
export type ChatOddity = keyof typeof CHAT;
/** A deviation of the events of Responses. */
export type ResponsesOddity = keyof typeof RESPONSES;
/** A deviation of either API. */
export type Oddity = ChatOddity | ResponsesOddity;

type Change = (events: readonly JsonObject[]) => readonly JsonObject[];

/** Changes each delta of a call. `count` is how many deltas of calls came before in that call. */
const calls =
  (change: (call: JsonObject, place: number, count: number) => JsonObject | readonly JsonObject[]): Change =>
  (chunks) => {
    let place = -1;
    let count = 0;
    return deltas((delta) => {
      if (!Array.isArray(delta["tool_calls"])) return delta;
      const changed = objectsOf(delta["tool_calls"]).flatMap((call) => {
        if (typeof call["id"] === "string") {
          place++;
          count = 0;
        } else count++;
        return change(call, place, count);
      });
      return { ...delta, tool_calls: changed };
    })(chunks);
  };

const deltas = (change: (delta: JsonObject) => unknown): Change =>
  choices((choice) => {
    const { delta } = choice;
    return { ...choice, delta: isJsonObject(delta) ? change(delta) : delta };
  });

function choices(change: (choice: JsonObject) => JsonObject | readonly JsonObject[]): Change {
  return (chunks) =>
    chunks.map((chunk) =>
      Array.isArray(chunk["choices"]) ? { ...chunk, choices: objectsOf(chunk["choices"]).flatMap(change) } : chunk,
    );
}

function functionOf(call: JsonObject, change: (part: JsonObject) => JsonObject): JsonObject {
  return isJsonObject(call["function"]) ? { ...call, function: change(call["function"]) } : call;
}

function without(object: JsonObject, ...names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}

/** Moves the arguments of each call into its first delta, and drops the others. */
const whole =
  (change: (text: string) => unknown): Change =>
  (chunks) => {
    const texts: string[] = [];
    calls((call, place) => {
      const part = call["function"];
      texts[place] = (texts[place] ?? "") + (isJsonObject(part) ? String(part["arguments"] ?? "") : "");
      return call;
    })(chunks);
    const moved = calls((call, place, count) =>
      count > 0 ? [] : functionOf(call, (part) => ({ ...part, arguments: change(texts[place] ?? "") })),
    )(chunks);
    return moved.filter((chunk) => !objectsOf(chunk["choices"]).some(hasNoCallsLeft));
  };

function hasNoCallsLeft({ delta }: JsonObject): boolean {
  return isJsonObject(delta) && Array.isArray(delta["tool_calls"]) && delta["tool_calls"].length === 0;
}

function isFinish(chunk: JsonObject): boolean {
  return objectsOf(chunk["choices"]).some(({ finish_reason }) => typeof finish_reason === "string");
}

const finish = (change: (choice: JsonObject) => JsonObject): Change =>
  choices((choice) => (typeof choice["finish_reason"] === "string" ? change(choice) : choice));

const isUsage = (chunk: JsonObject): boolean =>
  isJsonObject(chunk["usage"]) && objectsOf(chunk["choices"]).length === 0;

const CHAT = {
  /** Calls have no index. */
  "no-index": calls((call) => without(call, "index")),
  /** All calls have the index 0. */
  "same-index": calls((call) => ({ ...call, index: 0 })),
  /** Indexes begin with 1. */
  "index-from-1": calls((call, place) => ({ ...call, index: place + 1 })),
  /** The index of later deltas of a call is another one. */
  "index-moves": calls((call, place, count) => ({ ...call, index: place + (count > 0 ? 7 : 0) })),
  /** Later deltas of a call have an empty id. */
  "empty-id": calls((call, _place, count) => (count > 0 ? { ...call, id: "" } : call)),
  /** Each delta of a call has its id and its name. */
  "repeated-id": (chunks: readonly JsonObject[]) => {
    let first: JsonObject = {};
    return calls((call, _place, count) => {
      if (count === 0) first = call;
      const { name } = isJsonObject(first["function"]) ? first["function"] : {};
      return functionOf({ ...call, id: first["id"], type: first["type"] }, (part) => ({ ...part, name }));
    })(chunks);
  },
  /** Calls have no type. */
  "no-type": calls((call) => without(call, "type")),
  /** The arguments are an object. */
  "object-arguments": whole((text) => JSON.parse(text || "{}") as unknown),
  /** A call comes in one delta. */
  "whole-calls": whole((text) => text),
  /** A call without arguments has null in their place. */
  "null-arguments": whole((text) => (text === "{}" ? null : text)),
  /** The first delta of a call has no arguments. */
  "no-arguments": calls((call, _place, count) =>
    count === 0 ? functionOf(call, (part) => without(part, "arguments")) : call,
  ),
  /** The finish reason comes with the last content. */
  "finish-with-content": (chunks: readonly JsonObject[]) => {
    const at = chunks.findIndex(isFinish);
    const reason = objectsOf(chunks[at]?.["choices"])[0]?.["finish_reason"];
    return chunks.flatMap((chunk, index) =>
      index === at
        ? []
        : index === at - 1
          ? choices((choice) => ({ ...choice, finish_reason: reason }))([chunk])
          : [chunk],
    );
  },
  /** A delta that is empty is null. */
  "null-delta": finish((choice) => ({ ...choice, delta: null })),
  /** A delta that is empty is left out. */
  "no-delta": finish((choice) => without(choice, "delta")),
  /** The chunk with usage has null for choices. */
  "null-choices": (chunks: readonly JsonObject[]) =>
    chunks.map((chunk) => (isUsage(chunk) ? { ...chunk, choices: null } : chunk)),
  /** The chunk with usage has no choices. */
  "no-choices": (chunks: readonly JsonObject[]) =>
    chunks.map((chunk) => (isUsage(chunk) ? without(chunk, "choices") : chunk)),
  /** No chunk says why the reply ended. */
  "no-finish": (chunks: readonly JsonObject[]) => chunks.filter((chunk) => !isFinish(chunk)),
  /** A finish reason that is not there yet is `""`. */
  "empty-finish": choices((choice) => ({ ...choice, finish_reason: choice["finish_reason"] ?? "" })),
  /** The finish reason comes twice, and then null. */
  "repeated-finish": (chunks: readonly JsonObject[]) =>
    chunks.flatMap((chunk) =>
      isFinish(chunk) ? [chunk, chunk, ...choices((choice) => ({ ...choice, finish_reason: null }))([chunk])] : [chunk],
    ),
  /** Replies that call tools end with `stop`. */
  "stop-with-calls": finish((choice) => ({ ...choice, finish_reason: "stop" })),
  /** Usage is on every chunk, at first with zeros. */
  "usage-each": (chunks: readonly JsonObject[]) => {
    const usage = chunks.find(isUsage)?.["usage"] ?? { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
    const zero = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
    return chunks.map((chunk, index) => ({ ...chunk, usage: index === 0 ? zero : usage }));
  },
  /** Each delta has the role. */
  "role-each": deltas((delta) => ({ ...delta, role: "assistant" })),
  /** No delta has the role. */
  "no-role": deltas((delta) => without(delta, "role")),
  /** Content is a list of parts. */
  "content-array": deltas((delta) =>
    typeof delta["content"] === "string" ? { ...delta, content: [{ type: "text", text: delta["content"] }] } : delta,
  ),
  /** Reasoning comes under two names. */
  "both-reasoning": deltas((delta) => {
    const reasoning = delta["reasoning_content"] ?? delta["reasoning"];
    return typeof reasoning === "string" ? { ...delta, reasoning, reasoning_content: reasoning } : delta;
  }),
  /** Replies without calls have a list of none. */
  "empty-calls": deltas((delta) => ("tool_calls" in delta ? delta : { ...delta, tool_calls: [] })),
  /** Each chunk has another id and time. */
  "changing-id": (chunks: readonly JsonObject[]) =>
    chunks.map((chunk, index) => ({ ...chunk, id: `chatcmpl-${index}`, created: 1_795_800_000 + index })),
} as const satisfies Readonly<Record<string, Change>>;

const isOf = (event: JsonObject, pattern: RegExp): boolean => pattern.test(String(event["type"]));
const each =
  (change: (event: JsonObject, index: number) => JsonObject): Change =>
  (events) =>
    events.map(change);
const leaveOut =
  (pattern: RegExp): Change =>
  (events) =>
    events.filter((event) => !isOf(event, pattern));
const terminal = (change: (response: JsonObject) => JsonObject): Change =>
  each((event) =>
    isOf(event, /^response\.(completed|incomplete|failed)$/) && isJsonObject(event["response"])
      ? { ...event, response: change(event["response"]) }
      : event,
  );

const RESPONSES = {
  /** Events have no sequence number. */
  "no-sequence": each((event) => without(event, "sequence_number")),
  /** Each event has other ids of the response and its items. */
  "rotating-ids": each((event, index) => ({
    ...event,
    ...("item_id" in event && { item_id: `item_${index}` }),
    ...(isJsonObject(event["item"]) && { item: { ...event["item"], id: `item_${index}` } }),
    ...(isJsonObject(event["response"]) && { response: { ...event["response"], id: `resp_${index}` } }),
  })),
  /** No event begins a part of an item. */
  "no-content-part": leaveOut(/content_part\.added$|summary_part\.added$/),
  /** Nothing comes in pieces. */
  "done-only": leaveOut(/\.delta$/),
  /** Nothing is said to be done but the response. */
  "delta-only": leaveOut(/(text|arguments|input|part|item|refusal)\.done$/),
  /** The last event has an empty output. */
  "empty-output": terminal((response) => ({ ...response, output: [] })),
  /** The last event has no output. */
  "no-output": terminal((response) => without(response, "output")),
  /** The last event is called `response.done`. */
  "response-done": each((event) =>
    isOf(event, /^response\.completed$/) ? { ...event, type: "response.done" } : event,
  ),
  /** The first event is `response.in_progress`. */
  "starts-in-progress": leaveOut(/^response\.(created|queued)$/),
  /** There is no usage. */
  "null-usage": terminal((response) => ({ ...response, usage: null })),
  /** Events do not say which item they are about. */
  "no-output-index": each((event) => without(event, "output_index")),
  /** An error is flat, as its type says. */
  "flat-error": each((event) =>
    isOf(event, /^error$/) && isJsonObject(event["error"])
      ? { ...without(event, "error"), ...event["error"], type: "error" }
      : event,
  ),
  /** An error is the last event. */
  "error-last": leaveOut(/^response\.failed$/),
  /** No item is said to be done. */
  "no-item-done": leaveOut(/output_item\.done$/),
  /** One index is left out. */
  "index-gap": each((event) =>
    typeof event["output_index"] === "number" && event["output_index"] > 0
      ? { ...event, output_index: event["output_index"] + 1 }
      : event,
  ),
} as const satisfies Readonly<Record<string, Change>>;

/** Chunks as a server with these oddities sends them. */
export function oddChunks(events: readonly WireEvent[], oddities: readonly Oddity[]): readonly WireEvent[] {
  return changed(events, oddities, CHAT);
}

/** Events of Responses as a server with these oddities sends them. */
export function oddEvents(events: readonly WireEvent[], oddities: readonly Oddity[]): readonly WireEvent[] {
  return changed(events, oddities, RESPONSES);
}

/** Changes the events that a script has made. Those that are sent verbatim stay. */
function changed(
  events: readonly WireEvent[],
  oddities: readonly Oddity[],
  changes: Readonly<Record<string, Change>>,
): readonly WireEvent[] {
  const asked = oddities.flatMap((oddity) => changes[oddity] ?? []);
  if (asked.length === 0) return events;
  const pauses = new WeakMap<JsonObject, number | undefined>();
  const plain = events.flatMap(({ data, pause }) => {
    if (!isJsonObject(data)) return [];
    pauses.set(data, pause);
    return [data];
  });
  const odd = asked.reduce<readonly JsonObject[]>((list, change) => change(list), plain);
  return odd.map((data) => ({ data, pause: pauses.get(data) }));
}

/** The names of all oddities. */
export const oddityNames: readonly string[] = [...Object.keys(CHAT), ...Object.keys(RESPONSES)];
