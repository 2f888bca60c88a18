import { createResumableStreamContext } from "resumable-stream";
import { answer, connected, eventsIn, readingOf } from "./shared.mjs";

/** As its README shows: the provider's events are passed on, and the page reads them. */
export async function open(settings, faulty) {
  const publisher = await connected(settings.redisUrl);
  const subscriber = await connected(settings.redisUrl);
  const context = createResumableStreamContext({
    waitUntil: null,
    publisher: faulty(publisher),
    subscriber: faulty(subscriber),
  });
  return {
    async produce(place) {
      const stream = await context.resumableStream(place, () => asked(settings));
      return reading(stream, 0);
    },
    async read(place, { after = 0 }) {
      const stream = await context.resumeExistingStream(place, after);
      return stream ? reading(stream, after) : null;
    },
  };
}

/** The provider's answer, which only the producer asks for. */
function asked(settings) {
  const { readable, writable } = new TransformStream();
  void answer(settings).then((body) => body.pipeTo(writable));
  return readable;
}

function reading(stream, startsAt) {
  async function* take(pieces, tell) {
    for await (const { data, end } of eventsIn(pieces)) {
      const event = JSON.parse(data);
      if (event.type === "message_stop") tell("complete");
      // It counts characters.
      yield { text: event.delta?.text, position: startsAt + end };
    }
  }
  return readingOf(stream, take, { startsAt });
}
