import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import buildConfig from "../tsdown.config.ts";
import { dependencies, type Manifest, unbuiltTargets } from "./architecture/manifest.ts";
import { LAYERS, rules } from "./architecture/rules.ts";
import { type SourceFile, sourceFile } from "./architecture/source-file.ts";

const root = new URL("../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");

const files = readdirSync(new URL("src", root), { recursive: true, encoding: "utf8" })
  .map((name) => `src/${name.replaceAll("\\", "/")}`)
  .filter((path) => path.endsWith(".ts"))
  .map((path) => sourceFile(path, read(path)));
const manifest = JSON.parse(read("package.json")) as Manifest;
/** What is built, by its path in `dist` without an ending, and out of what. */
const entries = Object.fromEntries(
  buildConfig.flatMap(({ entry, outDir = "dist" }) =>
    Object.entries(entry as Record<string, string>).map(([name, path]) => [`${outDir}/${name}`.slice(5), path]),
  ),
);

describe("the source", () => {
  it("was read", () => {
    expect(files.length).toBeGreaterThan(60);
    expect(files.flatMap(({ imports }) => imports).length).toBeGreaterThan(200);
  });

  it.each(Object.keys(rules))("keeps the rule %s", (name) => {
    expect(rules[name]?.(files)).toEqual([]);
  });
});

