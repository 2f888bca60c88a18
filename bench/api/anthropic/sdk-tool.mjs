import Anthropic from "@anthropic-ai/sdk";

/** Makes a reader of one stream after another: `inputJson` of the official SDK, which gives the arguments so far. */
export function open(baseURL) {
  const anthropic = new Anthropic({ apiKey: "sk-ant-bench", baseURL, maxRetries: 0 });
  return async ({ prompt }) => {
    const body = { model: "claude-sonnet-5-5", max_tokens: 4096 };
    const stream = anthropic.messages.stream({ ...body, messages: [{ role: "user", content: prompt }] });
    let events = 0;
    stream.on("inputJson", (_, snapshot) => void snapshot);
    stream.on("streamEvent", () => events++);
    const message = await stream.finalMessage();
    return { args: message.content[0].input, events };
  };
}
