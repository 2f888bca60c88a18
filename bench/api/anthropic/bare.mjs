// What a careful engineer writes by hand.

const headers = {
  "content-type": "application/json",
  "anthropic-version": "2023-06-01",
  "x-api-key": "sk-ant-bench",
};

/** Makes a reader of one stream after another. */
export function open(baseURL) {
  return async ({ prompt, keepText }) => {
    const body = { model: "claude-sonnet-5-5", max_tokens: 4096, stream: true };
    const response = await fetch(`${baseURL}/v1/messages`, {
      method: "POST",
      headers,
      body: JSON.stringify({ ...body, messages: [{ role: "user", content: prompt }] }),
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
        if (event.type === "ping") continue;
        if (event.type === "error") throw new Error(event.error.message);
        events++;
        if (event.type !== "content_block_delta" || event.delta.type !== "text_delta") continue;
        if (firstAt === 0) firstAt = performance.now();
        if (keepText) text += event.delta.text;
      }
    }
    return { text, events, firstAt };
  };
}
