import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { expect, it } from "vitest";
import { sample } from "./sample.ts";

interface Result {
  readonly row: string;
  readonly client: string;
  readonly pass: boolean;
  readonly seen: string;
  /** The API has no such fault. */
  readonly skipped?: boolean;
}

/** How many of the rows are played in the words of OpenAI's two APIs. */
const ROWS = 8;

/** Millrace's columns of the fault matrix; the script ends with 1 where a row fails, and prints the results all the same. */
function run(...options: string[]): Promise<Result[]> {
  const script = resolve(import.meta.dirname, "../scripts/faults.mjs");
  return new Promise((done, fail) => {
    execFile(process.execPath, [script, "--json", ...options], { maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      if (stdout === "") fail(error ?? new Error(stderr));
      else done(JSON.parse(stdout) as Result[]);
    });
  });
}

const failed = (results: readonly Result[]) =>
  results
    .filter(({ pass, skipped }) => !pass && skipped !== true)
    .map(({ row, client, seen }) => `${row} x ${client}: ${seen}`);

it("stands every fault of the matrix, and a sample of them in the words of OpenAI's two APIs", async () => {
  const results = await run("--api", "anthropic");
  expect(results.length).toBeGreaterThan(60);
  expect(failed(results)).toEqual([]);

  const rows = sample(results, ROWS, "faults").map(({ row }) => row);
  const others = await run("--api", "chat,responses", "--rows", rows.join());
  expect(others.length).toBe(2 * rows.length);
  expect(failed(others)).toEqual([]);
}, 120_000);
