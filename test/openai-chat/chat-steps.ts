import { MalformedFrameError } from "../../src/errors.ts";
import type { Step } from "../../src/provider/decoder.ts";
import { ChatDecoder } from "../../src/providers/openai-chat/decode.ts";
import { type Dialect, UNKNOWN } from "../../src/providers/openai-chat/dialects.ts";
import { ChatFrames } from "../../src/providers/openai-chat/frames.ts";
import type { OpenAIChatNative } from "../../src/providers/openai-chat/native.ts";

/** A decoder and its frames, fed with bytes: what an attempt does, without a connection. */
export class ChatBytes {
  readonly decoder = new ChatDecoder();
  readonly #frames: ChatFrames;

  constructor(dialect: Dialect = UNKNOWN, choices = 1, runs = true) {
    this.#frames = new ChatFrames(Infinity, (text) => new MalformedFrameError(text), { dialect, choices }, runs);
  }

  *push(bytes: Uint8Array): Generator<Step<OpenAIChatNative>> {
    this.#frames.push(bytes);
    yield* this.#steps();
  }

  *end(): Generator<Step<OpenAIChatNative>> {
    this.#frames.end(true);
    yield* this.#steps();
    const last = this.decoder.isOver ? null : this.decoder.end();
    if (last !== null) yield last;
  }

  *#steps(): Generator<Step<OpenAIChatNative>> {
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

/** Decodes events, each as a frame of its own. */
export function decodeEvents(
  events: readonly unknown[],
  end = "data: [DONE]\n\n",
  dialect?: Dialect,
  choices?: number,
) {
  const text = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("") + end;
  const bytes = new ChatBytes(dialect, choices);
  const steps = [...bytes.push(new TextEncoder().encode(text)), ...bytes.end()];
  return { decoder: bytes.decoder, steps };
}
