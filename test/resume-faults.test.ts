import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { expect, it } from "vitest";

const script = resolve(import.meta.dirname, "../scripts/resume-faults.mjs");

/** The whole table takes minutes: `npm run resume-faults`. */
it("plays rows of the table of kept replies, in processes of their own", async () => {
  const args = [script, "--json", "--rows", "reload,after-end", "--clients", "millrace-memory"];
  const stdout = await new Promise<string>((done) => {
    execFile(process.execPath, args, (_error, output, stderr) => done(output || stderr));
  });
  expect(JSON.parse(stdout)).toMatchObject([
    { row: "after-end", pass: true },
    { row: "reload", pass: true },
  ]);
}, 120_000);
