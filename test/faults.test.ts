import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { expect, it } from "vitest";

interface Result {
  readonly row: string;
  readonly pass: boolean;
  readonly seen: string;
}

/** The millrace column of the fault matrix; the script ends with 1 where a row fails, and prints the results all the same. */
function run(): Promise<Result[]> {
  const script = resolve(import.meta.dirname, "../scripts/faults.mjs");
  return new Promise((done, fail) => {
    execFile(process.execPath, [script, "--json"], { maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      if (stdout === "") fail(error ?? new Error(stderr));
      else done(JSON.parse(stdout) as Result[]);
    });
  });
}

it("stands every fault of the matrix", async () => {
  const results = await run();
  expect(results.length).toBeGreaterThan(45);
  expect(results.filter(({ pass }) => !pass).map(({ row, seen }) => `${row}: ${seen}`)).toEqual([]);
}, 120_000);
