// npm run api: writes docs/api from the docblocks. With --check it compares, and ends with 1 if they differ.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Application, Converter, ReflectionFlag, ReflectionKind } from "typedoc";
import { PAGES, PREFIX, tidy } from "./api-pages.mjs";
import { root } from "./setup.mjs";

const written = join(root, "docs/api");
const work = join(root, "node_modules/.cache/millrace-api");

const problems = [];
const pages = await generate();
for (const problem of problems) console.log(problem);
if (process.argv.includes("--check")) {
  const old = existsSync(written) ? readdirSync(written) : [];
  const differ = [...new Set([...old, ...pages.keys()])].filter(
    (name) => !pages.has(name) || !old.includes(name) || readFileSync(join(written, name), "utf8") !== pages.get(name),
  );
  if (differ.length > 0) console.log(`docs/api is out of date (${differ.join(", ")}): npm run api`);
  process.exitCode = differ.length + problems.length > 0 ? 1 : 0;
} else {
  rmSync(written, { recursive: true, force: true });
  mkdirSync(written);
  for (const [name, page] of pages) writeFileSync(join(written, name), page);
  process.exitCode = problems.length > 0 ? 1 : 0;
}

/** The pages by the names of their files. */
async function generate() {
  const entryPoints = writeEntries();
  const out = join(work, "out");
  rmSync(out, { recursive: true, force: true });
  const app = await Application.bootstrapWithPlugins({
    entryPoints,
    out,
    tsconfig: join(work, "tsconfig.json"),
    basePath: work,
    plugin: ["typedoc-plugin-markdown"],
    logLevel: "Warn",
    skipErrorChecking: true,
    validation: { notExported: false, invalidLink: true },
    externalPattern: ["**/node_modules/typescript*/**", "**/node_modules/@types/**"],
    excludeInternal: true,
    disableSources: true,
    readme: "none",
    hideGenerator: true,
    hideBreadcrumbs: true,
    hidePageHeader: true,
    outputFileStrategy: "modules",
    sort: ["source-order"],
    groupOrder: [
      "Functions",
      "Variables",
      "Classes",
      "Interfaces",
      "Type Aliases",
      "References",
      "Properties",
      "Methods",
    ],
    useCodeBlocks: true,
    parametersFormat: "table",
    interfacePropertiesFormat: "table",
    classPropertiesFormat: "table",
    typeAliasPropertiesFormat: "table",
    typeDeclarationFormat: "table",
  });
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => simplify(project), -10);
  const project = await app.convert();
  if (project === undefined) throw new Error("typedoc could not read the source.");
  problems.push(...audit(project));
  await app.generateOutputs(project);
  const raw = new Map(readdirSync(out).map((name) => [name, readFileSync(join(out, name), "utf8")]));
  return tidy(raw);
}

/** An entry for typedoc for each page, whose names are those of `src/index.ts` that come from the page's parts of `src`. */
function writeEntries() {
  mkdirSync(work, { recursive: true });
  const exports = new Map(Object.keys(PAGES).map((page) => [page, []]));
  for (const [page, { from }] of Object.entries(PAGES)) {
    if (typeof from === "string") exports.get(page).push(`export * from "../../../src/${from}";`);
  }
  const index = readFileSync(join(root, "src/index.ts"), "utf8");
  for (const [, kind, names, file] of index.matchAll(/^export ((?:type )?)\{([^}]*)\} from "\.\/(.*?)";/gm)) {
    const page = pageOf(file);
    if (page === undefined) throw new Error(`scripts/api.mjs has no page for the names from src/${file}.`);
    exports.get(page).push(`export ${kind}{${names}} from "../../../src/${file}";`);
  }
  const files = [...exports].map(([page, lines]) => {
    const file = join(work, `${PREFIX}${page}.ts`);
    writeFileSync(file, `${lines.join("\n")}\n`);
    return file;
  });
  writeFileSync(join(work, "tsconfig.json"), JSON.stringify({ extends: "../../../tsconfig.json", include: [], files }));
  return files;
}

/** The page that names the longest part of a file's path. */
function pageOf(file) {
  const parts = Object.entries(PAGES).flatMap(([page, { from }]) => [from].flat().map((part) => ({ page, part })));
  const matching = parts.filter(({ part }) => file.startsWith(part));
  return matching.toSorted((a, b) => b.part.length - a.part.length)[0]?.page;
}

/** Leaves out what readers do not need: inherited members that are on another page, constructors, machinery. */
function simplify(project) {
  for (const reflection of Object.values(project.reflections)) {
    const { parent, name, flags } = reflection;
    if (parent === undefined || project.reflections[reflection.id] === undefined) continue;
    // A class that is an interface and a constant is one name to its readers.
    const isTwin =
      reflection.kind === ReflectionKind.Variable &&
      parent.children.some((other) => other !== reflection && other.name === name);
    const isElsewhere = flags.isExternal || (flags.isInherited && reflection.inheritedFrom?.reflection !== undefined);
    if (isTwin || isElsewhere || name.startsWith("~") || reflection.kind === ReflectionKind.Constructor) {
      project.removeReflection(reflection);
      continue;
    }
    if (reflection.kind === ReflectionKind.Accessor) toProperty(reflection);
    flags.setFlag(ReflectionFlag.Readonly, false);
    flags.setFlag(ReflectionFlag.Public, false);
    flags.setFlag(ReflectionFlag.Abstract, false);
    delete reflection.overwrites;
    delete reflection.inheritedFrom;
    delete reflection.implementationOf;
    if (reflection.kind === ReflectionKind.Property) delete reflection.defaultValue;
  }
}

/** Public names without a docblock, functions and classes without an example, members and parameters without a word. */
function audit(project) {
  const names = project.children
    .flatMap((page) => page.children)
    .filter(({ kind }) => kind !== ReflectionKind.Reference);
  return names.flatMap((reflection) => [
    ...(hasExample(reflection) ? [] : [`${reflection.name} has no example.`]),
    ...undescribed(reflection, reflection.name),
    ...(reflection.kind === ReflectionKind.Variable ? [] : (reflection.children ?? [])).flatMap((member) =>
      undescribed(member, `${reflection.name}.${member.name}`),
    ),
  ]);
}

/** Types need no example. */
function hasExample({ kind, comment: own, signatures = [] }) {
  const isValue = [ReflectionKind.Function, ReflectionKind.Variable, ReflectionKind.Class].includes(kind);
  const comments = [own, ...signatures.map(({ comment }) => comment)];
  return !isValue || comments.some((comment) => comment?.getTag("@example") !== undefined);
}

function undescribed(reflection, name) {
  const hasWords = ({ comment }) => comment?.hasVisibleComponent() === true || comment?.blockTags.length > 0;
  // `kind: "reply"` speaks for itself.
  if (reflection.type?.type === "literal") return [];
  if (reflection.signatures === undefined) return hasWords(reflection) ? [] : [`${name} has no docblock.`];
  return reflection.signatures.flatMap((signature) => [
    ...(hasWords(signature) ? [] : [`${name}() has no docblock.`]),
    ...(signature.parameters ?? [])
      .filter((parameter) => !hasWords(parameter))
      .map((parameter) => `${name}() does not say what ${parameter.name} is.`),
  ]);
}

/** A getter is a property to its reader. */
function toProperty(accessor) {
  const { type, comment } = accessor.getSignature;
  accessor.kind = ReflectionKind.Property;
  accessor.type = type;
  accessor.comment ??= comment;
  delete accessor.getSignature;
}
