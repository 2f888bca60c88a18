import { field, type JsonObject } from "../json/object.ts";
import type { ResponseChunk } from "../provider/chunk.ts";
import type { EventRecord, LogRecord } from "./record.ts";

/**
 * Events that differ in a few values alone, such as their text: the first of them, where they differ, and the values, event
 * by event. Most of a reply is like that; written out, it would be ten times as long.
 */
export interface EventRunRecord {
  readonly type: "events";
  /** Left out if they are like the event before them. */
  readonly first?: unknown;
  /** The keys that lead to each value: in lists, indexes. */
  readonly at: readonly (readonly string[])[];
  /** Of the events after the first. */
  readonly values: readonly Value[];
}

/** Events that are like the one before them, as they are collected. */
export interface MoreEvents extends EventRunRecord {
  readonly values: Value[];
}

type Value = string | number;

/** The most values in which events of a run may differ: the text, its number, padding. */
const MOST_VALUES = 4;
/** What events are compared for: those that are larger, or nested deeper, are written out. */
const MOST_LEAVES = 60;
const DEEPEST = 8;
/** What JSON is made of. */
const PLAIN: readonly unknown[] = [Object.prototype, Array.prototype];

/** A place in an event that has no places below it. */
interface Leaf {
  readonly path: readonly string[];
  readonly value: unknown;
  /** The value of the event that is compared, if that has another one. */
  found: Value | undefined;
}

/** An object in an event, or a list: its keys, and what they hold. */
interface Shape {
  readonly prototype: object;
  readonly keys: readonly string[];
  readonly parts: readonly (Shape | Leaf)[];
}

/** An event that is logged in another form than its chunk has it. */
export interface ChangedEvent {
  readonly of: ResponseChunk;
  readonly event: () => unknown;
}

/**
 * A record; or what it is made of when its batch is written, since the reader in this process does not wait for that: a
 * function, or the chunk of an event.
 */
export type Loggable = LogRecord | ResponseChunk | ChangedEvent | (() => LogRecord);

/** The records of a batch, as they are written. */
export function compacted(batch: readonly (Loggable | MoreEvents)[]): readonly (LogRecord | MoreEvents | EventRun)[] {
  const written: (LogRecord | MoreEvents | EventRun)[] = [];
  let run: EventRun | null = null;
  for (const item of batch) {
    if (isMore(item)) {
      written.push(item);
      run = null;
      continue;
    }
    const chunk = chunkOf(item);
    if (chunk !== null && run !== null && run.addValues(chunk)) continue;
    const record = recordOf(item);
    if (record.type !== "event") run = null;
    else if (run !== null && run.add(record, chunk)) continue;
    else run = new EventRun(record, chunk);
    written.push(run ?? record);
  }
  return written;
}

function isMore(item: Loggable | MoreEvents): item is MoreEvents {
  return "type" in item && item.type === "events";
}

/** The record that it stands for. */
export function recordOf(item: Loggable): LogRecord {
  if (typeof item === "function") return item();
  if ("type" in item) return item;
  return { type: "event", event: "of" in item ? item.event() : item.chunk };
}

/** The chunk of an event; null if it is another record. */
export function chunkOf(item: Loggable): ResponseChunk | null {
  if (typeof item === "function" || "type" in item) return null;
  return "of" in item ? item.of : item;
}

/** Adds the values of an event in the provider's run. */
export function addValues(to: Value[], { "~run": run, "~values": values = [], "~at": at = 0 }: ResponseChunk): void {
  if (typeof values === "string") {
    to.push(values);
    return;
  }
  const parts = field(run, "parts");
  if (Array.isArray(parts)) to.push(...values.slice(at, at + parts.length - 1));
}

function valuesOf(chunk: ResponseChunk): readonly Value[] {
  const values: Value[] = [];
  addValues(values, chunk);
  return values;
}

/** Where the events of a provider's run differ, by the run: found by comparing two of them. */
const knownPaths = new WeakMap<object, readonly (readonly string[])[]>();

/** Where the events of a provider's run differ; undefined if no two of them were compared. */
export function pathsIn(run: object): readonly (readonly string[])[] | undefined {
  return knownPaths.get(run);
}

/** Like events, collected one after another. */
class EventRun {
  readonly #record: EventRecord;
  /** The provider's run that the first of them belongs to, or null. */
  readonly #run: object | null;
  /** Where events of that run differ, once it is known: then they need not be compared any more. */
  #known: readonly (readonly string[])[] | null = null;
  #shape: Shape | null = null;
  readonly #leaves: Leaf[] = [];
  /** The leaves in which the events differ; null as long as none was compared. */
  #varying: readonly Leaf[] | null = null;
  readonly #values: Value[] = [];
  #isClosed: boolean;

  constructor(record: EventRecord, chunk: ResponseChunk | null) {
    this.#record = record;
    this.#run = chunk?.["~run"] ?? null;
    // What belongs to one event alone stands beside it.
    this.#isClosed = isAlone(record);
  }

