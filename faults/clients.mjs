import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../", import.meta.url);
const peers = new URL("bench/peers/", root);

/** Where the packages of the other clients are. */
export const peersFolder = fileURLToPath(peers);

/** What only millrace offers, or offers in this way. */
const OURS = ["recover", "fallback", "object-as-client", "agent"];

const peer = (id, title, packages, lacks = []) => ({
  id,
  title,
  packages,
  lacks: [...OURS, ...lacks],
  module: new URL(`clients/${id}.mjs`, peers),
});
const sdk = ["@anthropic-ai/sdk"];
const ai = ["ai", "@ai-sdk/anthropic"];

/** The columns: what a client lacks is not asked of it, and its module knows how it is used. */
export const clients = [
  {
    id: "millrace",
    title: "millrace",
    packages: ["millrace"],
    lacks: [],
    module: new URL("faults/clients/millrace.mjs", root),
  },
  peer("sdk", "SDK, `messages.stream`", sdk),
  peer("sdk-raw", "SDK, raw events", sdk, ["tools", "usage"]),
  peer("ai", "ai, `fullStream`", ai),
  peer("ai-text", "ai, `textStream`", ai, ["tools"]),
  peer("langchain", "LangChain", ["@langchain/anthropic", "@langchain/core"]),
  peer("tanstack", "TanStack AI", ["@tanstack/ai", "@tanstack/ai-anthropic"]),
  peer("pi", "pi-ai", ["@earendil-works/pi-ai"]),
];

/** The version of a client's package that is used here. */
export function version(name) {
  const file =
    name === "millrace" ? new URL("package.json", root) : new URL(`node_modules/${name}/package.json`, peers);
  return JSON.parse(readFileSync(file, "utf8")).version;
}
