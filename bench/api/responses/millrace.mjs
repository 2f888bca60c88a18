import { call, client } from "millrace/openai";
import { reader } from "../../millrace.mjs";

/** Makes a reader of one stream after another. */
export function open(baseURL) {
  const own = client({ apiKey: "sk-bench", baseURL: `${baseURL}/v1` });
  return reader(call("gpt-6-sol", { stream: true, client: own }, (prompt) => prompt));
}
