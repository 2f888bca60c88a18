import { fileURLToPath } from "node:url";
import { defineConfig, type UserConfig } from "tsdown";

const entry = {
  index: "src/index.ts",
  anthropic: "src/providers/anthropic/index.ts",
  "anthropic-structured": "src/providers/anthropic/structured.ts",
  browser: "src/browser/index.ts",
  context: "src/neutral-context.ts",
  http: "src/neutral-http.ts",
  json: "src/json/index.ts",
  mcp: "src/neutral-mcp.ts",
  openai: "src/providers/openai/index.ts",
  "openai-structured": "src/providers/openai/structured.ts",
  "openai-chat": "src/providers/openai-chat/index.ts",
  "openai-chat-structured": "src/providers/openai-chat/structured.ts",
  resume: "src/neutral-resume.ts",
  // No entry of the package: a worker's code is a file of its own.
  "sqlite-worker": "src/log/sqlite-worker.ts",
};

const common: UserConfig = {
  platform: "neutral",
  target: "es2022",
  format: "esm",
  outExtensions: () => ({ js: ".js", dts: ".d.ts" }),
  deps: { neverBundle: [/^node:/] },
  // Few files: on Node each costs a millisecond or two to import. Declarations (`.d.ts`) are left where they are, since
  // a group's file ends in `.js`, and they would be lost.
  outputOptions: {
    codeSplitting: {
      groups: [
        {
          // All of the core that a program loads that streams text.
          name: "core",
          test: /src\/(errors|(attempt|call|cost|http|provider|recovery|stream)\/[^.]*|frame\/(?!encode)[^.]*|json\/(depth|object|own|stringify)|prompt\/(base64|common|dynamic)[^.]*|tool\/declared)\.ts$/,
        },
        // A provider, without its entries; first what two share, since a group takes with it whatever else its modules import.
        ...["openai-platform", "anthropic", "openai", "openai-chat"].map((room) => ({
          name: `provider-${room}`,
          test: new RegExp(`src/providers/${room}/(?!index|output|result-part|strict|structured)[^.]*\\.ts$`),
        })),
      ],
    },
    // What docblocks say is in the declarations; a program would read past them at every start.
    comments: { jsdoc: false },
  },
  // Compressed, not minified: a bundler that does less than this one carries less, and stack traces keep their names.
  minify: { compress: true, mangle: false, codegen: false },
};

function platform(name: "node" | "web") {
  const file = fileURLToPath(new URL(`src/http/default-${name}.ts`, import.meta.url));
  return { name: "platform", resolveId: (id: string) => (id === "#platform" ? file : null) };
}

// Once for Node, and once with `fetch` for every other runtime: the `exports` of package.json choose. Choosing inside,
// through `imports`, would cost Node a fifth of the time that it takes to import the package.
export default defineConfig([
  {
    ...common,
    entry: {
      ...entry,
      testing: "src/testing/index.ts",
      cli: "src/cli/index.ts",
      "fake-anthropic": "src/testing/command.ts",
      "fake-openai": "src/testing/openai-command.ts",
    },
    plugins: [platform("node")],
    dts: true,
    // The bundler of declarations drops it. Without it, streams are not `AsyncDisposable` for programs with an older `lib`.
    banner: { dts: `/// <reference lib="esnext.disposable" />\n` },
    clean: true,
  },
  { ...common, entry, plugins: [platform("web")], outDir: "dist/web", dts: false, clean: false },
]);
