import Anthropic from "@anthropic-ai/sdk";

/** Makes a reader of one stream after another: `messages.stream` of the official SDK. */
export function open(baseURL) {
  const anthropic = new Anthropic({ apiKey: "sk-ant-bench", baseURL, maxRetries: 0 });
  return async ({ prompt, keepText }) => {
    const body = { model: "claude-sonnet-5-5", max_tokens: 4096 };
    const stream = anthropic.messages.stream({ ...body, messages: [{ role: "user", content: prompt }] });
    let text = "";
    let events = 0;
    let firstAt = 0;
    for await (const event of stream) {
      events++;
      if (event.type !== "content_block_delta" || event.delta.type !== "text_delta") continue;
      if (firstAt === 0) firstAt = performance.now();
      if (keepText) text += event.delta.text;
    }
    const message = await stream.finalMessage();
    return { text, events, firstAt, message, stream };
  };
}
