import { LogError } from "../errors.ts";
import { field, tryParse } from "../json/object.ts";
import type { LogEntry } from "../log/log.ts";
import {
  addValues,
  chunkOf,
  compacted,
  type EventRunRecord,
  eventsOf,
  type Loggable,
  type MoreEvents,
  pathsIn,
} from "./event-run.ts";
import type { LogRecord } from "./record.ts";

/**
 * Collects the records of a run, and makes an entry of the log of them at a time. Of most events it keeps their values
 * alone: they are like the one before them, which may be in an earlier entry.
 */
export class EntryWriter {
  /** How many records wait for the next entry. */
  count = 0;
  #items: (Loggable | MoreEvents)[] = [];
  /** The provider's run that the last record belongs to; null if it belongs to none. */
  #run: object | null = null;
  /** The events that were put last, if their values are all that is kept of them. */
  #more: MoreEvents | null = null;

  put(item: Loggable): void {
    this.count += 1;
    const chunk = chunkOf(item);
    const run = chunk?.["~run"] ?? null;
    if (chunk === null || run === null || run !== this.#run) this.#more = null;
    else if (this.#more !== null || this.#hasMore(run, item)) return addValues(this.#more?.values ?? [], chunk);
    this.#run = run;
    this.#items.push(item);
  }

  /** The entry of all that waits, as text. @throws What `JSON.stringify` throws. */
  take(): string {
    const items = this.#items;
    this.#items = [];
    this.#more = null;
    this.count = 0;
    return JSON.stringify(compacted(items));
  }

  /** Whether values alone can be kept, of this event and those that follow. */
  #hasMore(run: object, item: Loggable): boolean {
    const last = this.#items.at(-1);
    // Found by comparing two of them, and once: what is kept of an event until it is written should be as little as possible.
    if (last !== undefined && pathsIn(run) === undefined) compacted([last, item]);
    const at = pathsIn(run);
    if (at === undefined) return false;
    this.#more = { type: "events", at, values: [] };
    this.#items.push(this.#more);
    return true;
  }
}

/** Reads the entries of a run, one after another. */
export class EntryReader {
  /** The last event of those that were read, as text: those who get it may change it. */
  #last = "";

  /** The records of the next entry. @throws LogError if it is damaged. */
  read({ number, data }: LogEntry): readonly LogRecord[] {
    const written: unknown = tryParse(data);
    const parts: readonly unknown[] = Array.isArray(written) ? written : [null];
    return parts.flatMap((part) => {
      const records =
        typeof field(part, "type") === "string" ? this.#recordsIn(part as LogRecord | EventRunRecord) : null;
      if (records === null) throw new LogError(`Entry ${number} of the run cannot be read.`);
      return records;
    });
  }

  #recordsIn(written: LogRecord | EventRunRecord): readonly LogRecord[] | null {
    if (written.type === "event") this.#last = JSON.stringify(written.event);
    if (written.type !== "events") return [written];
    if (written.first !== undefined) this.#last = JSON.stringify(written.first);
    return eventsOf(written, this.#last);
  }
}
