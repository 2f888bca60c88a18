import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { corpusFolder, hasCorpus } from "./corpus.ts";

const root = resolve(import.meta.dirname, "..");
const execute = promisify(execFile);

/** Runs one of the long runs, but shorter, and gives what it says. */
async function run(name: string, ...options: string[]): Promise<string> {
  const env = { ...process.env, MILLRACE_STREAMS: corpusFolder };
  const args = ["--expose-gc", resolve(root, "endurance/run.mjs"), name, ...options];
  const { stdout, stderr } = await execute(process.execPath, args, { cwd: root, env }).catch(
    (failed: { stdout: string; stderr: string }) => failed,
  );
  // Node's warnings, of listeners that pile up, say.
  expect(stderr).toBe("");
  return stdout.trim().split("\n").at(-1) ?? "";
}

// At the same time: each is a process of its own, and most of them wait.
describe.concurrent("in the long run", () => {
  beforeAll(() => execute(process.execPath, [resolve(root, "scripts/setup.mjs")]), 120_000);

  it("nothing is left of streams", { timeout: 120_000 }, async () => {
    expect(await run("leaks", "--count", "120")).toMatch(/^leaks: ok/);
  });

  it("pings, comments and padding take no memory, and limits end what has no end", { timeout: 60_000 }, async () => {
    expect(await run("flood", "--size", "60")).toMatch(/^flood: ok/);
  });

  it.skipIf(!hasCorpus)("changed bytes come to an outcome", { timeout: 120_000 }, async () => {
    expect(await run("fuzz", "--mutations", "1500", "--seed", "7")).toMatch(/^fuzz: ok/);
  });

  it("hundreds of streams with faults come to what was planned", { timeout: 120_000 }, async () => {
    expect(await run("soak", "--seconds", "4", "--streams", "300")).toMatch(/^soak: ok/);
  });

  it("kept runs read the same everywhere, whatever dies", { timeout: 60_000 }, async () => {
    expect(await run("resume", "--runs", "150")).toMatch(/^resume: ok/);
  });
});
