// Fetches a runtime of runtimes.mjs, once.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const cache = join(dirname(dirname(fileURLToPath(import.meta.url))), "node_modules/.cache/millrace-runtimes");

/** The folder that a runtime is installed in, and its program. Throws if it cannot be fetched. */
export function fetchRuntime(runtime) {
  if (process.platform !== "linux" || process.arch !== "x64") throw new Error("The runtimes are for Linux on x64.");
  const folder = join(cache, runtime.name.toLowerCase().replace(" ", "-"));
  const program = join(folder, "node_modules", runtime.program);
  if (!existsSync(program)) install(runtime, folder);
  if (!existsSync(program)) throw new Error(`${runtime.package} has no ${runtime.program}.`);
  return { folder, program };
}

function install(runtime, folder) {
  process.stderr.write(`millrace: fetching ${runtime.package} (once) …\n`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  const args = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", runtime.package];
  try {
    execFileSync("npm", args, { cwd: folder, stdio: "pipe", encoding: "utf8" });
  } catch (error) {
    throw new Error(error.stderr || error.message, { cause: error });
  }
}
