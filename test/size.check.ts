import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type Metafile } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "..");
/** What a program ought to be. Missed: what guards against hostile servers came on top. */
const GOAL_BYTES = 22_000;

/** The entries that have a provider's `call`, and what a program that streams text with it may not grow beyond. */
const LIMIT_BYTES = { anthropic: 33_785, openai: 38_660, "openai/chat": 37_910 };
/** The same for `millrace/browser`. */
const PAGE_LIMIT_BYTES = 6_000;
type Entry = keyof typeof LIMIT_BYTES;
const ENTRIES = Object.keys(LIMIT_BYTES) as Entry[];

/** The room of each entry's provider below `src/providers`. */
const ROOMS: Record<Entry, string> = { anthropic: "anthropic", openai: "openai", "openai/chat": "openai-chat" };
/** The room that OpenAI's two APIs share. */
const PLATFORM = "openai-platform";

/** Words that the code of one provider cannot do without, and that no other's has. */
const WORDS: Record<Entry, readonly string[]> = {
  anthropic: ["claude", "content_block", "message_delta", "stop_reason", "x-api-key"],
  openai: ["encrypted_content", "function_call_output", "incomplete_details", "output_index"],
  "openai/chat": ["chat.completion", "finish_reason", "max_completion_tokens", "openrouter", "reasoning_content"],
};

interface Bundle {
  readonly text: string;
  readonly bytes: number;
  /** The rooms of providers that it has code of. */
  readonly rooms: readonly string[];
}

/** A program that streams text, as users bundle it: from the built package, not through this repository's own paths. */
async function bundled(from: string, platform: "node" | "browser", splitting = false): Promise<Bundle[]> {
  const contents = `
    import { call } from "${from}";
    const recommend = call("provider/model", { stream: true }, (genre) => "Recommend a " + genre + " book");
    for await (const [chunk] of recommend("fantasy")) process.stdout.write(chunk.content);
  `;
  return bundledSource(contents, platform, splitting);
}

async function bundledSource(contents: string, platform: "node" | "browser", splitting = false): Promise<Bundle[]> {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: root },
    tsconfigRaw: {},
    bundle: true,
    minify: true,
    platform,
    format: "esm",
    outdir: resolve(root, "out"),
    absWorkingDir: root,
    splitting,
    metafile: true,
    write: false,
  });
  const parts = startedWith(metafile).map((path) => ({
    text: outputFiles.find((file) => file.path === resolve(root, path))?.text ?? "",
    rooms: roomsOf(metafile.outputs[path]),
  }));
  return parts.map((part) => ({ ...part, bytes: gzipSync(part.text, { level: 9 }).length }));
}

/** The files that a program loads before its first line: the first one, and all that those import that are loaded. */
function startedWith({ outputs }: Metafile): string[] {
  const first = Object.keys(outputs).find((path) => outputs[path]?.entryPoint === "<stdin>");
  const paths = new Set(first === undefined ? [] : [first]);
  for (const path of paths) {
    for (const { kind, path: imported } of outputs[path]?.imports ?? []) {
      if (kind === "import-statement" && imported in outputs) paths.add(imported);
    }
  }
  return [...paths];
}

function roomsOf(output: Metafile["outputs"][string] | undefined): string[] {
  const used = Object.entries(output?.inputs ?? {}).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  return used.flatMap(([path]) => /dist\/(?:web\/)?provider-(\S+)-[\w-]{8}\.js$/.exec(path)?.[1] ?? []);
}

describe("a program that streams text", () => {
  // Builds what is missing or older than the source: never measures what was there before.
  beforeAll(() => {
    execFileSync(process.execPath, [resolve(root, "scripts/setup.mjs")], { stdio: "inherit" });
  }, 120_000);

  describe.each(ENTRIES)("with millrace/%s", (entry) => {
    const limit = LIMIT_BYTES[entry];

    it(`bundles to ${limit} bytes gzipped or less`, async () => {
      const [{ text, bytes } = { text: "", bytes: 0 }] = await bundled(`millrace/${entry}`, "node");
      console.log(`size: ${entry} ${bytes} gzipped, ${text.length} minified (limit ${limit}, goal ${GOAL_BYTES})`);
      expect(text).toContain("node:http");
      expect(bytes).toBeGreaterThan(4_000);
      expect(bytes).toBeLessThanOrEqual(limit);
    });

    it("holds nothing of Node in a browser", async () => {
      const [{ text, bytes } = { text: "", bytes: 0 }] = await bundled(`millrace/${entry}`, "browser");
      expect(text).not.toMatch(/["']node:/);
      expect(bytes).toBeLessThanOrEqual(limit);
    });

    it("holds nothing of another provider", async () => {
      const [{ text, rooms } = { text: "", rooms: [] }] = await bundled(`millrace/${entry}`, "node");
      expect(WORDS[entry].filter((word) => !text.includes(word))).toEqual([]);
      const others = ENTRIES.filter((other) => other !== entry).flatMap((other) => WORDS[other]);
      expect(others.filter((word) => text.includes(word))).toEqual([]);
      const shared = entry === "anthropic" ? [] : [PLATFORM];
      expect(rooms.toSorted()).toEqual([ROOMS[entry], ...shared]);
    });
  });

  it(`holds a page's side of a reply in ${PAGE_LIMIT_BYTES} bytes gzipped or less`, async () => {
    const [{ text, bytes } = { text: "", bytes: 0 }] = await bundledSource(
      `export { connect, millraceTransport } from "millrace/browser";`,
      "browser",
    );
    console.log(`size: browser ${bytes} gzipped, ${text.length} minified (limit ${PAGE_LIMIT_BYTES})`);
    expect(bytes).toBeGreaterThan(2_000);
    expect(bytes).toBeLessThanOrEqual(PAGE_LIMIT_BYTES);
  });

  it("loads no provider before its first call, with the neutral `call` and code splitting", async () => {
    const parts = await bundled("millrace", "node", true);
    const [text, bytes] = [parts.map((part) => part.text).join("\n"), parts.reduce((sum, part) => sum + part.bytes, 0)];
    console.log(`size: millrace ${bytes} gzipped in ${parts.length} files, without a provider`);
    expect(text).toContain("node:http");
    expect(parts.flatMap(({ rooms }) => rooms)).toEqual([]);
    // Its own table has the ids of servers, and nothing else of theirs.
    const words = ENTRIES.flatMap((entry) => WORDS[entry]).filter((word) => word !== "openrouter");
    expect(words.filter((word) => text.includes(word))).toEqual([]);
  });
});
