import { createResumableAssistantStreamResponse, createResumableStreamContext } from "assistant-stream/resumable";
import { createRedisResumableStreamStore } from "assistant-stream/resumable/redis";
import { answer, connected, eventsIn, readingOf } from "./shared.mjs";

/** Its responses, on its store in Redis. They begin anew with each reader: there is no position. */
export async function open(settings, faulty) {
  const store = createRedisResumableStreamStore(await connected(settings.redisUrl));
  const context = createResumableStreamContext({ store: faulty(store) });
  return {
    async produce(place) {
      const response = await createResumableAssistantStreamResponse({
        context,
        streamId: place,
        async callback(controller) {
          for await (const { data } of eventsIn(await answer(settings))) {
            const { delta } = JSON.parse(data);
            if (delta?.text) controller.appendText(delta.text);
          }
          const usage = { inputTokens: 0, outputTokens: 0 };
          controller.enqueue({ type: "message-finish", path: [], finishReason: "stop", usage });
        },
      });
      return reading(response.body);
    },
    async read(place) {
      const body = await context.resume(place);
      return body && reading(body);
    },
  };
}

function reading(body) {
  async function* take(pieces, tell) {
    let rest = "";
    for await (const piece of pieces) {
      const lines = (rest + piece).split("\n");
      rest = lines.pop();
      for (const line of lines) {
        const at = line.indexOf(":");
        const [type, value] = [line.slice(0, at), line.slice(at + 1)];
        if (type === "d") tell("complete");
        if (type === "3") throw new Error(value);
        if (type === "0") yield { text: JSON.parse(value) };
        if (type === "aui-text-delta") yield { text: JSON.parse(value).textDelta };
      }
    }
  }
  return readingOf(body.pipeThrough(new TextDecoderStream()), take);
}
