// What the two tables of faults share (`npm run faults`, `npm run resume-faults`): rows are faults, columns are clients.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";

/** Those of a list whose names were given to an option, or all. */
export function choose(option, given, list, key) {
  if (given === undefined) return list;
  const names = given.split(",");
  const unknown = names.find((name) => !list.some((entry) => entry[key] === name));
  if (unknown !== undefined) throw new Error(`--${option} ${unknown}: there is no such one. See --help.`);
  return list.filter((entry) => names.includes(entry[key]));
}

/** Installs what is compared, unless that was done since it last changed. @param size - How much that is, in words. */
export function installPeers(folder, size, args = []) {
  const installed = join(folder, "node_modules/.package-lock.json");
  const locked = statSync(join(folder, "package-lock.json")).mtimeMs;
  if (existsSync(installed) && statSync(installed).mtimeMs >= locked) return;
  process.stderr.write(`millrace: installing the other clients (once, ${size}) …\n`);
  const all = ["ci", "--ignore-scripts", "--loglevel=error", "--no-audit", "--no-fund", ...args];
  const shell = process.platform === "win32";
  const { status } = spawnSync("npm", all, { cwd: folder, stdio: ["ignore", 2, 2], shell });
  if (status !== 0) throw new Error("The other clients could not be installed.");
}

/** Plays every row with every client, some at a time. */
export async function playAll({ rows, clients }, lanes, play) {
  const results = [];
  const jobs = rows.flatMap((row) => clients.map((client) => ({ row, client })));
  const lane = async () => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) results.push(await play(job));
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return results;
}

/** Ends with 1 if a client of millrace fails a row. */
export function judge(results) {
  if (results.some(({ client, pass, skipped }) => isOurs({ id: client }) && !pass && !skipped)) process.exitCode = 1;
}

export const isOurs = ({ id }) => id.startsWith("millrace");
