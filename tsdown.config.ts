import { defineConfig } from "tsdown";

export default defineConfig({
  entry: {
    index: "src/index.ts",
    anthropic: "src/providers/anthropic/index.ts",
    "anthropic-structured": "src/providers/anthropic/structured.ts",
    json: "src/json/index.ts",
    mcp: "src/tool/mcp.ts",
    testing: "src/testing/index.ts",
    cli: "src/cli/index.ts",
    "fake-anthropic": "src/testing/command.ts",
    "platform/node": "src/platform/node.ts",
    "platform/web": "src/platform/web.ts",
  },
  platform: "neutral",
  target: "es2022",
  format: "esm",
  outExtensions: () => ({ js: ".js", dts: ".d.ts" }),
  // Resolved where the package is used: each runtime gets its own transport.
  deps: { neverBundle: ["#platform", /^node:/] },
  // Few files: on Node each costs about a millisecond to import. Declarations (`.d.ts`) are left where they are, since
  // a group's file ends in `.js`, and they would be lost.
  outputOptions: {
    codeSplitting: {
      groups: [
        {
          // All that a program loads that streams text from Anthropic, but for the transport.
          name: "core",
          test: /src\/(call|errors|cost|http\/(?!node)|json\/object|prompt|providers\/anthropic\/(?!index|structured|output)|sse|stream\/(?!structured|extract|response-model)|tool\/declared)[^.]*\.ts$/,
        },
      ],
    },
    // What docblocks say is in the declarations; a program would read past them at every start.
    comments: { jsdoc: false },
  },
  // Compressed, not minified: a bundler that does less than this one carries less, and stack traces keep their names.
  minify: { compress: true, mangle: false, codegen: false },
  dts: true,
  clean: true,
});
