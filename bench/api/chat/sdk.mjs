import { loadSdk } from "../openai.mjs";

const { default: OpenAI } = await loadSdk();

/** Makes a reader of one stream after another: `chat.completions.stream` of the official SDK. */
export function open(baseURL) {
  const openai = new OpenAI({ apiKey: "sk-bench", baseURL: `${baseURL}/v1`, maxRetries: 0 });
  return async ({ prompt, keepText }) => {
    const body = { model: "gpt-6-sol", stream_options: { include_usage: true } };
    const stream = openai.chat.completions.stream({ ...body, messages: [{ role: "user", content: prompt }] });
    let text = "";
    let events = 0;
    let firstAt = 0;
    for await (const chunk of stream) {
      events++;
      const content = chunk.choices[0]?.delta.content;
      if (!content) continue;
      if (firstAt === 0) firstAt = performance.now();
      if (keepText) text += content;
    }
    const message = await stream.finalChatCompletion();
    return { text, events, firstAt, message, stream };
  };
}
