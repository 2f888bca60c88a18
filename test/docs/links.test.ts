import { existsSync, readdirSync, readFileSync } from "node:fs";
import { posix, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };

const root = resolve(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(resolve(root, path), "utf8");

const docs = readdirSync(resolve(root, "docs"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".md"))
  .map((name) => `docs/${name}`);
const examples = readdirSync(resolve(root, "examples")).map((name) => `examples/${name}`);

/** Whether npm packs a file of the repository. */
function isPacked(path: string): boolean {
  const packed = ["README.md", "LICENSE", "package.json", ...packageJson.files];
  return existsSync(resolve(root, path)) && packed.some((entry) => path === entry || path.startsWith(`${entry}/`));
}

/** Where the relative links of a page lead: to a file, and perhaps a heading in it. */
function linksOf(page: string): { readonly path: string; readonly anchor: string | undefined }[] {
  return [...read(page).matchAll(/\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]*))?\)/g)].map(([, to = "", anchor]) => ({
    path: to === "" ? page : posix.join(posix.dirname(page), to),
    anchor,
  }));
}

/** The anchors that GitHub and npm give to the headings of a page, and those that it sets itself. */
function anchorsOf(page: string): readonly string[] {
  const text = read(page);
  const seen = new Map<string, number>();
  const ofHeadings = [...text.matchAll(/^#{1,6} (.*)$/gm)].map(([, heading = ""]) => {
    const anchor = heading
      .toLowerCase()
      .replace(/[^\w\s-]/g, "")
      .replace(/ /g, "-");
    const times = seen.get(anchor) ?? 0;
    seen.set(anchor, times + 1);
    return times === 0 ? anchor : `${anchor}-${times}`;
  });
  return [...ofHeadings, ...[...text.matchAll(/<a id="([^"]*)">/g)].map(([, id = ""]) => id)];
}

describe("links", () => {
  it.each(["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "llms.txt", ...docs])(
    "of %s lead to what is in the package",
    (page) => {
      expect(isPacked(page)).toBe(true);
      for (const { path, anchor } of linksOf(page)) {
        expect([path, isPacked(path)]).toEqual([path, true]);
        if (anchor !== undefined) expect(anchorsOf(path)).toContain(anchor);
      }
    },
  );
});

describe("llms.txt", () => {
  it("names every page of the documentation", () => {
    const named = linksOf("llms.txt").map(({ path }) => path);
    const pages = docs.filter((page) => /^docs\/((migration|internals|servers)\/)?[^/]+$/.test(page));
    expect(pages.filter((page) => !named.includes(page))).toEqual([]);
  });

  it("is packed with the documentation and the examples", () => {
    for (const path of [...docs, ...examples]) expect([path, isPacked(path)]).toEqual([path, true]);
  });
});
