import type { FrameReader } from "../../src/frame/frame-reader.ts";
import { SseReader, type SseReaderOptions } from "../../src/frame/sse-reader.ts";

/** The frames that a reader gave, and the error that it threw in the end, or null. */
export interface Reading<Frame> {
  readonly frames: Frame[];
  readonly error: unknown;
}

/** Reads all pieces, each as soon as the reader asks for it, as a stream does. */
export function readFrames<Frame, Piece>(reader: FrameReader<Frame, Piece>, pieces: Iterable<Piece>): Reading<Frame> {
  const frames: Frame[] = [];
  const drain = (): void => {
    for (let frame = reader.next(); frame !== null; frame = reader.next()) frames.push(frame);
  };
  try {
    for (const piece of pieces) {
      reader.push(piece);
      drain();
    }
    reader.end(true);
    drain();
    return { frames, error: null };
  } catch (error) {
    return { frames, error };
  }
}

/** One server-sent event. */
export interface SseFrame {
  readonly event: string;
  readonly data: string;
  /** Set where the bytes ended inside it. */
  readonly unterminated?: true;
}

/** Every event as it stands. */
export class SseFrameReader implements FrameReader<SseFrame> {
  readonly #reader: SseReader;

  constructor(options?: SseReaderOptions) {
    this.#reader = new SseReader(options);
  }

  push(piece: Uint8Array): void {
    this.#reader.push(piece);
  }

  next(): SseFrame | null {
    if (!this.#reader.advance()) return null;
    const { event, data, unterminated } = this.#reader;
    return unterminated ? { event, data, unterminated } : { event, data };
  }

  end(): void {
    this.#reader.end();
  }
}

/** Cuts bytes at places, which may lie beyond their end and come in any order. */
export function cutAt(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...sorted].map((start, i) => bytes.slice(start, sorted[i] ?? bytes.length));
}

/** Cuts bytes into pieces of one size. */
export function* cutEvery(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Every way to cut bytes into pieces: there are 2 ** (length - 1). */
export function* allCuts(bytes: Uint8Array): Generator<Uint8Array[]> {
  const places = Array.from({ length: Math.max(bytes.length - 1, 0) }, (_, i) => i + 1);
  for (let chosen = 0; chosen < 2 ** places.length; chosen++) {
    yield cutAt(
      bytes,
      places.filter((_, i) => chosen & (1 << i)),
    );
  }
}
