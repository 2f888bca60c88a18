import { readFile } from "node:fs/promises";
import type { DeliveryOptions } from "../delivery.ts";
import type { Frame } from "../frame.ts";
import type { Random } from "../random.ts";
import { encodeSse } from "../../frame/encode-sse.ts";
import { isJsonObject, type JsonObject } from "./json.ts";
import type { WireEvent } from "./reply-events.ts";
import type { EventsScript, FileScript } from "./script.ts";

/** The events of a script that says them itself. */
export async function scriptEvents(script: EventsScript | FileScript): Promise<WireEvent[]> {
  if (script.kind === "events") return script.events.map((data) => ({ data }));
  const bytes = await readFile(script.path);
  if (!script.path.endsWith(".jsonl")) return recordedFrames(bytes);
  const lines = bytes.toString("utf8").split(/\r?\n/);
  return lines.filter((line) => line.trim() !== "").map((data) => ({ data }));
}

/** Cuts a recorded stream where its frames end. All bytes stay: those of an unfinished last frame, too. */
function recordedFrames(bytes: Buffer): WireEvent[] {
  // One character a byte, so that places in the text are places in the bytes.
  const frames = bytes.toString("latin1").match(/[^]+?(?:\r\n\r\n|\n\n|\r\r)|[^]+$/g) ?? [];
  let start = 0;
  return frames.map((text) => {
    const frame = bytes.subarray(start, start + text.length);
    start += text.length;
    const lines = frame.toString("utf8").split(/\r\n|\r|\n/);
    const data = lines.filter((line) => line.startsWith("data:")).map((line) => line.slice(5).replace(/^ /, ""));
    return { frame, data: data.join("\n") };
  });
}

/** The event that a frame's data is, or null. */
export function parseEvent({ data }: WireEvent): JsonObject | null {
  if (typeof data !== "string") return data;
  try {
    const parsed: unknown = JSON.parse(data);
    return isJsonObject(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

/** The events with the pings and the unknown ones that were asked for. */
export function decorated(events: readonly WireEvent[], { pings, unknownEvents }: DeliveryOptions): WireEvent[] {
  const storm: WireEvent[] = Array.from({ length: Number(pings ?? 0) }, () => ({ data: { type: "ping" } }));
  const before = typeof pings === "number" ? storm : [];
  return events.flatMap((event, index) => {
    const isLast = index === events.length - 1;
    const unknown = { data: { type: "from_the_future", about: { index } } };
    return [...before, event, ...(unknownEvents === true && !isLast ? [unknown] : [])];
  });
}

/** Writes events as frames, one by one, as they are asked for. */
export function* encodedFrames(
  events: readonly WireEvent[],
  options: DeliveryOptions,
  random: Random,
): Generator<Frame> {
  const { lineEnd, noEventLine, comments, done } = options;
  const style = { lineEnd, eventLine: noEventLine !== true };
  const end = lineEnd ?? "\n";
  const comment = comments === true ? `: PROCESSING${end}${end}` : "";
  for (const event of events) {
    const { frame, data, pause = 0 } = event;
    if (frame !== undefined) {
      yield { bytes: frame, pause };
      continue;
    }
    const text = typeof data === "string" ? data : json(data, options, random);
    yield { bytes: Buffer.from(comment + encodeSse({ event: eventName(event), data: text }, style)), pause };
  }
  if (done === true) yield { bytes: Buffer.from(encodeSse({ data: "[DONE]" }, style)), pause: 0 };
}

function eventName(event: WireEvent): string {
  const name = parseEvent(event)?.["type"];
  // A frame that is not JSON on purpose has a name all the same.
  return typeof name === "string" ? name : (/"type":\s*"(\w+)"/.exec(String(event.data))?.[1] ?? "");
}

/** The event as JSON, padded as the API pads it: to hide how long the words are. */
function json(event: JsonObject, { pad = true }: DeliveryOptions, random: Random): string {
  if (event["type"] === "ping" && Object.keys(event).length === 1) return '{"type": "ping"}';
  const text = JSON.stringify(event);
  return pad ? `${text.slice(0, -1)}${" ".repeat(random.integer(16))}}` : text;
}
