// What a reply looks like on the wire.

export const frame = (event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;

export const start = (inputTokens = 10) => [
  {
    type: "message_start",
    message: {
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: "claude-sonnet-5-5",
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: inputTokens, output_tokens: 1 },
    },
  },
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
];

export const delta = (text) => ({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } });

export const end = (outputTokens = 25) => [
  { type: "content_block_stop", index: 0 },
  {
    type: "message_delta",
    delta: { stop_reason: "end_turn", stop_sequence: null },
    usage: { output_tokens: outputTokens },
  },
  { type: "message_stop" },
];

export const ping = { type: "ping" };

export const overloaded = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };

export const headers = { "content-type": "text/event-stream; charset=utf-8", "request-id": "req_1" };
