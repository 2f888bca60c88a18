import { builtinModules } from "node:module";

/** One import of a source file. */
interface Import {
  readonly specifier: string;
  /** The imported file's path, or null for what is not a file of `src`. */
  readonly target: string | null;
  /** Whether it is gone once types are stripped. */
  readonly isType: boolean;
}

/** A source file, as the rules see it. */
export interface SourceFile {
  /** From the root of the repository: `src/stream/stream.ts`. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

/** What `package.json` says that the rules look at. */
export interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly bin?: unknown;
  readonly exports?: unknown;
  readonly imports?: unknown;
}

const IMPORTS = [
  /^(?:import|export)(?<isType>\s+type)?\s[\w\s{},*$]*?\bfrom\s*"(?<specifier>[^"]+)"/gm,
  /^import\s*"(?<specifier>[^"]+)"/gm,
  /\bimport\(\s*"(?<specifier>[^"]+)"/g,
];

/** Reads a source file's imports: type-only, re-exporting and dynamic ones too. */
export function sourceFile(path: string, text: string): SourceFile {
  const code = text.replace(/^\s*\/\*[\s\S]*?\*\//gm, "").replace(/^\s*\/\/.*$/gm, "");
  const imports = IMPORTS.flatMap((pattern) => [...code.matchAll(pattern)]).map(({ groups }) => {
    const specifier = groups?.["specifier"] ?? "";
    return { specifier, target: targetOf(path, specifier), isType: groups?.["isType"] !== undefined };
  });
  return { path, text: code, imports };
}

function targetOf(path: string, specifier: string): string | null {
  if (specifier === "#platform") return "src/http/default-node.ts";
  return specifier.startsWith(".") ? new URL(specifier, `file:///${path}`).pathname.slice(1) : null;
}

/** From the bottom up. A name is a folder of `src`, or a file in it; those of a line may import each other. */
export const LAYERS = [
  ["errors", "frame", "json", "schema", "cost"],
  ["prompt", "tool", "http"],
  ["provider"],
  ["stream"],
  ["call", "agent"],
  ["providers", "testing"],
  ["neutral-call", "index", "cli"],
] as const;

const CORE_LAYERS = 5;

/** The first part of the path below `src`: `stream` for `src/stream/view.ts`, `call` for `src/call.ts`. */
function roomOf(path: string): string {
  return (path.split("/")[1] ?? "").replace(/\.ts$/, "");
}

function layerOf(path: string): number {
  return LAYERS.findIndex((rooms) => (rooms as readonly string[]).includes(roomOf(path)));
}

/** The violations, one a line: each names the file and the rule. */
export type Rule = (files: readonly SourceFile[]) => string[];

/** A rule about each import of one file by another. */
function edgeRule(check: (from: string, to: string) => string | null): Rule {
  return (files) =>
    files.flatMap(({ path, imports }) =>
      imports.flatMap(({ target }) => {
        const violation = target === null ? null : check(path, target);
        return violation === null ? [] : [`${path} imports ${target}: ${violation}`];
      }),
    );
}

/** A rule about each file by itself. */
function fileRule(check: (file: SourceFile) => string | null): Rule {
  return (files) =>
    files.flatMap((file) => {
      const violation = check(file);
      return violation === null ? [] : [`${file.path}: ${violation}`];
    });
}

const knownRooms = fileRule(({ path }) =>
  layerOf(path) >= 0 ? null : `"${roomOf(path)}" has no place in the layers (${LAYERS.flat().join(" ")}).`,
);

const importsPointDown = edgeRule((from, to) =>
  layerOf(to) <= layerOf(from) ? null : `imports point down, and "${roomOf(to)}" is above "${roomOf(from)}".`,
);

const coreKnowsNoProvider = edgeRule((from, to) =>
  layerOf(from) < CORE_LAYERS && roomOf(to) === "providers" ? "the core imports no provider." : null,
);

const providerOf = (path: string): string | null => /^src\/providers\/([^/]+)/.exec(path)?.[1] ?? null;

const providersStayApart = edgeRule((from, to) => {
  const [importing, imported] = [providerOf(from), providerOf(to)];
  const meets = importing !== null && imported !== null && importing !== imported;
  return meets ? "providers import no other provider." : null;
});

const testingStandsAlone = edgeRule((from, to) => {
  const allowed = /^src\/(testing\/|frame\/|errors\.ts$|providers\/[^/]+\/wire\.ts$)/;
  return roomOf(from) === "testing" && !allowed.test(to)
    ? "testing imports errors, frame and wire types alone, since it is what the rest is tested against."
    : null;
});

const providersAreNotTested = edgeRule((from, to) =>
  roomOf(from) === "providers" && roomOf(to) === "testing" ? "providers do not import testing." : null,
);

const filesExist: Rule = (files) => {
  const paths = new Set(files.map(({ path }) => path));
  return edgeRule((_, to) => (paths.has(to) ? null : "there is no such file."))(files);
};

/**
 * Type-only imports do not count: the types of a native message, its chunks and its views name each other. Those
 * between rooms do, by {@link noRoomCycles}.
 */
const noCycles: Rule = (files) => {
  const targets = new Map(
    files.map(({ path, imports }) => [path, imports.filter(({ isType }) => !isType).map(({ target }) => target)]),
  );
  return cyclesIn(targets).map(
    (cycle) => `${cycle[0]}: files do not import each other in a circle: ${cycle.join(" > ")}`,
  );
};

/** Rooms, too, have an order: within a layer, no two import each other. */
const noRoomCycles: Rule = (files) => {
  const targets = new Map<string, string[]>();
  for (const { path, imports } of files) {
    const room = roomOf(path);
    const others = imports.flatMap(({ target }) =>
      target === null || roomOf(target) === room ? [] : [roomOf(target)],
    );
    targets.set(room, [...(targets.get(room) ?? []), ...others]);
  }
  return cyclesIn(targets).map((cycle) => `src/${cycle[0]}: rooms do not import each other: ${cycle.join(" > ")}`);
};

function cyclesIn(targets: ReadonlyMap<string, readonly (string | null)[]>): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const visit = (node: string, path: readonly string[]): void => {
    const at = path.indexOf(node);
    if (at >= 0) cycles.push([...path.slice(at), node]);
    if (at >= 0 || done.has(node)) return;
    for (const target of targets.get(node) ?? []) if (target !== null) visit(target, [...path, node]);
    done.add(node);
  };
  for (const node of targets.keys()) visit(node, []);
  return cycles;
}

