import { resolve } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { type Snippet, snippets } from "./snippet.ts";

const root = resolve(import.meta.dirname, "..");
const programs = snippets();

/** What the compiler says of each, all at once: it reads the library only once. */
function compile(programs: readonly Snippet[], more: ts.CompilerOptions = {}): Map<string, string[]> {
  const files = new Map(programs.map((program) => [program.path, program]));
  const { config } = ts.readConfigFile(resolve(root, "tsconfig.json"), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const host = ts.createCompilerHost({ ...options, noUnusedLocals: false, noUnusedParameters: false });
  const { readFile, fileExists, directoryExists, getSourceFile } = host;
  // A page is the folder of its programs, in which they can import each other.
  host.directoryExists = (path) => /\.md(\/|$)/.test(path) || (directoryExists?.(path) ?? true);
  host.readFile = (path) => files.get(path)?.code ?? readFile(path);
  host.fileExists = (path) => files.has(path) || fileExists(path);
  host.getSourceFile = (path, target, ...rest) => {
    const found = files.get(path);
    return found ? ts.createSourceFile(path, found.code, target) : getSourceFile(path, target, ...rest);
  };
  // Next.js is too large to be installed for one function.
  const paths = {
    ...options.paths,
    "next/server": [resolve(root, "test/docs/next-server.ts")],
    "@/*": [resolve(root, "docs/servers/next.md/*.ts")],
  };
  const program = ts.createProgram(
    [...files.keys()],
    { ...options, paths, noUnusedLocals: false, noUnusedParameters: false, ...more },
    host,
  );
  const problems = new Map<string, string[]>();
  for (const [path, { name }] of files) {
    const source = program.getSourceFile(path);
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    problems.set(
      name,
      found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " ")),
    );
  }
  return problems;
}

describe("snippets of the documentation", () => {
  it("compile", () => {
    const problems = compile(programs);
    console.log(`snippets of the docs: ${problems.size} programs`);
    expect(problems.size).toBeGreaterThan(15);
    expect(Object.fromEntries([...problems].filter(([, found]) => found.length > 0))).toEqual({});
  }, 120_000);

  it("of servers compile with the types of Node alone, without those of the DOM", () => {
    const servers = programs.filter(({ path }) => /docs\/(servers\/|web-servers)/.test(path));
    expect(servers.length).toBeGreaterThan(10);
    const problems = compile(servers, { lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts"] });
    expect(Object.fromEntries([...problems].filter(([, found]) => found.length > 0))).toEqual({});
  }, 120_000);
});
