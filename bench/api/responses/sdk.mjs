import { loadSdk } from "../openai.mjs";

const { default: OpenAI } = await loadSdk();

/** Makes a reader of one stream after another: `responses.stream` of the official SDK. */
export function open(baseURL) {
  const openai = new OpenAI({ apiKey: "sk-bench", baseURL: `${baseURL}/v1`, maxRetries: 0 });
  return async ({ prompt, keepText }) => {
    const stream = openai.responses.stream({ model: "gpt-6-sol", input: prompt });
    let text = "";
    let events = 0;
    let firstAt = 0;
    for await (const event of stream) {
      events++;
      if (event.type !== "response.output_text.delta") continue;
      if (firstAt === 0) firstAt = performance.now();
      if (keepText) text += event.delta;
    }
    const message = await stream.finalResponse();
    return { text, events, firstAt, message, stream };
  };
}
