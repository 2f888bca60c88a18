/** Turns the pieces that a transport delivers into frames. Synchronous, and linear however the pieces were cut. */
export interface FrameReader<Frame, Piece = Uint8Array> {
  /** Takes the next piece, once {@link next} has given null. */
  push(piece: Piece): void;
  /** The next whole frame, or null: more pieces are needed. @throws LimitExceededError, MalformedFrameError */
  next(): Frame | null;
  /**
   * Says that no more pieces come: {@link next} may give what is left, or throw where it cannot be a frame.
   *
   * @param isClean - False if the connection was lost: then the rest of a frame is to be expected.
   */
  end(isClean: boolean): void;
}
