import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { snippetPlugin } from "./test/snippet.ts";

const source = (path: string): string => fileURLToPath(new URL(`src/${path}`, import.meta.url));

/** What samples are drawn by (`test/sample.ts`): another in each run, so that the runs together cover more. */
const seed = process.env["MILLRACE_SEED"] ?? String(Date.now() % 1_000_000);
if (process.env["MILLRACE_SWEEP"] !== "1") process.stderr.write(`Samples by MILLRACE_SEED=${seed}\n`);

export default defineConfig({
  plugins: [snippetPlugin()],
  resolve: {
    alias: {
      "#platform": source("http/default-node.ts"),
      "millrace/anthropic/structured": source("providers/anthropic/structured.ts"),
      "millrace/anthropic": source("providers/anthropic/index.ts"),
      "millrace/browser": source("browser/index.ts"),
      "millrace/context": source("neutral-context.ts"),
      "millrace/openai/chat/structured": source("providers/openai-chat/structured.ts"),
      "millrace/openai/chat": source("providers/openai-chat/index.ts"),
      "millrace/openai/structured": source("providers/openai/structured.ts"),
      "millrace/openai": source("providers/openai/index.ts"),
      "millrace/http": source("neutral-http.ts"),
      "millrace/json": source("json/index.ts"),
      "millrace/mcp": source("neutral-mcp.ts"),
      "millrace/resume": source("neutral-resume.ts"),
      "millrace/testing": source("testing/index.ts"),
      millrace: source("index.ts"),
      "next/server": fileURLToPath(new URL("test/docs/next-server.ts", import.meta.url)),
    },
  },
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: process.env["MILLRACE_SWEEP"] === "1" ? 600_000 : 30_000,
    maxWorkers: 2,
    // Files share the modules that they load: loading them for each file took a quarter of the time.
    isolate: false,
    env: { MILLRACE_SEED: seed },
  },
});
