import { inTime } from "../log/in-time.ts";
import type { LogWriter } from "./log-writer.ts";

/** What is done when a run has ended, and before anybody learns of it: its place is not free until then. Never rejects. */
export type BeforeEnd = () => Promise<void>;

/** How long the end of a run waits for it. */
export const LONGEST_CLOSING_MS = 10_000;

/** What is to be done when a run has ended, before that is told and logged. */
export class Closing {
  readonly #works: BeforeEnd[];
  #isOpen = true;

  constructor(first: BeforeEnd | undefined) {
    this.#works = first === undefined ? [] : [first];
  }

  /** @returns Whether it was in time. */
  add(work: BeforeEnd): boolean {
    if (this.#isOpen) this.#works.push(work);
    return this.#isOpen;
  }

  /** From now on, nothing can be added. @returns Whether there is anything to do. */
  close(): boolean {
    this.#isOpen = false;
    return this.#works.length > 0;
  }

  /** Does it, unless the run has gone to another process by now. */
  async run(writer: LogWriter): Promise<void> {
    await writer.flushed();
    if (writer.state === "lost") return;
    await inTime(Promise.all(this.#works.map((work) => work())), LONGEST_CLOSING_MS).catch(() => {});
  }
}
