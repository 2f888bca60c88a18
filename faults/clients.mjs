import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../", import.meta.url);
const peers = new URL("bench/peers/", root);

/** Where the packages of the other clients are. */
export const peersFolder = fileURLToPath(peers);

/** What only millrace offers, or offers in this way. */
const OURS = ["recover", "fallback", "object-as-client", "agent"];

/** A client of one API: its module knows how it is used, by the `api` that it is given. */
const column = (client, api, title, packages, module, lacks) => ({
  id: api === "anthropic" ? client : `${client}-${api}`,
  api,
  title,
  packages,
  lacks,
  module,
});
const own = (api) =>
  column("millrace", api, "millrace", ["millrace"], new URL("faults/clients/millrace.mjs", root), []);
const peer = (client, api, title, packages, { file = client, lacks = [] } = {}) =>
  column(client, api, title, packages, new URL(`clients/${file}.mjs`, peers), [...OURS, ...lacks]);

const raw = { lacks: ["tools", "usage"] };
const adapter = { anthropic: "anthropic", chat: "openai", responses: "openai" };
const everywhere = (client, title, packages, options) =>
  Object.keys(adapter).map((api) => peer(client, api, title, packages(adapter[api]), options));

/** The columns. What a client lacks is not asked of it. */
export const clients = [
  own("anthropic"),
  own("chat"),
  own("responses"),
  peer("sdk", "anthropic", "SDK, `messages.stream`", ["@anthropic-ai/sdk"]),
  peer("sdk-raw", "anthropic", "SDK, raw events", ["@anthropic-ai/sdk"], raw),
  peer("sdk", "chat", "SDK, `chat.completions.stream`", ["openai"], { file: "openai-chat" }),
  peer("sdk-raw", "chat", "SDK, raw events", ["openai"], { file: "openai-chat-raw", ...raw }),
  peer("sdk", "responses", "SDK, `responses.stream`", ["openai"], { file: "openai-responses" }),
  peer("sdk-raw", "responses", "SDK, raw events", ["openai"], { file: "openai-responses-raw", ...raw }),
  ...everywhere("ai", "ai, `stream`", (name) => ["ai", `@ai-sdk/${name}`]),
  ...everywhere("ai-text", "ai, `textStream`", (name) => ["ai", `@ai-sdk/${name}`], { lacks: ["tools"] }),
  ...everywhere("langchain", "LangChain", (name) => [`@langchain/${name}`, "@langchain/core"]),
  ...everywhere("tanstack", "TanStack AI", (name) => ["@tanstack/ai", `@tanstack/ai-${name}`]),
  ...everywhere("pi", "pi-ai", () => ["@earendil-works/pi-ai"]),
];

/** The version of a client's package that is used here. */
export function version(name) {
  const file =
    name === "millrace" ? new URL("package.json", root) : new URL(`node_modules/${name}/package.json`, peers);
  return JSON.parse(readFileSync(file, "utf8")).version;
}
