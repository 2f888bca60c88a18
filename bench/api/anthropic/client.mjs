// What the bench knows of the clients of the Messages API, before one of them is loaded.

/** The package of the official SDK. */
export const sdk = () => "@anthropic-ai/sdk";

/** What a program imports to use a client. */
export const packages = {
  bare: () => {},
  sdk: () => import("@anthropic-ai/sdk"),
  millrace: () => import("millrace/anthropic"),
  partials: () => import("millrace/anthropic"),
};

/** What a message has of what was streamed. */
export function summary(message) {
  const texts = message.content.filter((block) => block.type === "text").map((block) => block.text);
  return { text: texts.join(""), isComplete: message.stop_reason === "end_turn" && message.usage.output_tokens > 0 };
}

/** The page that a message of one large frame has. */
export const pageOf = (message) => message.content[0].content.content.source.data;
