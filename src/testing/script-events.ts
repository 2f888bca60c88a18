import { readFile } from "node:fs/promises";
import { encodeSse } from "../frame/encode-sse.ts";
import type { DeliveryOptions } from "./delivery.ts";
import type { Frame } from "./frame.ts";
import { isJsonObject, type JsonObject } from "./json.ts";
import type { EventsScript, FileScript } from "./script.ts";
import type { Wire, WireEvent } from "./wire.ts";

/** Reads the events of a script that lists them itself, or names the file that does. */
export async function scriptEvents(script: EventsScript | FileScript): Promise<WireEvent[]> {
  if (script.kind === "events") return script.events.map((data) => ({ data }));
  const bytes = await readFile(script.path);
  if (!script.path.endsWith(".jsonl")) return recordedFrames(bytes);
  const lines = bytes.toString("utf8").split(/\r?\n/);
  return lines.filter((line) => line.trim() !== "").map((data) => ({ data }));
}

/** Splits a recorded stream into frames. No byte is lost, not even of an unfinished last frame. */
function recordedFrames(bytes: Buffer): WireEvent[] {
  // With one character per byte, positions in the text are positions in the bytes.
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

/** The event in a frame's data, or null if that is not a JSON object. */
export function parseEvent({ data }: WireEvent): JsonObject | null {
  if (typeof data !== "string") return data;
  try {
    const parsed: unknown = JSON.parse(data);
    return isJsonObject(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

/** Adds the pings and unknown events that the options ask for. */
export function decorated(
  events: readonly WireEvent[],
  { pings, unknownEvents }: DeliveryOptions,
  wire: Wire,
): WireEvent[] {
  const count = typeof pings === "number" ? pings : 0;
  return events.flatMap((event, index) => {
    const isLast = index === events.length - 1;
    const storm = Array.from({ length: count }, () => ({ data: wire.ping() ?? "" }));
    return [...storm, event, ...(unknownEvents === true && !isLast ? [{ data: wire.unknown(index) }] : [])];
  });
}

/** Encodes events as frames, lazily. */
export function* encodedFrames(events: Iterable<WireEvent>, options: DeliveryOptions, wire: Wire): Generator<Frame> {
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
    const text = typeof data === "string" ? data : wire.json(data);
    yield { bytes: Buffer.from(comment + encodeSse({ event: wire.nameOf(event), data: text }, style)), pause };
  }
  if (done === true) yield { bytes: Buffer.from(encodeSse({ data: "[DONE]" }, style)), pause: 0 };
}
