import { build } from "esbuild";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";

/** What a bundler keeps of `src/prompt` for a program, minified. */
async function bundle(program: string): Promise<string> {
  const resolveDir = fileURLToPath(new URL("../../src/prompt", import.meta.url));
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir, loader: "ts" },
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    target: "es2022",
  });
  return outputFiles[0]?.text ?? "";
}

const gzipped = (code: string): number => gzipSync(code, { level: 9 }).length;
test("a program without media does not carry what recognises them", async () => {
  const messages = 'import { user, system } from "../neutral-message.ts"; console.log(user("a"), system("b"));';
  const config = 'import { normalizePrompt } from "./dynamic-config.ts"; console.log(normalizePrompt("a"));';
  for (const program of [messages, config]) expect(await bundle(program)).not.toContain("WEBP");
  expect(await bundle('import { image } from "../neutral-message.ts"; console.log(image("a"));')).toContain("WEBP");
});

test("recognising a template does not carry templates", async () => {
  const code = await bundle(
    'import { isPromptTemplate } from "./dynamic-config.ts"; console.log(isPromptTemplate(1));',
  );
  expect(code).not.toContain("MESSAGES");
  expect(code.length).toBeLessThan(200);
});

test("the room is small", async () => {
  const errors = "EmptyPromptError, InvalidOptionError, TemplateError";
  const withErrors = `import { ${errors} } from "../errors.ts"; console.log(${errors});`;
  const base = gzipped(await bundle(withErrors));
  const size = async (program: string): Promise<number> => gzipped(await bundle(withErrors + program)) - base;
  // Templates carry what recognises media, since a format spec may ask for it.
  const template = 'import { promptTemplate } from "../neutral-template.ts"; console.log(promptTemplate("a"));';
  const config = 'import { normalizePrompt } from "./dynamic-config.ts"; console.log(normalizePrompt("a"));';
  expect(await size(template)).toBeLessThan(2900);
  expect(await size(config)).toBeLessThan(550);
});
