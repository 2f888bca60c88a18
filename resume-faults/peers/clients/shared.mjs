import { createClient } from "redis";

/** A client as its documentation asks for: with a listener, or a lost connection would end the process. */
export async function connected(url) {
  const client = createClient({ url });
  client.on("error", () => {});
  await client.connect();
  return client;
}

/** Asks the provider, and gives the body of its answer. */
export async function answer({ baseURL }, signal) {
  const response = await fetch(`${baseURL}/v1/messages`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": "any", "anthropic-version": "2023-06-01" },
    body: JSON.stringify({
      model: "claude-sonnet-5-5",
      max_tokens: 1_000,
      stream: true,
      messages: [{ role: "user", content: "Count." }],
    }),
    signal,
  });
  return response.body.pipeThrough(new TextDecoderStream());
}

/** The data of the server-sent events in pieces of text, with the `id` of each and how many characters they end after. */
export async function* eventsIn(pieces) {
  let rest = "";
  let end = 0;
  for await (const piece of pieces) {
    rest += piece;
    for (let at = rest.indexOf("\n\n"); at >= 0; at = rest.indexOf("\n\n")) {
      const lines = rest.slice(0, at).split("\n");
      rest = rest.slice(at + 2);
      end += at + 2;
      const field = (name) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      yield { data: field("data"), id: field("id"), end };
    }
  }
}

/**
 * What the page makes of a stream of events. `take(event, tell)` gives the text of one; it calls `tell` when the protocol says
 * how the reply ended.
 */
export function readingOf(stream, take, { run = null, startsAt } = {}) {
  const reader = stream.getReader();
  let outcome = null;
  let position = startsAt ?? null;
  const tell = (how) => (outcome ??= how);
  async function* pieces() {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield value;
    }
  }
  async function* texts() {
    for await (const { text, position: next } of take(pieces(), tell)) {
      if (next !== undefined) position = next;
      if (text) yield text;
    }
  }
  return {
    run,
    texts: texts(),
    position: () => position,
    outcome: (otherwise = "cut off") => outcome ?? otherwise,
    leave: () => reader.cancel().catch(() => {}),
  };
}
