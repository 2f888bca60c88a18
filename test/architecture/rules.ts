import { builtinModules } from "node:module";
import ts from "typescript";
import type { SourceFile } from "./source-file.ts";

/** From the bottom up. A name is a folder of `src`; `errors` and `index` are files. Those of a line may import each other. */
export const LAYERS = [
  ["errors"],
  ["json", "schema", "cost"],
  ["prompt", "tool", "http", "frame", "log"],
  ["provider"],
  ["attempt"],
  ["recovery"],
  ["stream"],
  ["call"],
  // Above `call`, not below it: a response model is one more option of a call, and programs whose calls have none carry
  // nothing of this room.
  ["structured"],
  ["agent"],
  ["providers", "testing", "resume"],
  ["http-server"],
  ["index", "cli", "browser"],
] as const;

/** The first part of the path below `src`: `stream` for `src/stream/view.ts`. The neutral entry is several files. */
function roomOf(path: string): string {
  const [, room = ""] = path.split("/");
  if (room === "errors.ts") return "errors";
  return /^(index|neutral-[\w-]+)\.ts$/.test(room) ? "index" : room;
}

function layerOf(path: string): number {
  return LAYERS.findIndex((rooms) => (rooms as readonly string[]).includes(roomOf(path)));
}

const isCore = (path: string): boolean => layerOf(path) < LAYERS.findIndex(([room]) => room === "providers");

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

/** A rule about each node of the code, in all files or in some: the first violation in a file. */
function nodeRule(
  check: (node: ts.Node, file: SourceFile) => string | null,
  concerns: (path: string) => boolean = () => true,
): Rule {
  return fileRule((file) => {
    if (!concerns(file.path)) return null;
    for (const node of file.nodes) {
      const violation = check(node, file);
      if (violation !== null) return `line ${lineOf(node.getStart(), file)}: ${violation}`;
    }
    return null;
  });
}

function lineOf(position: number, { tree }: SourceFile): number {
  return tree.getLineAndCharacterOfPosition(position).line + 1;
}

const knownRooms = fileRule(({ path }) =>
  layerOf(path) >= 0 ? null : `"${roomOf(path)}" has no place in the layers (${LAYERS.flat().join(" ")}).`,
);

const importsPointDown = edgeRule((from, to) =>
  layerOf(to) <= layerOf(from) ? null : `imports point down, and "${roomOf(to)}" is above "${roomOf(from)}".`,
);

const coreKnowsNoProvider = edgeRule((from, to) =>
  isCore(from) && roomOf(to) === "providers" ? "the core imports no provider." : null,
);

const providerOf = (path: string): string | null => /^src\/providers\/([^/]+)/.exec(path)?.[1] ?? null;

/** What the two APIs of one platform share: its credentials, errors, limits and prices. It is below both, and no provider. */
const PLATFORM = "openai-platform";

