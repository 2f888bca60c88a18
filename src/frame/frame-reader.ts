/** The largest frame that a reader accepts unless it is given another limit: 32 MiB. */
export const DEFAULT_FRAME_LIMIT = 32 * 1024 * 1024;

/**
 * Turns the pieces that a transport delivers into frames. Synchronous, and linear however the pieces were cut.
 *
 * Each provider has its own: `Frame` is what its decoder takes, `Piece` is what its transport delivers, which is bytes
 * unless a client library has already read events out of them. The reader copies what it has to keep of a piece, since
 * transports reuse their buffers, and it is not used again once it has thrown.
 *
 * @example
 * ```ts
 * for await (const piece of body) {
 *   reader.push(piece);
 *   for (let frame = reader.next(); frame !== null; frame = reader.next()) decode(frame);
 * }
 * reader.end(true);
 * for (let frame = reader.next(); frame !== null; frame = reader.next()) decode(frame);
 * ```
 */
export interface FrameReader<Frame, Piece = Uint8Array> {
  /** Takes the next piece, once {@link next} has given null. */
  push(piece: Piece): void;
  /**
   * The next whole frame, or null: more pieces are needed.
   *
   * @throws LimitExceededError - A frame is larger than the reader's limit.
   * @throws MalformedFrameError - The pieces cannot be a frame.
   */
  next(): Frame | null;
  /**
   * Says that no more pieces come: {@link next} may give what is left, or throw where it cannot be a frame.
   *
   * @param isClean - False if the connection was lost: then the rest of a frame is to be expected.
   */
  end(isClean: boolean): void;
}