const LONGEST = 300;

/** Takes the text as it is, comments included. */
export function longFiles(files: readonly { readonly path: string; readonly text: string }[]): string[] {
  return files.flatMap(({ path, text }) => {
    const lines = text.replace(/\n$/, "").split("\n").length;
    return lines > LONGEST ? [`${path}: a file has at most ${LONGEST} lines, and this one ${lines}.`] : [];
  });
}

const noStarExports = fileRule(({ text }) =>
  /^export\s+(?:type\s+)?\*/m.test(text) ? "no `export *`: exports are named, so that each is meant." : null,
);

const tellingNames = fileRule(({ path }) => {
  const name = path.split("/").find((part) => /^(utils?|helpers?|common|misc|types)(\.ts)?$/.test(part));
  return name === undefined ? null : `"${name}" says nothing: a file is named after its one main export.`;
});

const NODE_ONLY = /^src\/(testing\/|cli\/|http\/(default-)?node(-\w+)?\.ts$)/;

const isBuiltin = (specifier: string): boolean =>
  specifier.startsWith("node:") || builtinModules.includes(specifier.split("/")[0] ?? "");

const runsEverywhere = fileRule(({ path, imports }) => {
  const builtin = NODE_ONLY.test(path) ? undefined : imports.find(({ specifier }) => isBuiltin(specifier));
  return builtin === undefined ? null : `runs in browsers too, and so imports no "${builtin.specifier}".`;
});

const noPackages = fileRule(({ imports }) => {
  const found = imports.find(({ specifier, target }) => target === null && !isBuiltin(specifier));
  return found === undefined ? null : `the package has no dependencies, and so imports no "${found.specifier}".`;
});

/** All rules about source files. */
export const rules: Readonly<Record<string, Rule>> = {
  knownRooms,
  filesExist,
  importsPointDown,
  coreKnowsNoProvider,
  providersStayApart,
  testingStandsAlone,
  providersAreNotTested,
  noCycles,
  noRoomCycles,
  noStarExports,
  tellingNames,
  runsEverywhere,
  noPackages,
};

/** What may be installed with the package: nothing. A name here needs a reason in docs/dependencies.md. */
const RUNTIME_DEPENDENCIES: readonly string[] = [];

/** Whoever installs the package installs nothing else: peers, too, may only be optional. */
export function dependencies(manifest: Manifest): string[] {
  const { peerDependencies = {}, peerDependenciesMeta: meta = {} } = manifest;
  const peers = Object.keys(peerDependencies).filter((name) => meta[name]?.optional !== true);
  const installed = { ...manifest.dependencies, ...manifest.optionalDependencies };
  return [...Object.keys(installed), ...peers]
    .filter((name) => !RUNTIME_DEPENDENCIES.includes(name))
    .map((name) => `package.json: there are no runtime dependencies, and this is one: ${name}.`);
}

/** What `exports`, `imports` and `bin` name is built. */
export function unbuiltTargets(manifest: Manifest, entries: readonly string[]): string[] {
  const targets = [manifest.exports, manifest.imports, manifest.bin].flatMap(pathsIn);
  return targets
    .filter((target) => target !== "./package.json")
    .filter(
      (target) => !entries.some((entry) => [".js", ".d.ts"].some((ending) => target === `./dist/${entry}${ending}`)),
    )
    .map((target) => `package.json: tsdown.config.ts has no entry that builds ${target}.`);
}

function pathsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(pathsIn) : [];
}
