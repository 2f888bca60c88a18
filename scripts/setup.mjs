/**
 * Makes a fresh clone ready: installs, and builds what is older than its source. Speaks to stderr only.
 *
 *   node scripts/setup.mjs
 */

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const isWindows = process.platform === "win32";

/** Installs the development dependencies, unless that was done since they last changed. */
export function install() {
  if (modified("node_modules/.package-lock.json") >= modified("package-lock.json")) return;
  // Said here, since npm and the packages would say it each in its own way.
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(`Working on millrace takes Node 20.19 or later, and this is ${process.version}.`);
  }
  // With NODE_ENV=production npm would leave out what the build needs.
  const args = ["ci", "--include=dev", "--loglevel=error", "--no-audit", "--no-fund"];
  run("installing what it is built with (once, some 20 seconds)", () =>
    spawnSync("npm", args, { cwd: root, encoding: "utf8", shell: isWindows }),
  );
}

/** Builds dist/, unless that was done since the source last changed. */
export function build() {
  const inputs = ["package.json", "tsdown.config.ts", "tsconfig.json", "src", ...namesIn("src")];
  if (modified("dist/index.d.ts") >= Math.max(...inputs.map(modified))) return;
  run("building (some 5 seconds)", () => tool("tsdown", ["--logLevel", "warn"]));
}

/** Runs the command of a development dependency, and gives what `spawnSync` gives. */
export function tool(name, args, options) {
  const path = join(root, "node_modules/.bin", isWindows ? `${name}.cmd` : name);
  return spawnSync(path, args, { cwd: root, encoding: "utf8", shell: isWindows, ...options });
}

/** Does a step whose output is of interest only if it fails, which ends this process. */
function run(what, step) {
  process.stderr.write(`millrace: ${what} …\n`);
  const { status, stdout, stderr, error } = step();
  if (status !== 0) fail([stdout, stderr, error?.message, `${what} failed.`].filter(Boolean).join("\n"));
}

function fail(message) {
  process.stderr.write(`millrace: ${message}\n`);
  process.exit(1);
}

/** When a path below the root was last changed; 0 if it does not exist. */
function modified(path) {
  const absolute = join(root, path);
  return existsSync(absolute) ? statSync(absolute).mtimeMs : 0;
}

/** All files and folders in a folder: a folder changes when a file of it is deleted. */
function namesIn(folder) {
  return readdirSync(join(root, folder), { recursive: true }).map((name) => join(folder, name));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  install();
  build();
}
