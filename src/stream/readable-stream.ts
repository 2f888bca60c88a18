import type { Native } from "../provider/native.ts";
import type { PairTypes } from "../tool/pair.ts";
import type { Stream } from "./stream.ts";

/** The form of a stream as bytes: server-sent events, or its text. */
export type ReadableFormat = "events" | "text";

/** A stream as bytes, pulled. */
export function readableStream<N extends Native, T extends PairTypes>(
  stream: Stream<N, T>,
  format: ReadableFormat,
): ReadableStream<Uint8Array> {
  const texts = format === "text" ? stream.textStream() : eventsOf(stream);
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

async function* eventsOf<N extends Native, T extends PairTypes>(stream: Stream<N, T>): AsyncGenerator<string, void> {
  try {
    for await (const [{ content, thinking, recovery }, tool] of stream) {
      if (recovery !== null) yield event("recovery", { type: recovery.type });
      if (thinking !== "") yield event("thinking", { thinking });
      if (content !== "") yield event("content", { content });
      if (tool !== null) yield event("tool", tool);
    }
  } catch {
    const { error } = stream;
    yield event("error", { code: error?.code, message: error?.message });
    return;
  }
  const { outcome, finishReasons, usage, cost } = stream;
  yield event("end", { outcome, finishReasons, usage, cost });
}

function event(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
