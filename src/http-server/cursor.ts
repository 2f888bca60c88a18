/** Where a pair is in its run. */
export interface Place {
  /** The position of its event. */
  readonly position: number;
  /** How many pairs of that event came before it. */
  readonly nth: number;
  /** How many recoveries and takeovers there were by then. A process that takes over writes other events at positions that a reader may know. */
  readonly recoveries: number;
}

/** How far a reader has come in a run. */
export interface Cursor {
  /** The name of the run. */
  readonly run: string;
  /** The last pair that it has something of; null if it has all of them, and something of the end. */
  readonly place: Place | null;
  /** How many parts it has of that pair, or of the end; null if all. */
  readonly parts: number | null;
}

/** The name of a run as ids and headers hold it: it may be any text. */
export function runToken(run: string): string {
  return encodeURIComponent(run);
}

/**
 * The id of an event, which is the cursor of a reader that has read it: `<run>:<position>.<nth>`, with `.<parts>` where
 * it is not the last part of its pair, and `~<recoveries>` if there were any. Parts of the end: `<run>:end.<parts>`.
 *
 * @param place - Null for the end.
 */
export function idOf(run: string, place: Place | null, parts: number | null): string {
  const suffix = parts === null ? "" : `.${parts}`;
  if (place === null) return `${runToken(run)}:end${suffix}`;
  const { position, nth, recoveries } = place;
  return `${runToken(run)}:${position}.${nth}${suffix}${recoveries === 0 ? "" : `~${recoveries}`}`;
}

const ID = /^([^:]+):(?:end|(\d{1,15})\.(\d{1,15}))(?:\.(\d{1,15}))?(?:~(\d{1,15}))?$/;

/** The cursor that an id stands for; null if it is not one of ours. */
export function cursorOf(id: string): Cursor | null {
  const [, token, position, nth, parts, recoveries = 0] = ID.exec(id) ?? [];
  if (token === undefined) return null;
  const place = { position: Number(position), nth: Number(nth), recoveries: Number(recoveries) };
  try {
    const run = decodeURIComponent(token);
    return { run, place: position === undefined ? null : place, parts: parts === undefined ? null : Number(parts) };
  } catch {
    return null;
  }
}

/** What a reader that comes back has already, while the run is read from its beginning. */
export class KnownPart {
  readonly #cursor: Cursor | null;
  #recoveries = 0;

  constructor(cursor: Cursor | null) {
    this.#cursor = cursor;
  }

  /**
   * How many parts of a pair the reader has.
   *
   * @throws StaleCursorError if it has pairs that the log does not have.
   */
  ofPair({ position, nth, recoveries }: Place): number {
    const { place, parts } = this.#cursor ?? NOTHING;
    if (place === null) return Infinity;
    const order = position - place.position || nth - place.nth;
    if (order <= 0) this.#recoveries = recoveries;
    const isOther = order < 0 ? recoveries > place.recoveries : this.#recoveries !== place.recoveries;
    if (isOther) throw new StaleCursorError();
    return order > 0 ? 0 : order < 0 ? Infinity : (parts ?? Infinity);
  }

  /** How many parts of the end it has. */
  get ofEnd(): number {
    const { place, parts } = this.#cursor ?? NOTHING;
    return place === null ? (parts ?? Infinity) : 0;
  }
}

const NOTHING = { place: { position: -1, nth: 0, recoveries: 0 }, parts: 0 };

/** The producer of a run was lost before it had logged all that a reader has seen, and another has gone on from the log. */
export class StaleCursorError extends Error {
  override readonly name = "StaleCursorError";
}
