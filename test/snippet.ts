import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Plugin } from "vitest/config";

const root = resolve(import.meta.dirname, "..");

/** A program in the documentation: a block of code that imports something. */
export interface Snippet {
  /** The page, as in `docs/stream.md 2`, and which of its programs this is. */
  readonly name: string;
  /** Where the program would be if it were a file: in a folder that is named after its page. */
  readonly path: string;
  readonly code: string;
}

/** The pages with snippets: README.md, llms.txt, and all that is in `docs`. */
function pages(): readonly string[] {
  const found = readdirSync(resolve(root, "docs"), { recursive: true, encoding: "utf8" });
  return ["README.md", "llms.txt", ...found.filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`)];
}

/** A program may begin with a comment that is its file's name. Others on its page can import it by that. */
const PROGRAM = /```ts\n((?:\/\/ ([\w./[\]-]+\.ts)\n)?import [^]*?)```/g;

/** All programs in the documentation. */
export function snippets(): readonly Snippet[] {
  return pages().flatMap((page) => {
    const text = readFileSync(resolve(root, page), "utf8");
    return [...text.matchAll(PROGRAM)].map(([, code = "", file], place) => ({
      name: `${page} ${place + 1}`,
      path: resolve(root, page, file ?? `${place + 1}.ts`),
      code,
    }));
  });
}

/** Lets tests import the programs of the documentation by their paths. */
export function snippetPlugin(): Plugin {
  const codes = new Map(snippets().map(({ path, code }) => [path, code]));
  return {
    name: "snippets",
    enforce: "pre",
    resolveId(id, importer) {
      const path = importer !== undefined && codes.has(importer) ? pathOf(id, importer) : id;
      return codes.has(path) ? path : null;
    },
    load: (id) => codes.get(id) ?? null,
  };
}

/** A path that begins with `@/` is below the page, as it is below the folder of a project of Next.js. */
function pathOf(id: string, importer: string): string {
  return id.startsWith("@/") ? importer.replace(/(\.md\/).*/, `$1${id.slice(2)}.ts`) : resolve(importer, "..", id);
}
