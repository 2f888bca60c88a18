import { createParser } from "eventsource-parser";

/** An event as a browser's reader gets it. */
export interface ReadEvent {
  readonly id: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The events of a body, and its comments. */
export async function eventsIn(
  response: Response,
  onEvent?: (event: ReadEvent, count: number) => boolean | void,
): Promise<{ readonly events: ReadEvent[]; readonly comments: string[] }> {
  const events: ReadEvent[] = [];
  const comments: string[] = [];
  let isEnough = false;
  const parser = createParser({
    onEvent({ id, event, data }) {
      if (event !== undefined) throw new Error(`An event named ${event}.`);
      if (data === "[DONE]") return;
      const read = { id, data: JSON.parse(data) as ReadEvent["data"] };
      if (isEnough) return;
      events.push(read);
      isEnough = onEvent?.(read, events.length) === true;
    },
    onComment: (comment) => void comments.push(comment),
  });
  const body = response.body!.pipeThrough(new TextDecoderStream());
  for await (const text of body) {
    parser.feed(text);
    if (isEnough) break;
  }
  return { events, comments };
}
