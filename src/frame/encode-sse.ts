import { InvalidOptionError } from "../errors.ts";

/** One server-sent event. */
export interface SseEvent {
  /** The event's name. Without one, or with `""`, no `event` line is written. */
  readonly event?: string | undefined;
  /** Its data. Each line end in it begins a new `data` line; readers turn it into a line feed. */
  readonly data: string;
}

/** How an event is written, where the standard leaves a choice. */
export interface SseStyle {
  /** What ends each line. Default `"\n"`. */
  readonly lineEnd?: "\n" | "\r" | "\r\n" | undefined;
  /** Whether the event's name is written. Default true. */
  readonly eventLine?: boolean | undefined;
  /** Whether a space follows the colon of a field, which readers take away. Default true. */
  readonly space?: boolean | undefined;
  /** A comment to write before the event: a comment line for each of its lines. */
  readonly comment?: string | undefined;
}

const LINE_END = /\r\n|\r|\n/;

/**
 * Writes one server-sent event, with the blank line that ends it (html.spec.whatwg.org, section 9.2.5).
 *
 * @throws InvalidOptionError - The event's name contains a line end, which would begin another line.
 * @example
 * ```ts
 * encodeSse({ event: "ping", data: "{}" }); // "event: ping\ndata: {}\n\n"
 * encodeSse({ data: "two\nlines" }, { lineEnd: "\r\n" }); // "data: two\r\ndata: lines\r\n\r\n"
 * ```
 */
export function encodeSse({ event = "", data }: SseEvent, style: SseStyle = {}): string {
  if (LINE_END.test(event)) throw new InvalidOptionError("event", "its name contains a line end.");
  const { lineEnd = "\n", eventLine = true, space = true, comment } = style;
  const lines = [
    ...(comment === undefined ? [] : comment.split(LINE_END).map((line) => field("", line, space))),
    ...(eventLine && event !== "" ? [field("event", event, space)] : []),
    ...data.split(LINE_END).map((line) => field("data", line, space)),
  ];
  return `${lines.join(lineEnd)}${lineEnd}${lineEnd}`;
}

function field(name: string, value: string, space: boolean): string {
  // Readers take one space away: a value that begins with a space needs another before it.
  return `${name}:${space || value.startsWith(" ") ? " " : ""}${value}`;
}
