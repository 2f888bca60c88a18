import { createAnthropic } from "@ai-sdk/anthropic";
import { createUIMessageStreamResponse, generateId, streamText, toUIMessageStream } from "ai";
import { createResumableStreamContext } from "resumable-stream";
import { connected, eventsIn, readingOf } from "./shared.mjs";

/**
 * As its page "Chatbot Resume Streams" shows. The chats, which are the application's own, are in the same Redis: the active
 * stream, and the messages. The page gets everything anew with each reader.
 */
export async function open(settings, faulty) {
  const { baseURL, redisUrl } = settings;
  const model = createAnthropic({ apiKey: "any", baseURL: `${baseURL}/v1` })("claude-sonnet-5-5");
  const chats = await connected(redisUrl);
  const publisher = faulty(await connected(redisUrl));
  const subscriber = faulty(await connected(redisUrl));
  const streams = () => createResumableStreamContext({ waitUntil: null, publisher, subscriber });
  const saveChat = (id, chat) => chats.set(`chat:${id}`, JSON.stringify(chat)).catch(() => {});
  return {
    async produce(id) {
      await saveChat(id, { activeStreamId: null });
      const result = streamText({ model, prompt: "Count." });
      const response = createUIMessageStreamResponse({
        stream: toUIMessageStream({
          stream: result.stream,
          generateMessageId: generateId,
          onEnd: ({ messages }) => saveChat(id, { messages, activeStreamId: null }),
        }),
        async consumeSseStream({ stream }) {
          const activeStreamId = generateId();
          await streams().createNewResumableStream(activeStreamId, () => stream);
          void saveChat(id, { activeStreamId });
        },
      });
      return reading(response.body.pipeThrough(new TextDecoderStream()));
    },
    async read(id) {
      const { activeStreamId = null, messages } = JSON.parse((await chats.get(`chat:${id}`)) ?? "{}");
      if (activeStreamId === null) return messages === undefined ? null : saved(messages);
      const stream = await streams().resumeExistingStream(activeStreamId);
      return stream ? reading(stream) : null;
    },
  };
}

function reading(stream) {
  async function* take(pieces, tell) {
    for await (const { data } of eventsIn(pieces)) {
      if (data === "[DONE]") continue;
      const { type, delta, errorText } = JSON.parse(data);
      if (type === "error") throw new Error(errorText);
      if (type === "abort") tell("aborted");
      if (type === "finish") tell("complete");
      yield { text: type === "text-delta" ? delta : "" };
    }
  }
  return readingOf(stream, take);
}

/** The page has the messages from the application, and no stream. */
function saved(messages) {
  const text = messages
    .at(-1)
    .parts.map((part) => part.text ?? "")
    .join("");
  return readingOf(new Blob([text]).stream().pipeThrough(new TextDecoderStream()), async function* (pieces, tell) {
    for await (const piece of pieces) yield { text: piece };
    tell("complete");
  });
}
