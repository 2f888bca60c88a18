import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(resolve(root, path), "utf8");

describe("the page about errors", () => {
  const rows = [...read("docs/errors.md").matchAll(/^\| `(\w+)` \| `(\w+)` \| .+ \| .+ \|$/gm)];

  it("has a row for each code, with what to do", () => {
    const [, union = ""] = /export type ErrorCode =([^;]*);/.exec(read("src/errors.ts")) ?? [];
    const codes = [...union.matchAll(/"(\w+)"/g)].map(([, code = ""]) => code);
    expect(codes.length).toBeGreaterThan(20);
    expect(rows.map(([, code = ""]) => code).toSorted()).toEqual(codes.toSorted());
  });

  it("names the class that has the code", () => {
    const reference = ["errors", "structured", "recovery", "agent", "anthropic", "json", "mcp", "resume"].map((page) =>
      read(`docs/api/${page}.md`),
    );
    const sections = reference.flatMap((page) => page.split(/^### /m));
    for (const [, code, name = ""] of rows) {
      const section = sections.find((text) => text.startsWith(`${name}\n`)) ?? "";
      expect([name, section.includes(`| \`"${code}"\` |`)]).toEqual([name, true]);
    }
  });
});
