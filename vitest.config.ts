import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string): string => fileURLToPath(new URL(`src/${path}`, import.meta.url));

export default defineConfig({
  resolve: {
    alias: {
      "#platform": source("http/default-node.ts"),
      "millrace/anthropic/structured": source("providers/anthropic/structured.ts"),
      "millrace/anthropic": source("providers/anthropic/index.ts"),
      "millrace/json": source("json/index.ts"),
      "millrace/mcp": source("tool/mcp.ts"),
      "millrace/testing": source("testing/index.ts"),
      millrace: source("index.ts"),
    },
  },
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 30_000,
  },
});
