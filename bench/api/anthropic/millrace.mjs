import { call, client } from "millrace/anthropic";
import { reader } from "../../millrace.mjs";

/** Makes a reader of one stream after another. */
export function open(baseURL) {
  const own = client({ apiKey: "sk-ant-bench", baseURL });
  return reader(call("claude-sonnet-5-5", { stream: true, client: own }, (prompt) => prompt));
}
