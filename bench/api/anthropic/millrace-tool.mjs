import { tool } from "millrace";
import { call, client } from "millrace/anthropic";

/** Makes a reader of one stream after another: the finished tool. */
export const open = (baseURL) => reader(baseURL, true);

/** The reader, with what `stream` says. */
export function reader(baseURL, stream) {
  const save = tool({ name: "save", inputSchema: { type: "object" }, call: () => "saved" });
  const own = client({ apiKey: "sk-ant-bench", baseURL });
  const ask = call("claude-sonnet-5-5", { stream, client: own, tools: [save] }, (prompt) => prompt);
  return async ({ prompt }) => {
    let args;
    let events = 0;
    for await (const [, called] of ask(prompt)) {
      events++;
      // Reading them is what builds them.
      if (called !== null) args = called.args;
    }
    return { args, events };
  };
}
