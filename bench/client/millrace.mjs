import { call, client } from "millrace/anthropic";

/** Makes a reader of one stream after another: every pair, and the message that the stream has built. */
export function open(baseURL) {
  const ask = call(
    "claude-sonnet-5-5",
    { stream: true, client: client({ apiKey: "sk-ant-bench", baseURL }) },
    (prompt) => prompt,
  );
  return async ({ prompt, keepText }) => {
    const stream = ask(prompt);
    let text = "";
    let events = 0;
    let firstAt = 0;
    for await (const [chunk, tool] of stream) {
      if (tool !== null) throw new Error("There is no tool in these streams.");
      events++;
      const { content } = chunk;
      if (firstAt === 0 && content !== "") firstAt = performance.now();
      if (keepText) text += content;
    }
    const { response: message } = stream.constructCallResponse();
    return { text, events, firstAt, message, stream };
  };
}
