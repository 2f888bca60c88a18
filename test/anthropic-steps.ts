import type { Step } from "../src/provider/decoder.ts";
import { MalformedFrameError } from "../src/errors.ts";
import { AnthropicDecoder } from "../src/providers/anthropic/decode.ts";
import { StreamFrames } from "../src/providers/anthropic/frames.ts";
import type { AnthropicNative } from "../src/providers/anthropic/native.ts";

/** A decoder and its frames, fed with bytes: what an attempt does, without a connection. */
export class ByteDecoder {
  readonly decoder = new AnthropicDecoder();
  readonly #frames: StreamFrames;

  constructor(runs = true) {
    this.#frames = new StreamFrames(Infinity, (text) => new MalformedFrameError(text), runs);
  }

  *push(bytes: Uint8Array): Generator<Step<AnthropicNative>> {
    this.#frames.push(bytes);
    yield* this.#steps();
  }

  *end(): Generator<Step<AnthropicNative>> {
    this.#frames.end(true);
    yield* this.#steps();
  }

  *#steps(): Generator<Step<AnthropicNative>> {
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
