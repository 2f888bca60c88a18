import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "..");
/** What it may not grow beyond. */
const LIMIT_BYTES = 31_800;
/** What it ought to be. Missed: what guards against hostile servers came on top. */
const GOAL_BYTES = 20_000;

const program = `
  import { call } from "millrace/anthropic";
  const recommend = call("claude-sonnet-5-5", { stream: true }, (genre) => "Recommend a " + genre + " book");
  for await (const [chunk] of recommend("fantasy")) process.stdout.write(chunk.content);
`;

async function bundled(platform: "node" | "browser"): Promise<{ text: string; bytes: number }> {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: root },
    // As a user's program would, from the built package: not through this repository's own paths.
    tsconfigRaw: {},
    bundle: true,
    minify: true,
    platform,
    format: "esm",
    write: false,
  });
  const text = outputFiles[0]?.text ?? "";
  return { text, bytes: gzipSync(text, { level: 9 }).length };
}

describe("a program that streams text", () => {
  // Builds what is missing or older than the source: never measures what was there before.
  beforeAll(() => {
    execFileSync(process.execPath, [resolve(root, "scripts/setup.mjs")], { stdio: "inherit" });
  }, 120_000);

  it(`bundles to ${LIMIT_BYTES} bytes gzipped or less`, async () => {
    const { text, bytes } = await bundled("node");
    console.log(`size: ${bytes} bytes gzipped, ${text.length} minified (limit ${LIMIT_BYTES}, goal ${GOAL_BYTES})`);
    expect(text).toContain("node:http");
    expect(bytes).toBeGreaterThan(4_000);
    expect(bytes).toBeLessThanOrEqual(LIMIT_BYTES);
  });

  it("holds nothing of Node in a browser", async () => {
    const { text, bytes } = await bundled("browser");
    expect(text).not.toMatch(/["']node:/);
    expect(bytes).toBeLessThanOrEqual(LIMIT_BYTES);
  });
});
