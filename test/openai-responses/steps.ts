import { MalformedFrameError } from "../../src/errors.ts";
import type { Step } from "../../src/provider/decoder.ts";
import { OpenAIDecoder } from "../../src/providers/openai/decode.ts";
import { StreamFrames } from "../../src/providers/openai/frames.ts";
import type { OpenAINative } from "../../src/providers/openai/native.ts";

/** A decoder and its frames, fed with bytes: what an attempt does, without a connection. */
export class ByteDecoder {
  readonly decoder = new OpenAIDecoder();
  readonly #frames: StreamFrames;

  constructor(runs = true) {
    this.#frames = new StreamFrames(Infinity, (text) => new MalformedFrameError(text), runs);
  }

  *push(bytes: Uint8Array): Generator<Step<OpenAINative>> {
    this.#frames.push(bytes);
    yield* this.#steps();
  }

  *end(): Generator<Step<OpenAINative>> {
    this.#frames.end(true);
    yield* this.#steps();
  }

  *#steps(): Generator<Step<OpenAINative>> {
    const { decoder } = this;
    for (;;) {
      const following = decoder.next();
      if (following !== null) {
        yield following;
        continue;
      }
      const frame = decoder.isOver ? null : this.#frames.next();
      if (frame === null) return;
      const step = decoder.decode(frame);
      if (step !== null) yield step;
    }
  }
}

/** The bytes of events, as the API frames them. */
export function framed(events: readonly object[]): Uint8Array {
  const frames = events.map(
    (event) => `event: ${String(Reflect.get(event, "type"))}\ndata: ${JSON.stringify(event)}\n\n`,
  );
  return new TextEncoder().encode(frames.join(""));
}
