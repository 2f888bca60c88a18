import { resolve } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const TOOLS = 50;
/** Beyond what the schemas alone take when their types are used. */
const LIMIT = 25_000;

const each = (line: (n: number) => string): string => Array.from({ length: TOOLS }, (_, n) => line(n)).join("\n");

const schemas = `import * as z from "zod";
${each(
  (n) => `const schema${n} = z.object({
    title: z.string().describe("The title."), count: z.number().optional(), genre: z.enum(["rock", "jazz"]),
    author: z.object({ first: z.string(), last: z.string() }), flag${n}: z.boolean() });
  export const of${n} = (value: z.infer<typeof schema${n}>) => value.author.first;`,
)}`;

const tools = `${schemas}
import { call } from "./src/providers/anthropic/index.ts";
import { tool } from "./src/index.ts";
${each(
  (n) => `const tool${n} = tool({ name: "tool${n}", description: "A tool.", input: schema${n},
    call: async ({ title, author }) => ({ title, first: author.first, n: ${n} }) });`,
)}
const ask = call("claude-sonnet-5-5", { stream: true, tools: [${each((n) => `tool${n},`)}] }, (book: string) => book);
for await (const [, tool] of ask("Mistborn")) {
  if (tool?.name === "tool7") { const first: string = (await tool.call()).first; tool.args.flag7 === (first === ""); }
  else if (tool) tool.args.author.first.length;
}`;

const { options } = ts.parseJsonConfigFileContent(
  ts.readConfigFile(`${root}/tsconfig.json`, ts.sys.readFile).config,
  ts.sys,
  root,
);

/** The "Instantiations" of `tsc --extendedDiagnostics`, for this program alone. */
function instantiations(text: string): number {
  const path = `${root}/type-budget.ts`;
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => name === path || fileExists(name);
  host.getSourceFile = (name, language, ...rest) =>
    name === path ? ts.createSourceFile(name, text, language) : getSourceFile(name, language, ...rest);
  const program = ts.createProgram([path], { ...options, noUnusedLocals: false }, host);
  const found = program.getSemanticDiagnostics(program.getSourceFile(path));
  expect(found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"))).toEqual([]);
  return program.getInstantiationCount();
}

test(`${TOOLS} tools take the compiler at most ${LIMIT} instantiations`, { timeout: 120_000 }, () => {
  const above = instantiations(tools) - instantiations(schemas);
  console.log(`type budget: ${above} instantiations for ${TOOLS} tools (limit ${LIMIT})`);
  expect(above).toBeGreaterThan(1_000);
  expect(above).toBeLessThanOrEqual(LIMIT);
});
