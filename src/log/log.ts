/**
 * Keeps runs: lists of entries, each written by one producer and read by anybody, in this process or another.
 *
 * Only the holder of a run's lease writes it. The lease is renewed with each append; once it has lapsed, a reader may end
 * the run in the producer's place, or take the lease and go on. All methods are atomic, also among processes: of two that
 * race, one comes first, and the other sees what it did.
 *
 * Times are measured by one clock, that of the log. A method that rejects may or may not have had its effect: all can be
 * called again.
 */
export interface Log {
  /**
   * Begins a run, with no entries yet. Beginning it again with the same token changes nothing.
   *
   * @param key - The run, whose name is new in its place.
   * @param options - Its lease, how long it is kept, and whether it replaces another.
   * @returns Null, or the name of the run that is in the way: another one in this place that has not ended and whose lease
   *   has not lapsed. With `replace`, that one is asked to stop, and is not in the way. One whose lease has lapsed is asked
   *   to stop in any case: its producer may only be frozen.
   */
  begin(key: RunKey, options: BeginOptions): Promise<string | null>;
  /**
   * Adds entries, and renews the lease. Without entries it only renews.
   *
   * Adding what is there already changes nothing, so that an append whose answer was lost can be sent again.
   *
   * @param key - The run.
   * @param token - That of the holder.
   * @param first - The number of the first of these entries: one more than that of the last one in the log.
   * @param entries - Their texts, in order.
   */
  append(key: RunKey, token: string, first: number, entries: readonly string[]): Promise<Holding>;
  /**
   * Ends the run with its last entry: nothing can be added afterwards.
   *
   * @param key - The run.
   * @param by - The token of the holder; or the beat at which a reader has seen the lease lapse.
   * @param number - The number of the entry: one more than that of the last one in the log.
   * @param entry - Its text.
   * @returns Whether this entry is the end. False if the run has ended otherwise, belongs to another, or goes on.
   */
  end(key: RunKey, by: string | { readonly beat: number }, number: number, entry: string): Promise<boolean>;
  /**
   * Takes the lease of a run whose producer has lost it.
   *
   * @param key - The run.
   * @param beat - That at which the caller has seen the lease lapse.
   * @param lease - The token of the caller, and how long the lease is valid from now on, in milliseconds.
   * @returns Whether the caller holds the lease now. False if it was renewed or taken meanwhile, or the run has ended.
   */
  take(key: RunKey, beat: number, lease: { readonly token: string; readonly leaseMs: number }): Promise<boolean>;
  /**
   * The state of a run, and its entries after a number, as many as the log gives at once.
   *
   * @param key - The run.
   * @param after - The number of the last entry that the caller has.
   * @returns Null if the log does not have the run: it never had, or has dropped it.
   */
  read(key: RunKey, after: number): Promise<LogRead | null>;
  /**
   * Waits until there is something that the caller has not seen: entries after a number, an end, or a stop. It may settle
   * earlier, or for nothing; for a run that is not there it may settle at once, or never. It settles within a second of an
   * entry or a stop, and at once when the signal aborts.
   *
   * @param key - The run.
   * @param seen - What the caller has seen.
   * @param signal - Ends the wait.
   */
  wait(key: RunKey, seen: Seen, signal: AbortSignal): Promise<void>;
  /**
   * Asks the producer of a run to stop. Only the first reason counts.
   *
   * @param key - The run.
   * @param reason - Why, in a few words.
   * @returns Whether the run goes on, and its producer is told. False if the run has ended or is not there.
   */
  stop(key: RunKey, reason: string): Promise<boolean>;
  /**
   * The run that was begun last in a place; null if the log has none there.
   *
   * @param place - The place.
   */
  latest(place: string): Promise<string | null>;
  /**
   * Drops all runs of a place.
   *
   * @param place - The place.
   */
  remove(place: string): Promise<void>;
}

/** Names a run. */
export interface RunKey {
  /** Where it belongs, such as a chat. */
  readonly place: string;
  /** Its own name, unique in its place. */
  readonly run: string;
}

/** How a run begins. */
export interface BeginOptions {
  /** Proves that the caller holds the lease. Nobody else knows it. */
  readonly token: string;
  /** How long the lease is valid after each renewal, in milliseconds. */
  readonly leaseMs: number;
  /** How long the run is kept after its end, or after its lease was last renewed, in milliseconds. */
  readonly ttlMs: number;
  /** Whether to stop another run that goes on in this place. */
  readonly replace: boolean;
}

/** What a producer learns from the log. */
export interface Holding {
  /** Whether it still holds the run: if not, nothing was added. */
  readonly isHeld: boolean;
  /** Why it is to stop; null if nobody has asked. */
  readonly stop: string | null;
}

/** An entry of a run. */
export interface LogEntry {
  /** Its number, counted from 1. */
  readonly number: number;
  /** Its text. */
  readonly data: string;
}

/** A run as it is now. */
export interface RunState {
  /** Rises with each renewal of the lease, and with each takeover. */
  readonly beat: number;
  /** Whether the lease has run out. */
  readonly hasLapsed: boolean;
  /** How long the lease was made for, in milliseconds. */
  readonly leaseMs: number;
  /** Why the run is to stop; null if nobody has asked. */
  readonly stop: string | null;
  /** The number of the last entry; 0 if there is none. */
  readonly last: number;
  /** Whether the last entry is the end. */
  readonly isEnded: boolean;
}

/** A run, and some of its entries. */
export interface LogRead extends RunState {
  /** In order, without gaps. They may be fewer than there are: then the last of them is not number `last`. */
  readonly entries: readonly LogEntry[];
}

/** How much of a run somebody has seen. */
export interface Seen {
  /** The number of the last entry; `Infinity` for somebody who only waits to be stopped. */
  readonly after: number;
  /** Whether a stop was seen, or does not matter. */
  readonly stop: boolean;
}
