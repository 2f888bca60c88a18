import { ProtocolError } from "../../errors.ts";

/** The numbers of the events of a response. Some servers give none. */
export class EventNumbers {
  /** That of the last event; -1 if none was numbered. */
  last = -1;
  /** The events that follow are those after the last one, as they were asked for: none may be missing. */
  isResumed = false;
  /** That of the last event that said nothing. Some servers give it to the next one, too. */
  #silent = -1;
  /** After which event one was missing; null if none was. */
  #gap: number | null = null;

  /**
   * Notes the number of an event. False if that came before.
   *
   * @throws ProtocolError if an event before it is missing. It may be asked for once more.
   */
  take(number: unknown): boolean {
    const { last } = this;
    if (typeof number !== "number") return true;
    if (number <= last) return false;
    if (this.isResumed && number > Math.max(last, this.#silent) + 1) {
      const retryable = this.#gap !== last;
      this.#gap = last;
      throw new ProtocolError(`event ${last + 1} is missing: after ${last} came ${number}.`, { retryable });
    }
    this.last = number;
    return true;
  }

  /** Notes the number of an event that says nothing. */
  pass(number: unknown): void {
    if (typeof number === "number") this.#silent = number;
  }
}