  /** Adds an event by its values alone. @returns Whether it is one of the provider's run, and that is known. */
  addValues(chunk: ResponseChunk): boolean {
    if (this.#known === null || this.#run !== chunk["~run"]) return false;
    addValues(this.#values, chunk);
    return true;
  }

  /** Adds an event that has to be compared. @returns Whether it belongs to the run. If not, that is over. */
  add(record: EventRecord, chunk: ResponseChunk | null): boolean {
    const { event } = record;
    if (this.#isClosed || this.#known !== null || !hasSameType(this.#record.event, event)) return false;
    this.#shape ??= shapeOf(this.#record.event, [], this.#leaves);
    for (const leaf of this.#leaves) leaf.found = undefined;
    const isLike = !isAlone(record) && this.#shape !== null && isAlike(this.#shape, event) && this.#varies();
    this.#isClosed = !isLike;
    if (!isLike) return false;
    const values = (this.#varying ?? []).map(({ found, value }) => found ?? (value as Value));
    this.#values.push(...values);
    if (this.#run !== null && this.#run === chunk?.["~run"]) this.#learn(this.#run, values, valuesOf(chunk));
    return true;
  }

  toJSON(): EventRecord | EventRunRecord {
    const [record, values] = [this.#record, this.#values];
    if (values.length === 0) return record;
    return { type: "events", first: record.event, at: this.#known ?? this.#paths, values };
  }

  get #paths(): readonly (readonly string[])[] {
    return (this.#varying ?? []).map(({ path }) => path);
  }

  /** Keeps where the provider's run differs, if that was seen: two events of it may have some values in common. */
  #learn(run: object, seen: readonly Value[], values: readonly Value[]): void {
    if (seen.length !== values.length || !values.every((value, place) => value === seen[place])) return;
    this.#known = this.#paths;
    knownPaths.set(run, this.#known);
  }

  /** Whether the event that was compared differs only where those of the run do. */
  #varies(): boolean {
    let differing = 0;
    for (const { found } of this.#leaves) if (found !== undefined) differing += 1;
    if (this.#varying === null) {
      // Without a difference, there would be nothing to count the events by.
      if (differing === 0 || differing > MOST_VALUES) return false;
      this.#varying = this.#leaves.filter(({ found }) => found !== undefined);
    }
    for (const { found } of this.#varying) if (found !== undefined) differing -= 1;
    return differing === 0;
  }
}

/** Whether something is logged beside the event. */
function isAlone({ invalid, ids }: EventRecord): boolean {
  return invalid !== undefined || ids !== undefined;
}

/** Providers say in one key what an event is: of most that follow one another, it need not be taken apart to compare them. */
function hasSameType(one: unknown, other: unknown): boolean {
  return field(one, "type") === field(other, "type");
}

/** Null if it is too large, or not plain data. */
function shapeOf(value: unknown, path: readonly string[], leaves: Leaf[]): Shape | null {
  const isPlain = isContainer(value) && PLAIN.includes(Object.getPrototypeOf(value));
  if (!isPlain || path.length > DEEPEST) return null;
  const keys = Object.keys(value);
  const parts: (Shape | Leaf)[] = [];
  for (const key of keys) {
    const inner = value[key];
    const below = [...path, key];
    const part = isContainer(inner) ? shapeOf(inner, below, leaves) : { path: below, value: inner, found: undefined };
    if (part === null || key === "__proto__" || leaves.length >= MOST_LEAVES) return null;
    if ("path" in part) leaves.push(part);
    parts.push(part);
  }
  return { prototype: Object.getPrototypeOf(value), keys, parts };
}

/** Whether it has the same keys in the same order, and differs in texts and numbers alone, which the leaves hold then. */
function isAlike({ prototype, keys, parts }: Shape, event: unknown): boolean {
  if (!isContainer(event) || Object.getPrototypeOf(event) !== prototype) return false;
  const own = Object.keys(event);
  if (own.length !== keys.length) return false;
  for (let place = 0; place < keys.length; place++) {
    const key = keys[place];
    const part = parts[place];
    if (key === undefined || part === undefined || own[place] !== key) return false;
    const inner = event[key];
    if ("keys" in part) {
      if (!isAlike(part, inner)) return false;
    } else if (inner !== part.value) {
      if (!isValue(inner) || typeof inner !== typeof part.value) return false;
      part.found = inner;
    }
  }
  return true;
}

/**
 * The records of a run of events; null if they are damaged.
 *
 * @param like - An event of the run, as JSON; empty if there is none.
 */
export function eventsOf({ first, at, values }: EventRunRecord, like: string): EventRecord[] | null {
  const isWhole = Array.isArray(at) && Array.isArray(values) && at.length > 0 && values.length % at.length === 0;
  if (!isWhole || like === "") return null;
  const records: EventRecord[] = first === undefined ? [] : [{ type: "event", event: first }];
  for (let place = 0; place < values.length; place += at.length) {
    const event: unknown = JSON.parse(like);
    if (!at.every((path, nth) => setAt(event, path, values[place + nth]))) return null;
    records.push({ type: "event", event });
  }
  return records;
}

/** @returns Whether there was such a place. */
function setAt(event: unknown, path: readonly string[], value: unknown): boolean {
  let container = event;
  for (const key of path.slice(0, -1)) container = ownPart(container, key);
  const last = path.at(-1);
  if (last === undefined || !isContainer(container) || !Object.hasOwn(container, last)) return false;
  container[last] = value;
  return true;
}

function ownPart(container: unknown, key: string): unknown {
  return isContainer(container) && Object.hasOwn(container, key) ? container[key] : undefined;
}

/** An object, or a list, whose keys are its indexes. */
function isContainer(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null;
}

function isValue(value: unknown): value is Value {
  return typeof value === "string" || Number.isFinite(value);
}
