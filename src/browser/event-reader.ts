/** A server-sent event. Those of millrace have no name. */
export interface ServerEvent {
  /** Its `id`; null if it has none. */
  readonly id: string | null;
  /** What it holds: an object with a type, or {@link DONE}. Null if it holds something else: that cannot be read. */
  readonly data: { readonly type: string } | typeof DONE | null;
}

/** The last event of a UI message stream. */
export const DONE = "[DONE]";

/** Reads server-sent events, as millrace writes them, from text that was cut anywhere. */
export class EventReader {
  /** The start of a line whose end has not arrived. */
  #line = "";
  #id: string | null = null;
  #data: string | null = null;

  /** The events that end in this text. */
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
        events.push({ id: this.#id, data: this.#data === DONE ? DONE : typed(this.#data) });
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

/** Null is what something between the server and the page has made of an event. */
function typed(json: string): { readonly type: string } | null {
  try {
    const data = JSON.parse(json);
    return typeof data?.type === "string" ? data : null;
  } catch {
    return null;
  }
}
