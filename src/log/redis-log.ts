import { InvalidOptionError } from "../errors.ts";
import { anything, aText, checkOptions } from "../schema/option-form.ts";
import type { BeginOptions, Holding, Log, LogRead, RunKey, Seen } from "./log.ts";
import { type RedisClient, type RedisLink, redisLink, type Streams } from "./redis-client.ts";
import {
  APPEND,
  BEGIN,
  END,
  INTERRUPT,
  LATEST,
  LIMIT_MS,
  READ,
  READY,
  REMOVE,
  type RedisScript,
  Scripts,
  STOP,
  TAKE,
} from "./redis-scripts.ts";
import { BlockingTail, PollingTail, type Tail, type Waiter } from "./redis-tail.ts";

/** How a log uses Redis. */
export interface RedisLogOptions {
  /** What the names of all keys begin with, after a brace. Default `millrace`. */
  readonly prefix?: string | undefined;
  /**
   * A second client, for reads that wait for entries. `@valkey/valkey-glide` needs one, since its clients cannot be
   * duplicated: without it, the log asks Redis again and again. Use it for nothing else. It stays yours. In a cluster it
   * is not used.
   */
  readonly blocking?: RedisClient | undefined;
}

/** A log on Redis. Disposing of it is closing it. */
export interface RedisLog extends Log, AsyncDisposable {
  /**
   * Closes the connections that the log has opened. Your client stays open, and all methods but `wait` can still be
   * called. Those who wait are released.
   */
  close(): Promise<void>;
}

const PAGE_ENTRIES = 500;
const PAGE_BYTES = 1024 * 1024;
/** How much is added by one command, at most, unless one entry is larger. */
const GROUP_RUNS = 50;
const GROUP_CHARACTERS = 256 * 1024;
/** Ten years: what Redis is given must be a number that it can add to the time. */
const LONGEST_MS = 3e11;
/** In a cluster a connection serves one place. Places beyond this are asked for again and again. */
const MOST_CONNECTIONS = 16;

/**
 * A log on Redis (or Valkey) Streams: runs survive the process that writes them, and can be read from any other.
 *
 * Each client has one more connection, for all the runs that are waited for. It is made by `duplicate()` when it is
 * needed, and closed a second after the last reader has left. In a cluster there is one for each place, 16 at most. With
 * `@upstash/redis` the log asks again after 50 ms, up to 500 ms if nothing happens.
 *
 * @param client - A connected client of `redis`, `ioredis`, `@upstash/redis` or `@valkey/valkey-glide`.
 * @param options - See {@link RedisLogOptions}.
 * @throws InvalidOptionError if the client is another, or an option has another form.
 * @example
 * ```ts
 * import { call } from "millrace/anthropic";
 * import { keep, read, redisLog } from "millrace/resume";
 * import { createClient } from "redis";
 *
 * const log = redisLog(await createClient({ url: process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379" }).connect());
 * const answer = call("claude-sonnet-5-5", { stream: true }, (question: string) => question);
 * keep(answer("Why is the sky blue?"), { log, id: "chat-1" });
 * const reply = await read(log, "chat-1");
 * if (reply) for await (const [chunk] of reply) process.stdout.write(chunk.content);
 * ```
 */
export function redisLog(client: RedisClient, options: RedisLogOptions = {}): RedisLog {
  checkOptions(options, { prefix: aText, blocking: anything });
  const { prefix = "millrace", blocking } = options;
  return new LogOnRedis(connectionOf(client, blocking), prefix);
}

/** What all logs of one client share. */
interface Connection {
  readonly link: RedisLink;
  readonly scripts: Scripts;
  readonly tails: Tails;
}

/** By client, and by the one that blocks: of two that read on one connection, each would wait for the other. */
const connections = new WeakMap<RedisClient, WeakMap<RedisClient, Connection>>();

function connectionOf(client: RedisClient, blocking: RedisClient | undefined): Connection {
  const link = redisLink(client, blocking);
  const shared = connections.get(client) ?? new WeakMap<RedisClient, Connection>();
  connections.set(client, shared);
  const known = shared.get(blocking ?? client);
  if (known !== undefined) return known;
  const scripts = new Scripts(link);
  const connection = { link, scripts, tails: new Tails(link, scripts) };
  shared.set(blocking ?? client, connection);
  return connection;
}

class LogOnRedis implements RedisLog {
  readonly #mark: string;
  readonly #scripts: Scripts;
  readonly #appends: Appends;
  readonly #tails: Tails;
  readonly #prefix: string;
  readonly #waiting = new Set<() => void>();
  /** The readers of a run are woken together: they ask together, and share the answer. */
  readonly #reads = new Map<string, Promise<LogRead | null>>();
  #isClosed = false;

  constructor({ link, scripts, tails }: Connection, prefix: string) {
    this.#mark = link.mark;
    this.#scripts = scripts;
    this.#appends = new Appends(link, scripts);
    this.#tails = tails;
    this.#prefix = prefix;
  }

