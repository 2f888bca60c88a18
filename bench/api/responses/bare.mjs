// What a careful engineer writes by hand.

const headers = { "content-type": "application/json", authorization: "Bearer sk-bench" };

/** Makes a reader of one stream after another. */
export function open(baseURL) {
  return async ({ prompt, keepText }) => {
    const response = await fetch(`${baseURL}/v1/responses`, {
      method: "POST",
      headers,
      body: JSON.stringify({ model: "gpt-6-sol", stream: true, input: prompt }),
    });
    if (!response.ok || response.body === null) throw new Error(`HTTP ${response.status}`);
    const decoder = new TextDecoder();
    let buffer = "";
    let text = "";
    let events = 0;
    let firstAt = 0;
    const reader = response.body.getReader();
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      buffer += decoder.decode(read.value, { stream: true });
      const frames = buffer.split("\n\n");
      buffer = frames.pop();
      for (const frame of frames) {
        const data = frame.indexOf("data: ");
        if (data === -1) continue;
        const event = JSON.parse(frame.slice(data + 6));
        if (event.type === "error") throw new Error(event.message ?? event.error.message);
        if (event.type === "response.failed") throw new Error(event.response.error.message);
        events++;
        if (event.type !== "response.output_text.delta") continue;
        if (firstAt === 0) firstAt = performance.now();
        if (keepText) text += event.delta;
      }
    }
    return { text, events, firstAt };
  };
}
