import { field } from "../json/object.ts";
import type { Native } from "../provider/native.ts";
import type { PairTypes } from "../tool/pair.ts";
import { leavable } from "./leavable.ts";
import type { Pair } from "./pair-source.ts";
import type { Stream } from "./stream.ts";

/** The form of a stream as bytes: server-sent events, or its text. */
export type ReadableFormat = "events" | "text";

/** How a stream is read. */
export type Reading<N extends Native, T extends PairTypes> = Pick<Stream<N, T>, "textStream" | "abort"> &
  AsyncIterable<Pair<N, T>>;

/**
 * A stream as bytes, pulled.
 *
 * @param reading - How it is read, if not as it is by itself.
 */
export function readableStream<N extends Native, T extends PairTypes>(
  stream: Stream<N, T>,
  format: ReadableFormat,
  reading: Reading<N, T> = stream,
): ReadableStream<Uint8Array> {
  // Owned at once: a second owner is refused here, not in what it reads.
  const texts = format === "text" ? reading.textStream() : eventStream(stream, reading);
  const encoder = new TextEncoder();
  const source: UnderlyingDefaultSource<Uint8Array> = {
    async pull(controller) {
      const { value, done } = await texts.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await texts.return();
    },
  };
  // Nothing is read, or sent, before it is asked for.
  return new ReadableStream(source, { highWaterMark: 0 });
}

function eventStream<N extends Native, T extends PairTypes>(
  stream: Stream<N, T>,
  reading: Reading<N, T>,
): AsyncGenerator<string, void> {
  const iteration = reading[Symbol.asyncIterator]();
  const pairs = { [Symbol.asyncIterator]: () => iteration };
  return leavable(eventsOf(stream, pairs), (reason) => reading.abort(reason));
}

async function* eventsOf<N extends Native, T extends PairTypes>(
  stream: Stream<N, T>,
  pairs: AsyncIterable<Pair<N, T>>,
): AsyncGenerator<string, void> {
  try {
    for await (const [{ content, thinking, recovery }, tool] of pairs) {
      if (recovery !== null) yield event("recovery", { type: recovery.type });
      if (thinking !== "") yield event("thinking", { thinking });
      if (content !== "") yield event("content", { content });
      if (tool !== null) yield event("tool", shownTool(tool));
    }
  } catch {
    const { error } = stream;
    yield event("error", { code: error?.code, message: error?.message });
    return;
  }
  const { outcome, finishReasons, usage, cost } = stream;
  yield event("end", { outcome, finishReasons, usage, cost });
}

/** A fragment alone while the input streams: all of the input each time would make a long one quadratic. */
function shownTool(tool: object): object {
  const [id, name, delta, state] = ["id", "name", "delta", "state"].map((key) => field(tool, key));
  return state === "streaming" ? { id, name, delta, state } : tool;
}

function event(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
