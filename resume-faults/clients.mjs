import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isOurs } from "../scripts/fault-table.mjs";

const root = new URL("../", import.meta.url);
const peers = new URL("peers/", import.meta.url);

/** Where the packages of the other libraries are. */
export const peersFolder = fileURLToPath(peers);

/** How long a producer may show no sign of life: an option of millrace's. The others have nothing like it. */
export const LEASE_MS = 1_500;

const own = (store, title, abilities, packages = []) => ({
  id: `millrace-${store}`,
  title: `millrace, ${title}`,
  packages: ["millrace", ...packages],
  abilities: ["stop", "faulty-log", "takeover", ...abilities],
  module: new URL("clients/millrace.mjs", import.meta.url).href,
  settings: { store },
});
const peer = (id, title, packages, abilities, settings = {}) => ({
  id,
  title,
  packages,
  abilities,
  module: new URL(`clients/${id}.mjs`, peers).href,
  settings,
});

/**
 * The columns. A row says what it takes: `processes` (readers in another process than the producer), `redis`, `file`, `stop`,
 * `faulty-log` (its log can be wrapped), `takeover`.
 */
export const clients = [
  own("memory", "memory", []),
  own("sqlite", "SQLite", ["processes", "file"]),
  own("redis", "Redis", ["processes", "redis"], ["redis"]),
  peer("resumable-stream", "resumable-stream", ["resumable-stream", "redis"], ["processes", "redis", "faulty-log"]),
  peer("tanstack", "TanStack AI, `memoryStream`", ["@tanstack/ai", "@tanstack/ai-anthropic"], ["stop", "faulty-log"]),
  peer("assistant-stream", "assistant-stream", ["assistant-stream", "redis"], ["processes", "redis", "faulty-log"]),
  peer(
    "ai",
    "AI SDK with resumable-stream",
    ["ai", "@ai-sdk/anthropic", "resumable-stream", "redis"],
    ["processes", "redis", "faulty-log"],
  ),
];

/** The version of a package that a column uses. */
export function version(name, client) {
  if (name === "millrace") return versionIn(new URL("package.json", root));
  return versionIn(new URL(`node_modules/${name}/package.json`, isOurs(client) ? root : peers));
}

const versionIn = (file) => JSON.parse(readFileSync(file, "utf8")).version;
