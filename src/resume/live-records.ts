import type { LogRecord } from "./record.ts";
import { type Loggable, recordOf } from "./event-run.ts";
import type { Journal } from "./recorder.ts";

/**
 * The records of a run in this process, for a reader who needs all of them while the log may fail: the reader of a
 * structured stream that is shown as text. They are kept as long as the stream is.
 */
export class LiveRecords {
  readonly #records: Loggable[] = [];
  #onMore: (() => void)[] = [];
  #isOver = false;

  /** Takes what is put in a journal, too. */
  listen(journal: Journal): void {
    const put = journal.put.bind(journal);
    journal.put = (record, length) => {
      put(record, length);
      this.#add(record);
    };
  }

  /** The last record. */
  end(record: LogRecord): void {
    this.#isOver = true;
    this.#add(record);
  }

  /** Gives the records, some at a time, from the first to the last; then null. */
  reader(): () => Promise<readonly LogRecord[] | null> {
    let read = 0;
    return async () => {
      while (read === this.#records.length && !this.#isOver) {
        await new Promise<void>((resolve) => this.#onMore.push(resolve));
      }
      const next = this.#records.slice(read).map(recordOf);
      read = this.#records.length;
      return next.length === 0 ? null : next;
    };
  }

  #add(record: Loggable): void {
    this.#records.push(record);
    for (const resolve of this.#onMore.splice(0)) resolve();
  }
}
