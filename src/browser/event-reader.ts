/** A server-sent event. Those of millrace have no name. */
export interface ServerEvent {
  /** Its `id`; null if it has none. */
  readonly id: string | null;
  /** What it holds; null for the `[DONE]` of a UI message stream. */
  readonly data: unknown;
}

/** Reads server-sent events, as millrace writes them, from text that was cut anywhere. */
export class EventReader {
  /** The start of a line whose end has not arrived. */
  #line = "";
  #id: string | null = null;
  #data: string | null = null;

  /**
   * The events that end in this text.
   *
   * @throws SyntaxError if one of them is not JSON: something between the server and the page has meddled with it.
   */
  push(text: string): ServerEvent[] {
    const events: ServerEvent[] = [];
    const lines = text.split("\n");
    const rest = lines.pop() ?? "";
    for (const line of lines) {
      this.#take(this.#line + line, events);
      this.#line = "";
    }
    this.#line += rest;
    return events;
  }

  #take(ended: string, events: ServerEvent[]): void {
    const line = ended.endsWith("\r") ? ended.slice(0, -1) : ended;
    if (line === "") {
      if (this.#data !== null) {
        events.push({ id: this.#id, data: this.#data === "[DONE]" ? null : JSON.parse(this.#data) });
      }
      this.#id = this.#data = null;
      return;
    }
    const colon = line.indexOf(":") >>> 0;
    const name = line.slice(0, colon);
    const value = line.slice(colon + (line[colon + 1] === " " ? 2 : 1));
    if (name === "id") this.#id = value;
    if (name === "data") this.#data = this.#data === null ? value : `${this.#data}\n${value}`;
  }
}
