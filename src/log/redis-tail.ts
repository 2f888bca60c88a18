import type { BlockingConnection, Streams } from "./redis-client.ts";

/** Somebody who waits for entries in streams. */
export interface Waiter {
  readonly streams: Streams;
  /** Ends the waiting; a second time does nothing. */
  settle(): void;
}

/** Where waiters wait. */
export interface Tail {
  join(waiter: Waiter): void;
  leave(waiter: Waiter): void;
  /** Closes what it has opened, unless somebody waits. */
  rest(): void;
}

/** How long a read blocks. It bounds how long a connection that has died without a word goes unnoticed. */
const BLOCK_MS = 2_000;
/** How much longer an answer may take. */
const GRACE_MS = 3_000;
/** How long a connection is kept that nobody needs: readers come back soon. */
const IDLE_MS = 1_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
/** One millisecond for this many streams: while it passes, waiters come back whom the last read has woken. */
const GATHERED_STREAMS = 25;
const LONGEST_GATHERING_MS = 20;

/**
 * One connection that blocks until one of the streams has an entry. For a waiter that comes meanwhile it is interrupted,
 * through a stream of its own.
 */
export class BlockingTail implements Tail {
  readonly #open: () => BlockingConnection;
  readonly #interrupt: (number: number) => Promise<unknown>;
  readonly #interrupts: string;
  readonly #closed: () => void;
  readonly #waiters = new Waiters();
  #connection: BlockingConnection | null = null;
  /** What the connection is blocked for; null if it is not, or is being interrupted. */
  #blockedFor: Streams | null = null;
  #interruptions = 0;
  #isRunning = false;
  #idle: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param open - Opens the connection.
   * @param interrupts - The stream of interruptions.
   * @param interrupt - Adds an entry to it.
   * @param closed - Called when nobody has waited for some time, and the connection is closed.
   */
  constructor(
    open: () => BlockingConnection,
    interrupts: string,
    interrupt: (number: number) => Promise<unknown>,
    closed: () => void,
  ) {
    this.#open = open;
    this.#interrupts = interrupts;
    this.#interrupt = interrupt;
    this.#closed = closed;
  }

