import fc from "fast-check";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, test } from "vitest";
import { promptTemplate } from "../../src/index.ts";

/** Each name has one use, so that no two uses of a name contradict each other. */
const uses: Readonly<Record<string, unknown>> = {
  a: "x",
  b: 1,
  "c:list": ["x"],
  "d:lists": [["x"]],
  "e:text": "x",
  "f:texts": ["x"],
  "g:image(detail=low)": "https://example.com/a.png",
  "h:images": ["https://example.com/a.png"],
  "i:document": "https://example.com/a.pdf",
  "j:audios": ["https://example.com/a.mp3"],
  "k:part": { type: "text", text: "x" },
  "l.m": "x",
  "l.n.o:list": ["x"],
  "p.q.r.s": true,
  "größe-1$": "x",
};
const history = [{ role: "user", content: "x" }];

const layout = fc.constantFrom("", " ", "\n", "\n    ", "\n\t", "\n\n  ");
const prose = fc.constantFrom(
  "Hi",
  "a b",
  "{{",
  "}}",
  "{{}}",
  "{{{{",
  "}}}}",
  ":",
  "my USER:",
  "no MESSAGES:",
  ".",
  "ä",
);
const placeholder = fc
  .constantFrom(...Object.keys(uses), "z:cache_control", ":cache_control(ttl=1h)")
  .map((use) => `{${use}}`);
const bad = fc.constantFrom(
  "{",
  "}",
  "{}",
  "{ }",
  "{a b}",
  "{a..b}",
  "{.a}",
  "{a.}",
  "{a!r}",
  "{a[0]}",
  "{a:lst}",
  "{a:lists }",
  "{:list}",
  "{a:list(detail=low)}",
  "{a:images(detail=lo)}",
  "{a:}}",
  "{:cache_control(ttl=2h)}",
  "{a:cache_control(ttl=1h,type=ephemeral)}",
  '{"a": {"b": 1}}',
  "{a{b}",
  "{a:{b}}",
);
const content = fc.array(
  fc.tuple(layout, fc.oneof({ weight: 2, arbitrary: prose }, { weight: 3, arbitrary: placeholder })),
  {
    maxLength: 8,
  },
);
const join = (pieces: readonly (readonly [string, string])[]): string => `Hi${pieces.flat().join("")}`;
const indentation = fc.constantFrom("", "  ", "\t");
const spoken = fc
  .tuple(indentation, fc.constantFrom("SYSTEM:", "USER:", "ASSISTANT:"), layout, content.map(join))
  .map((pieces) => pieces.join(""));
const spliced = fc
  .tuple(indentation, fc.constant("MESSAGES:"), layout, fc.constant("{history}"), layout)
  .map((pieces) => pieces.join(""));
const template = fc.oneof(
  content.map(join),
  fc
    .array(fc.oneof({ weight: 3, arbitrary: spoken }, { weight: 1, arbitrary: spliced }), {
      minLength: 1,
      maxLength: 4,
    })
    .map((sections) => sections.join("\n")),
);
const badTemplate = fc.tuple(content.map(join), bad, content.map(join)).map((pieces) => pieces.join(""));

/** What the compiler makes of templates: the names of their variables, or the fault it names. */
function compile(templates: readonly string[]): (readonly string[] | string)[] {
  const file = fileURLToPath(new URL("template-agreement.generated.ts", import.meta.url));
  const source = [
    'import type { TemplateVariables, ValidTemplate } from "../../src/neutral-template.ts";',
    ...templates.flatMap((literal, i) => [
      `export type Literal${i} = ${JSON.stringify(literal)};`,
      `export type Valid${i} = ValidTemplate<Literal${i}>;`,
      `export type Variables${i} = TemplateVariables<Literal${i}>;`,
    ]),
  ].join("\n");
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    allowImportingTsExtensions: true,
    types: ["node"],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, source, ts.ScriptTarget.ES2022) : getSourceFile(name, ...rest);
  const program = ts.createProgram([file], options, host);
  const checker = program.getTypeChecker();
  const generated = program.getSourceFile(file);
  expect(program.getSemanticDiagnostics(generated).map(({ messageText }) => messageText)).toEqual([]);
  const types = new Map<string, ts.Type>();
  generated?.forEachChild((node) => {
    if (ts.isTypeAliasDeclaration(node)) types.set(node.name.text, checker.getTypeAtLocation(node));
  });
  return templates.map((literal, i) => {
    const valid = types.get(`Valid${i}`);
    if (valid?.isStringLiteral() && valid.value !== literal) return valid.value;
    return checker
      .getPropertiesOfType(types.get(`Variables${i}`)!)
      .map(({ name }) => name)
      .toSorted();
  });
}

/** What the template needs where it runs: it is given what it says is missing, until nothing is. */
function run(literal: string): readonly string[] | string {
  const variables: Record<string, unknown> = {};
  const names = new Set<string>();
  try {
    const prompt = promptTemplate(literal);
    for (;;) {
      try {
        prompt(variables);
        return [...names].toSorted();
      } catch (error) {
        const missing = /^\{(.*)\}: "(.*)" is missing$/.exec(String((error as Error).message));
        if (!missing) throw error;
        const [, use = ""] = missing;
        const path = use.split(":")[0]!.split(".");
        names.add(path[0]!);
        const last = path.pop()!;
        let owner = variables;
        for (const name of path) owner = (owner[name] ??= {}) as Record<string, unknown>;
        owner[last] = use === "history" ? history : uses[use];
      }
    }
  } catch (error) {
    return (error as Error).message;
  }
}

test("compiler and runtime agree on the variables of any template", { timeout: 60_000 }, () => {
  const templates = fc.sample(template, { seed: 1, numRuns: 50 });
  const ran = templates.map(run);
  expect(compile(templates)).toEqual(ran);
  // The sample is worth something: it has variables, and no faults.
  expect(ran.filter((names) => names.length > 2).length).toBeGreaterThan(15);
  expect(ran.filter((names) => typeof names === "string")).toEqual([]);
});

test("compiler and runtime name the same fault of any bad template", { timeout: 60_000 }, () => {
  const templates = fc.sample(badTemplate, { seed: 2, numRuns: 50 });
  const ran = templates.map(run);
  expect(compile(templates)).toEqual(ran);
  expect(ran.filter((names) => typeof names === "string").length).toBeGreaterThan(30);
});

test("a template of many kilobytes may have hundreds of variables", { timeout: 60_000 }, () => {
  const line = (i: number): string => `Line ${i} is long, and mentions {v${i}}, {{not this}} and {o.p${i}:list}.\n\n`;
  const literal = `SYSTEM:\n${Array.from({ length: 300 }, (_, i) => line(i)).join("")}`;
  expect(literal.length).toBeGreaterThan(15_000);
  expect(compile([literal])).toEqual([["o", ...Array.from({ length: 300 }, (_, i) => `v${i}`)].toSorted()]);
});
