// Makes a fresh clone ready: installs, and builds what is older than its source. Speaks to stderr only.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const isWindows = process.platform === "win32";

/** Runs a command whose output goes to stderr; ends this process if it fails. */
function run(what, command, args) {
  process.stderr.write(`millrace: ${what} …\n`);
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: "utf8", shell: isWindows });
  if (status === 0) return;
  process.stderr.write(`${stdout}${stderr}\nmillrace: ${what} failed (${command} ${args.join(" ")}).\n`);
  process.exit(1);
}

function modified(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0;
}

function newestIn(folder) {
  return Math.max(...readdirSync(folder, { recursive: true }).map((name) => modified(join(folder, name))));
}

/** Installs the development dependencies, unless that was done since they last changed. */
export function install() {
  if (modified(join(root, "node_modules/.package-lock.json")) >= modified(join(root, "package-lock.json"))) return;
  run("installing", "npm", ["ci", "--loglevel=error", "--no-audit", "--no-fund"]);
}

/** Builds dist/, unless that was done since the source last changed. */
export function build() {
  const inputs = [
    newestIn(join(root, "src")),
    modified(join(root, "package.json")),
    modified(join(root, "tsdown.config.ts")),
  ];
  if (modified(join(root, "dist/index.d.ts")) >= Math.max(...inputs)) return;
  run("building", process.execPath, [join(root, "node_modules/tsdown/dist/run.mjs"), "--logLevel", "warn"]);
}

/** The path of a development dependency's command. */
export function binary(name) {
  return join(root, "node_modules/.bin", isWindows ? `${name}.cmd` : name);
}
