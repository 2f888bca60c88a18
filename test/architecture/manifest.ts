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

/** What may be installed with the package: nothing. A name here needs a reason in docs/internals/dependencies.md. */
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
