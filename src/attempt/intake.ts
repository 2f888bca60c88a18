import { LimitExceededError } from "../errors.ts";
import type { FrameReader } from "../frame/frame-reader.ts";
import type { Body } from "../http/request.ts";

/** Pulls the frames of a response out of its body. */
export class Intake<Frame> {
  readonly body: Body;
  /** The body has ended, and there are no more frames in it. */
  isOver = false;
  /** How many bytes have come. */
  bytes = 0;
  readonly #frames: FrameReader<Frame, unknown>;
  readonly #limitBytes: number;
  #hasEnded = false;

  constructor(body: Body, frames: FrameReader<Frame, unknown>, limitBytes: number) {
    this.body = body;
    this.#frames = frames;
    this.#limitBytes = limitBytes;
  }

  /** The next frame, or null: none has arrived yet, or none will. @throws MillraceError */
  next(): Frame | null {
    const { body } = this;
    for (;;) {
      const frame = this.#frames.next();
      if (frame !== null) return frame;
      const piece = body.take();
      if (piece !== null) {
        if (piece instanceof Uint8Array) this.bytes += piece.length;
        if (this.bytes > this.#limitBytes) throw new LimitExceededError("response", this.#limitBytes);
        this.#frames.push(piece);
      } else if (!body.ended) {
        return null;
      } else if (this.#hasEnded) {
        this.isOver = true;
        return null;
      } else {
        this.#hasEnded = true;
        this.#frames.end(body.failure === null);
      }
    }
  }
}