const providersStayApart = edgeRule((from, to) => {
  const [importing, imported] = [providerOf(from), providerOf(to)];
  const meets = importing !== null && imported !== null && importing !== imported && imported !== PLATFORM;
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
 * Type-only imports within a room do not count: the types of a native message, its chunks and its views name each other.
 */
const noCycles: Rule = (files) => {
  const targets = new Map(
    files.map(({ path, imports }) => {
      const counted = imports.filter(({ target, isType }) => !isType || roomOf(target ?? "") !== roomOf(path));
      return [path, counted.map(({ target }) => target)];
    }),
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

const noStarExports = nodeRule((node) =>
  ts.isExportDeclaration(node) && (node.exportClause === undefined || ts.isNamespaceExport(node.exportClause))
    ? "no `export *`: exports are named, so that each is meant."
    : null,
);

const tellingNames = fileRule(({ path }) => {
  const name = path.split("/").find((part) => /^(utils?|helpers?|common|misc|types)(\.ts)?$/.test(part));
  return name === undefined ? null : `"${name}" says nothing: a file is named after its one main export.`;
});

const NODE_ONLY = /^src\/(testing\/|cli\/|neutral-context\.ts$|http\/(default-)?node(-\w+)?\.ts$)/;

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

/**
 * Words of one provider: its names, and what is on its wire alone. The core passes all of these on unread. In snake case,
 * since names in any case are compared so.
 */
const WORD_OF_PROVIDER = new RegExp(
  `(?<![a-z])(${[
    "anthropic|claude|openai|gpt|google|gemini|bedrock|vertex",
    "cache_control|cache_creation|cache_write|ephemeral|ttl",
    "content_block|input_json|message_delta|message_start|message_stop|stop_reason",
    "server_tool|tool_reference|tool_use|web_fetch|web_search",
    "defer_loading|eager_input",
  ].join("|")})(?![a-z])`,
);

/** Words of ours that look like one of them: why an agent stopped, and how long a log keeps a run. */
const OWN_WORDS = ["stopReason", "ttlMs"];

const coreSpeaksNoProvider = nodeRule((node) => {
  const isText = ts.isIdentifier(node) || ts.isPrivateIdentifier(node) || ts.isLiteralExpression(node);
  if (!isText && !ts.isTemplateMiddleOrTemplateTail(node) && !ts.isTemplateHead(node)) return null;
  if (OWN_WORDS.includes(node.text.replace("#", ""))) return null;
  const found = WORD_OF_PROVIDER.exec(snakeCase(node.text));
  return found === null ? null : `"${found[0]}" is a provider's word, and the core knows none.`;
}, isCore);

/** `cache_write5m` for `cacheWrite5m`. */
function snakeCase(text: string): string {
  return text.replace(/([a-z])(?=[A-Z])/g, "$1_").toLowerCase();
}

const LONGEST_BODY = 60;

const shortFunctions = nodeRule((node, file) => {
  if (!ts.isFunctionLike(node) || !("body" in node) || node.body === undefined || !ts.isBlock(node.body)) return null;
  const lines = lineOf(node.body.end, file) - lineOf(node.body.getStart(), file) - 1;
  const what = "a function fits a screen";
  return lines > LONGEST_BODY ? `${what}, ${LONGEST_BODY} lines, and ${nameOf(node)} has ${lines}.` : null;
});

function nameOf(node: ts.SignatureDeclaration | ts.ClassLikeDeclaration): string {
  const owner = node.name === undefined && ts.isVariableDeclaration(node.parent) ? node.parent : node;
  return owner.name === undefined ? "this one" : `"${owner.name.getText()}"`;
}

/** About twenty. */
const MOST_FIELDS = 22;

const smallClasses = nodeRule((node) => {
  if (!ts.isClassLike(node)) return null;
  const fields = node.members.filter(ts.isPropertyDeclaration).length;
  return fields > MOST_FIELDS ? `a class has at most ${MOST_FIELDS} fields, and ${nameOf(node)} has ${fields}.` : null;
});

/** About a dozen. */
const MOST_FILES = 14;

/** A room of the core can be understood alone. */
const smallRooms: Rule = (files) => {
  const rooms = new Map<string, number>();
  for (const { path } of files) if (isCore(path)) rooms.set(roomOf(path), (rooms.get(roomOf(path)) ?? 0) + 1);
  return [...rooms].flatMap(([room, count]) =>
    count > MOST_FILES ? [`src/${room}: a room has at most ${MOST_FILES} files, and this one ${count}.`] : [],
  );
};

/** All rules about source files. */
export const rules: Readonly<Record<string, Rule>> = {
  knownRooms,
  filesExist,
  importsPointDown,
  coreKnowsNoProvider,
  coreSpeaksNoProvider,
  providersStayApart,
  testingStandsAlone,
  providersAreNotTested,
  noCycles,
  noRoomCycles,
  noStarExports,
  tellingNames,
  shortFunctions,
  smallClasses,
  smallRooms,
  runsEverywhere,
  noPackages,
};
