import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { MAJORS } from "./clients.mjs";

const root = fileURLToPath(new URL("../", import.meta.url));
const sources = fileURLToPath(new URL("pages/", import.meta.url));

/** Bundles the pages into a folder, out of the packages of another one and of what millrace has built. */
export async function bundlePages(packages, folder) {
  mkdirSync(folder, { recursive: true });
  const bundle = (source, name, { alias = {}, mode = "production" } = {}) =>
    build({
      entryPoints: [join(sources, source)],
      outfile: join(folder, `${name}.js`),
      bundle: true,
      minify: true,
      format: "iife",
      platform: "browser",
      jsx: "automatic",
      tsconfigRaw: {},
      define: { "process.env.NODE_ENV": JSON.stringify(mode) },
      alias: { "millrace/browser": join(root, "dist/web/browser.js"), ...alias },
      nodePaths: [join(packages, "node_modules")],
      logLevel: "error",
    });
  await Promise.all([
    bundle("reply.js", "reply"),
    // Only then does React mount each component twice.
    bundle("hook.jsx", "hook", { mode: "development" }),
    ...MAJORS.map((major) =>
      bundle("chat.jsx", `chat-${major}`, {
        alias: { "@ai-sdk/react": `@ai-sdk/react-${major}`, ai: `ai-${major}` },
      }),
    ),
  ]);
}
