// What a careful engineer writes by hand.

const headers = { "content-type": "application/json", authorization: "Bearer sk-bench" };

/** Makes a reader of one stream after another. */
export function open(baseURL) {
  return async ({ prompt, keepText }) => {
    const body = { model: "gpt-6-sol", stream: true, stream_options: { include_usage: true } };
    const response = await fetch(`${baseURL}/v1/chat/completions`, {
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
        if (!frame.startsWith("data: ")) continue;
        const data = frame.slice(6);
        if (data === "[DONE]") continue;
        const chunk = JSON.parse(data);
        if (chunk.error) throw new Error(chunk.error.message);
        events++;
        const content = chunk.choices[0]?.delta.content;
        if (!content) continue;
        if (firstAt === 0) firstAt = performance.now();
        if (keepText) text += content;
      }
    }
    return { text, events, firstAt };
  };
}