describe("the package", () => {
  it("has no runtime dependencies", () => {
    expect(dependencies(manifest)).toEqual([]);
  });

  it("builds all that it names, from files that exist", () => {
    expect(unbuiltTargets(manifest, Object.keys(entries))).toEqual([]);
    expect(Object.values(entries).filter((path) => !existsSync(new URL(path, root)))).toEqual([]);
  });

  it.each(["workerd", "edge-light", "browser", "bun", "deno"])(
    "gives %s its build, though it says it is Node",
    (name) => {
      const builds = Object.values(manifest.exports ?? {}).filter(
        (entry) => typeof entry === "object" && name in entry,
      );
      expect(builds.length).toBe(13);
      for (const build of builds) {
        const chosen = Object.entries(build).find(([condition]) => [name, "node", "default"].includes(condition));
        expect(chosen?.[1]).toMatch(/^\.\/dist\/web\//);
      }
    },
  );
});

/** Each rule on a source that breaks it: what it must say. */
const violations: readonly (readonly [rule: string, source: Readonly<Record<string, string>>, says: RegExp])[] = [
  ["knownRooms", { "src/robot/robot.ts": "" }, /^src\/robot\/robot\.ts: "robot" has no place/],
  ["knownRooms", { "src/call.ts": "" }, /^src\/call\.ts: "call\.ts" has no place/],
  [
    "filesExist",
    { "src/call/call.ts": 'import "./nowhere.ts";' },
    /^src\/call\/call\.ts imports src\/call\/nowhere\.ts: there is no/,
  ],
  [
    "importsPointDown",
    { "src/frame/sse-reader.ts": 'import type { Stream } from "../stream/stream.ts";' },
    /^src\/frame\/sse-reader\.ts imports src\/stream\/stream\.ts: imports point down, and "stream" is above "frame"/,
  ],
  [
    "importsPointDown",
    { "src/provider/provider.ts": 'export { call } from "../call/call.ts";' },
    /^src\/provider\/provider\.ts imports src\/call\/call\.ts: imports point down/,
  ],
  [
    "importsPointDown",
    { "src/json/object.ts": 'import { defaultTransport } from "#platform";' },
    /"http" is above "json"/,
  ],
  [
    "importsPointDown",
    { "src/attempt/attempt.ts": 'const reply: import("../recovery/reply.ts").Reply | null = null;' },
    /"recovery" is above "attempt"/,
  ],
  [
    "importsPointDown",
    { "src/providers/anthropic/encode.ts": 'import type { TextPart } from "../../neutral-message.ts";' },
    /"index" is above "providers"/,
  ],
  [
    "coreKnowsNoProvider",
    { "src/call/call.ts": 'const load = () => import("../providers/anthropic/index.ts");' },
    /^src\/call\/call\.ts imports src\/providers\/anthropic\/index\.ts: the core imports no provider/,
  ],
  [
    "coreSpeaksNoProvider",
    { "src/prompt/message.ts": "// anthropic\nexport interface PartOptions {\n  readonly cacheControl?: object;\n}" },
    /^src\/prompt\/message\.ts: line 3: "cache_control" is a provider's word/,
  ],
  ["coreSpeaksNoProvider", { "src/cost/price.ts": "const KINDS = ['cacheWrite5m'];" }, /"cache_write" is a provider's/],
  ["coreSpeaksNoProvider", { "src/stream/view.ts": "const id = `claude-${name}`;" }, /"claude" is a provider's/],
  ["coreSpeaksNoProvider", { "src/http/client.ts": "const OPEN = /^x-anthropic-/;" }, /"anthropic" is a provider's/],
  ["coreSpeaksNoProvider", { "src/attempt/attempt.ts": "class A { #ttl = 1; }" }, /"ttl" is a provider's/],
  [
    "providersStayApart",
    { "src/providers/openai/encode.ts": 'import {\n  encode,\n} from "../anthropic/encode.ts";' },
    /^src\/providers\/openai\/encode\.ts imports .*: providers import no other provider/,
  ],
  [
    "testingStandsAlone",
    { "src/testing/index.ts": 'import { tryParse } from "../json/object.ts";' },
    /^src\/testing\/index\.ts imports src\/json\/object\.ts: testing imports/,
  ],
  [
    "testingStandsAlone",
    { "src/testing/anthropic/part.ts": 'import { call } from "../../providers/anthropic/call.ts";' },
    /testing imports errors, frame and wire types alone/,
  ],
  [
    "providersAreNotTested",
    { "src/providers/anthropic/call.ts": 'import { demoReply } from "../../testing/demo.ts";' },
    /^src\/providers\/anthropic\/call\.ts imports .*: providers do not import testing/,
  ],
  [
    "noCycles",
    {
      "src/frame/a.ts": 'import { b } from "./b.ts";',
      "src/frame/b.ts": 'import { type C, c } from "./c.ts";',
      "src/frame/c.ts": 'export { a } from "./a.ts";',
    },
    /circle: src\/frame\/a\.ts > src\/frame\/b\.ts > src\/frame\/c\.ts > src\/frame\/a\.ts$/,
  ],
  [
    "noRoomCycles",
    { "src/frame/a.ts": 'import "../json/b.ts";', "src/json/c.ts": 'import type { D } from "../frame/d.ts";' },
    /^src\/frame: rooms do not import each other: frame > json > frame$/,
  ],
  ["noStarExports", { "src/index.ts": 'export * from "./errors.ts";' }, /^src\/index\.ts: line 1: no `export \*`/],
  ["noStarExports", { "src/index.ts": 'export type * as errors from "./errors.ts";' }, /no `export \*`/],
  ["tellingNames", { "src/frame/utils.ts": "" }, /^src\/frame\/utils\.ts: "utils\.ts" says nothing/],
  ["tellingNames", { "src/common/bytes.ts": "" }, /"common" says nothing/],
  ["tellingNames", { "src/providers/anthropic/types.ts": "" }, /"types\.ts" says nothing/],
  [
    "shortFunctions",
    { "src/providers/anthropic/encode.ts": `const encode = () => {${"\n// Something.".repeat(61)}\n};` },
    /^src\/providers\/anthropic\/encode\.ts: line 1: a function fits a screen, 60 lines, and "encode" has 61/,
  ],
  [
    "shortFunctions",
    { "src/frame/run.ts": `class Run {\n  get #last() {${"\n;".repeat(80)}\n  }\n}` },
    /^src\/frame\/run\.ts: line 2: .* "#last" has 80/,
  ],
  [
    "smallClasses",
    { "src/stream/view.ts": `export class View {${"\n  #a = 1; b = 2; static c = 3;".repeat(8)} }` },
    /^src\/stream\/view\.ts: line 1: a class has at most 22 fields, and "View" has 24/,
  ],
  [
    "smallRooms",
    Object.fromEntries(Array.from({ length: 15 }, (_, n) => [`src/frame/part-${n}.ts`, ""])),
    /^src\/frame: a room has at most 14 files, and this one 15/,
  ],
  ["runsEverywhere", { "src/http/fetch.ts": 'import * as http from "node:http";' }, /imports no "node:http"/],
  [
    "runsEverywhere",
    { "src/http/default-web.ts": 'await import("fs/promises");' },
    /^src\/http\/default-web\.ts: .*"fs/,
  ],
  ["noPackages", { "src/tool/tool.ts": 'import * as z from "zod";' }, /^src\/tool\/tool\.ts: .* imports no "zod"/],
];

const sourceOf = (source: Readonly<Record<string, string>>): SourceFile[] =>
  Object.entries(source).map(([path, text]) => sourceFile(path, text));

describe("each rule can fail", () => {
  it.each(violations)("%s: %o", (rule, source, says) => {
    const found = rules[rule]?.(sourceOf(source)) ?? [];
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(says);
  });

  it("and each is in that list", () => {
    expect([...new Set(violations.map(([rule]) => rule))].toSorted()).toEqual(Object.keys(rules).toSorted());
  });

  it("a dependency", () => {
    const zod = { zod: "4" };
    const found = [expect.stringMatching(/^package\.json: .*zod/)];
    expect(dependencies({ dependencies: zod })).toEqual(found);
    expect(dependencies({ optionalDependencies: zod })).toEqual(found);
    expect(dependencies({ peerDependencies: zod })).toEqual(found);
    expect(dependencies({ peerDependencies: zod, peerDependenciesMeta: { zod: { optional: true } } })).toEqual([]);
  });

  it("an export that nothing builds", () => {
    const found = { exports: { ".": { types: "./dist/index.d.ts", default: "./dist/main.js" } }, bin: "./dist/cli.js" };
    expect(unbuiltTargets(found, ["index"])).toEqual([
      "package.json: tsdown.config.ts has no entry that builds ./dist/main.js.",
      "package.json: tsdown.config.ts has no entry that builds ./dist/cli.js.",
    ]);
  });
});

describe("what the rules let pass", () => {
  it("imports downwards, within a layer, and in examples of docblocks", () => {
    const source = sourceOf({
      "src/call/call.ts":
        '/**\n * ```ts\nimport { z } from "zod";\n * ```\n */\nimport { a } from "../stream/a.ts";\n// import "node:fs"; claude',
      "src/stream/a.ts": 'import type { Body } from "../http/body.ts";',
      "src/http/body.ts": 'import { join } from "../frame/bytes.ts";\nexport const from = "zod";',
      "src/frame/bytes.ts": 'import type { Text } from "./text.ts";\nexport class Bytes { settle(signatures) {} }',
      "src/frame/text.ts": 'import { Bytes } from "./bytes.ts";',
      "src/testing/server.ts":
        'import * as http from "node:http";\nimport type { M } from "../providers/anthropic/wire.ts";',
      "src/providers/anthropic/wire.ts": "",
    });
    expect(Object.values(rules).flatMap((rule) => rule(source))).toEqual([]);
  });

  it("names a layer once", () => {
    expect(new Set(LAYERS.flat()).size).toBe(LAYERS.flat().length);
  });
});