  async begin(key: RunKey, { token, leaseMs, ttlMs, replace }: BeginOptions): Promise<string | null> {
    let others: string[] = [];
    for (;;) {
      const signals = others.map((run) => this.#keysOf({ ...key, run })[2]);
      const args = [token, milliseconds(leaseMs), milliseconds(ttlMs), replace ? "1" : "0", ...others];
      const reply = await this.#run(BEGIN, key, args, signals);
      if (Number(reply) === -1) throw new InvalidOptionError("run", `the place has a run "${key.run}" already.`);
      // Scripts only touch keys that they are given: to stop the others takes their signals.
      const [isInTheWay, ...names] = listIn(reply);
      others = this.#textsIn(names);
      const [other] = others;
      if (other === undefined) return null;
      if (isOne(isInTheWay)) return other;
    }
  }

  append(key: RunKey, token: string, first: number, entries: readonly string[]): Promise<Holding> {
    const keys = this.#keysOf(key);
    const args = [key.run, token, `${first}`, `${entries.length}`, ...entries];
    return new Promise((resolve, reject) => {
      const settle = (answer: unknown): void => {
        const [isHeld, stop] = listIn(answer);
        resolve({ isHeld: isOne(isHeld), stop: this.#textIn(stop) });
      };
      this.#appends.add({ keys, args, settle, reject });
    });
  }

  async end(key: RunKey, by: string | { readonly beat: number }, number: number, entry: string): Promise<boolean> {
    const claim = typeof by === "string" ? ["token", by] : ["beat", `${by.beat}`];
    return isOne(await this.#run(END, key, [...claim, `${number}`, entry]));
  }

  async take(
    key: RunKey,
    beat: number,
    { token, leaseMs }: { readonly token: string; readonly leaseMs: number },
  ): Promise<boolean> {
    return isOne(await this.#run(TAKE, key, [`${beat}`, token, milliseconds(leaseMs)]));
  }

  read(key: RunKey, after: number): Promise<LogRead | null> {
    const name = `${after} ${this.#keysOf(key)[1]}`;
    const asked = this.#reads.get(name);
    if (asked !== undefined) return asked;
    const reading = this.#read(key, after);
    this.#reads.set(name, reading);
    // Nothing that is asked in the meantime can know of anything newer.
    queueMicrotask(() => this.#reads.delete(name));
    return reading;
  }

  async #read(key: RunKey, after: number): Promise<LogRead | null> {
    const reply = await this.#run(READ, key, [`${after}`, `${PAGE_ENTRIES}`, `${PAGE_BYTES}`]);
    if (reply === null) return null;
    const [state, entries] = listIn(reply);
    const [beat, hasLapsed, leaseMs, last, isEnded, stop] = listIn(state);
    return {
      beat: Number(beat),
      hasLapsed: isOne(hasLapsed),
      leaseMs: Number(leaseMs),
      last: Number(last),
      isEnded: isOne(isEnded),
      stop: this.#textIn(stop),
      entries: this.#textsIn(entries).map((data, nth) => ({ number: after + nth + 1, data })),
    };
  }

  async wait(key: RunKey, { after, stop }: Seen, signal: AbortSignal): Promise<void> {
    if (this.#isClosed) throw new Error("The log on Redis has been closed.");
    if (signal.aborted) return;
    const [place, entries, signals] = this.#keysOf(key);
    const streams = new Map<string, number>();
    if (after !== Infinity) streams.set(entries, after);
    // The first entry of the signals is the stop, the second the end: readers see that among their entries.
    if (!stop || after === Infinity) streams.set(signals, stop ? 1 : 0);
    const tail = this.#tails.of(place);
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        this.#waiting.delete(settle);
        signal.removeEventListener("abort", settle);
        tail.leave(waiter);
        resolve();
      };
      const waiter: Waiter = { streams, settle };
      this.#waiting.add(settle);
      signal.addEventListener("abort", settle);
      tail.join(waiter);
    });
  }

  async stop(key: RunKey, reason: string): Promise<boolean> {
    return isOne(await this.#run(STOP, key, [reason]));
  }

  async latest(place: string): Promise<string | null> {
    return this.#textIn(await this.#scripts.run(LATEST, [this.#placeKey(place)], [this.#mark]));
  }

  async remove(place: string): Promise<void> {
    let runs: string[] = [];
    do {
      const keys = runs.flatMap((run) => this.#keysOf({ place, run }).slice(1));
      runs = this.#textsIn(await this.#scripts.run(REMOVE, [this.#placeKey(place), ...keys], [this.#mark, ...runs]));
    } while (runs.length > 0);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const settle of this.#waiting) settle();
    this.#tails.rest();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #run(script: RedisScript, key: RunKey, args: string[], keys: string[] = []): Promise<unknown> {
    return this.#scripts.run(script, [...this.#keysOf(key), ...keys], [this.#mark, key.run, ...args]);
  }

  #keysOf({ place, run }: RunKey): [place: string, entries: string, signals: string] {
    const tag = this.#tagOf(place);
    return [`${tag}:runs`, `${tag}:entries:${run}`, `${tag}:signals:${run}`];
  }

  #placeKey(place: string): string {
    return `${this.#tagOf(place)}:runs`;
  }

  /** All keys of a place are in one slot, which Redis computes from the text in the first braces. */
  #tagOf(place: string): string {
    return `{${`${this.#prefix}:${place}`.replace(/[%{}]/g, (char) => `%${char.charCodeAt(0).toString(16)}`)}}`;
  }

  #textIn(value: unknown): string | null {
    if (value === null || value === undefined) return null;
    const text = `${value}`;
    return text.slice(0, text.length - this.#mark.length);
  }

  #textsIn(value: unknown): string[] {
    return listIn(value).map((text) => this.#textIn(text) ?? "");
  }
}

/** The entries of a run that are to be added. */
interface Append {
  readonly keys: readonly string[];
  readonly args: readonly string[];
  settle(answer: unknown): void;
  reject(error: unknown): void;
}

/** Sends the appends of many runs that are asked for at once in one command: most of its cost is that of a command. */
class Appends {
  readonly #link: RedisLink;
  readonly #scripts: Scripts;
  #waiting: Append[] = [];
  /** Whether a command may have keys of several places, which lie in several slots. */
  #isMixed: boolean;

  constructor(link: RedisLink, scripts: Scripts) {
    this.#link = link;
    this.#scripts = scripts;
    this.#isMixed = !link.isCluster;
  }

  add(append: Append): void {
    if (this.#waiting.length === 0) queueMicrotask(() => this.#flush());
    this.#waiting.push(append);
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const group of this.#isMixed ? groupsOf(waiting) : waiting.map((append) => [append])) void this.#send(group);
  }

  async #send(group: readonly Append[]): Promise<void> {
    const start = performance.now();
    try {
      const keys = group.flatMap((append) => append.keys);
      const args = group.flatMap((append) => append.args);
      const answers = listIn(await this.#scripts.run(APPEND, keys, [this.#link.mark, ...args]));
      for (const [nth, append] of group.entries()) append.settle(answers[nth]);
    } catch (error) {
      if (/CROSSSLOT/.test(String(error))) this.#isMixed = false;
      const isLate = performance.now() - start >= LIMIT_MS;
      // What is wrong with one of them is not to be in the way of the others: added again, entries change nothing.
      if (group.length === 1 || isLate) for (const { reject } of group) reject(error);
      else for (const append of group) void this.#send([append]);
    }
  }
}

/** Few enough that a server is not busy with them for long. */
function groupsOf(appends: readonly Append[]): Append[][] {
  const groups: Append[][] = [];
  let size = Infinity;
  for (const append of appends) {
    size += append.args.reduce((sum, { length }) => sum + length, 0);
    if (size > GROUP_CHARACTERS || (groups.at(-1)?.length ?? 0) >= GROUP_RUNS) {
      groups.push([]);
      size = 0;
    }
    groups.at(-1)?.push(append);
  }
  return groups;
}

/** Where the waiters of a client wait: on one connection; in a cluster, on one for each place. */
class Tails {
  readonly #link: RedisLink;
  readonly #scripts: Scripts;
  readonly #blocking = new Map<string, BlockingTail>();
  readonly #polling: PollingTail;

  constructor(link: RedisLink, scripts: Scripts) {
    this.#link = link;
    this.#scripts = scripts;
    this.#polling = new PollingTail((streams) => this.#ready(streams));
  }

  of(place: string): Tail {
    const { open, isCluster } = this.#link;
    if (open === null) return this.#polling;
    const name = isCluster ? place : "";
    const known = this.#blocking.get(name);
    if (known !== undefined) return known;
    if (this.#blocking.size >= MOST_CONNECTIONS) return this.#polling;
    const interrupts = `${tagOf(place)}:interrupts:${crypto.randomUUID()}`;
    const tail = new BlockingTail(
      () => open(place),
      interrupts,
      (number) => this.#scripts.run(INTERRUPT, [interrupts], [`${number}`]),
      () => {
        if (this.#blocking.get(name) === tail) this.#blocking.delete(name);
      },
    );
    this.#blocking.set(name, tail);
    return tail;
  }

  rest(): void {
    for (const tail of [...this.#blocking.values(), this.#polling]) tail.rest();
  }

  async #ready(streams: Streams): Promise<readonly string[]> {
    const names = [...streams.keys()];
    const groups = this.#link.isCluster ? [...new Set(names.map(tagOf))] : [""];
    const ready = groups.map(async (tag) => {
      const keys = names.filter((name) => name.startsWith(tag));
      const reply = await this.#scripts.run(
        READY,
        keys,
        keys.map((name) => `${streams.get(name)}`),
      );
      return listIn(reply).flatMap((nth) => keys[Number(nth) - 1] ?? []);
    });
    return (await Promise.all(ready)).flat();
  }
}

function tagOf(key: string): string {
  return key.slice(0, key.indexOf("}") + 1);
}

function listIn(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Clients may give numbers as strings. */
function isOne(value: unknown): boolean {
  return Number(value) === 1;
}

function milliseconds(ms: number): string {
  return `${Math.min(Math.ceil(ms), LONGEST_MS)}`;
}