  join(waiter: Waiter): void {
    clearTimeout(this.#idle);
    this.#waiters.add(waiter);
    if (!this.#isRunning) void this.#run();
    else if (this.#blockedFor !== null && !isAmong(waiter, this.#blockedFor)) this.#interruptRead();
  }

  leave(waiter: Waiter): void {
    this.#waiters.delete(waiter);
    if (!this.#waiters.isEmpty) return;
    clearTimeout(this.#idle);
    // It keeps the program alive, but not for long.
    this.#idle = setTimeout(() => this.rest(), IDLE_MS);
  }

  rest(): void {
    if (!this.#waiters.isEmpty) return;
    clearTimeout(this.#idle);
    this.#drop();
    this.#closed();
  }

  #interruptRead(): void {
    this.#blockedFor = null;
    this.#interruptions += 1;
    // If it fails, the read ends by itself.
    this.#interrupt(this.#interruptions).catch(() => {});
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    let failures = 0;
    while (!this.#waiters.isEmpty) {
      try {
        const streams = this.#waiters.streams();
        const names = await this.#read(streams);
        failures = 0;
        this.#waiters.settle(names);
        if (names.length > 0) await passed(Math.min(streams.size / GATHERED_STREAMS, LONGEST_GATHERING_MS));
      } catch {
        this.#drop();
        if (this.#waiters.isEmpty) break;
        await passed(Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS));
        failures += 1;
        // They find out by their own reads how it is with Redis.
        this.#waiters.settleAll();
      }
    }
    this.#isRunning = false;
  }

  async #read(streams: Streams): Promise<readonly string[]> {
    this.#connection ??= this.#open();
    this.#blockedFor = streams;
    try {
      const asked = new Map(streams).set(this.#interrupts, this.#interruptions);
      const names = await answered(this.#connection.read(asked, BLOCK_MS), BLOCK_MS + GRACE_MS);
      // Or a reply that is not understood would be asked for again and again.
      if (names.some((name) => !asked.has(name))) throw new Error("Redis answered with streams it was not asked for.");
      return names;
    } finally {
      this.#blockedFor = null;
    }
  }

  #drop(): void {
    this.#connection?.close();
    this.#connection = null;
  }
}

/** How long a poll is waited for at least and at most; it is the longer the less has happened. */
const SHORTEST_POLL_MS = 50;
const LONGEST_POLL_MS = 500;

/** Asks again and again, for all waiters at once. */
export class PollingTail implements Tail {
  readonly #ready: (streams: Streams) => Promise<readonly string[]>;
  readonly #waiters = new Waiters();
  #pauseMs = SHORTEST_POLL_MS;
  /** Ends the pause; null if there is none. */
  #resume: (() => void) | null = null;
  #resumeAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isRunning = false;

  /** @param ready - Gives the names of the streams that have entries now. */
  constructor(ready: (streams: Streams) => Promise<readonly string[]>) {
    this.#ready = ready;
  }

  join(waiter: Waiter): void {
    this.#waiters.add(waiter);
    this.#pauseMs = SHORTEST_POLL_MS;
    if (!this.#isRunning) void this.#run();
    else if (this.#resume !== null && this.#resumeAt > performance.now() + SHORTEST_POLL_MS) this.#resumeLater();
  }

  leave(waiter: Waiter): void {
    this.#waiters.delete(waiter);
    this.rest();
  }

  rest(): void {
    if (this.#waiters.isEmpty) this.#resume?.();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (!this.#waiters.isEmpty) {
      try {
        const woken = this.#waiters.settle(await this.#ready(this.#waiters.streams()));
        if (woken > 0) this.#pauseMs = SHORTEST_POLL_MS;
        await this.#pause();
      } catch {
        this.#pauseMs = LONGEST_POLL_MS;
        await this.#pause();
        this.#waiters.settleAll();
      }
    }
    this.#isRunning = false;
  }

  async #pause(): Promise<void> {
    if (this.#waiters.isEmpty) return;
    await new Promise<void>((resolve) => {
      this.#resume = resolve;
      this.#resumeLater();
    });
    clearTimeout(this.#timer);
    this.#resume = null;
    this.#pauseMs = Math.min(this.#pauseMs * 1.5, LONGEST_POLL_MS);
  }

  #resumeLater(): void {
    clearTimeout(this.#timer);
    this.#resumeAt = performance.now() + this.#pauseMs;
    this.#timer = setTimeout(() => this.#resume?.(), this.#pauseMs);
  }
}

/** Waiters by stream. */
class Waiters {
  readonly #byStream = new Map<string, Set<Waiter>>();

  get isEmpty(): boolean {
    return this.#byStream.size === 0;
  }

  add(waiter: Waiter): void {
    for (const name of waiter.streams.keys()) {
      const waiters = this.#byStream.get(name);
      if (waiters === undefined) this.#byStream.set(name, new Set([waiter]));
      else waiters.add(waiter);
    }
  }

  delete(waiter: Waiter): void {
    for (const name of waiter.streams.keys()) {
      const waiters = this.#byStream.get(name);
      waiters?.delete(waiter);
      if (waiters?.size === 0) this.#byStream.delete(name);
    }
  }

  /** What serves all of them. */
  streams(): Streams {
    const first = (name: string, waiters: Set<Waiter>): number =>
      [...waiters].reduce((least, { streams }) => Math.min(least, streams.get(name) ?? Infinity), Infinity);
    return new Map([...this.#byStream].map(([name, waiters]) => [name, first(name, waiters)]));
  }

  /** Settles those who wait for a stream. @returns How many. */
  settle(names: Iterable<string>): number {
    const woken = new Set([...names].flatMap((name) => [...(this.#byStream.get(name) ?? [])]));
    for (const waiter of woken) waiter.settle();
    return woken.size;
  }

  settleAll(): void {
    this.settle([...this.#byStream.keys()]);
  }
}

function isAmong(waiter: Waiter, streams: Streams): boolean {
  return [...waiter.streams].every(([name, after]) => (streams.get(name) ?? Infinity) <= after);
}

/** Rejects what is not answered in time: a client that cannot reach Redis may keep commands for ever. */
export async function answered<T>(reply: Promise<T>, limitMs: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Redis has not answered for ${limitMs / 1000} seconds.`)), limitMs);
  });
  try {
    return await Promise.race([reply, late]);
  } finally {
    clearTimeout(timer);
  }
}

function passed(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
