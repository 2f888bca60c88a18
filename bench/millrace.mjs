/** Makes a reader of one stream after another, for any provider: every pair, and the message that the stream has built. */
export function reader(ask) {
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
