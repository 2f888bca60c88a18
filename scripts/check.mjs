// npm run check: everything about the code that is not a test. Runs all steps, then says which failed.
import { spawnSync } from "node:child_process";
import { binary, install, root } from "./setup.mjs";

install();

const steps = [
  ["format", "oxfmt", ["--check", "."]],
  ["lint", "oxlint", []],
  ["types", "tsc", ["-p", "."]],
  ["dead code", "knip", []],
  ["prices", process.execPath, ["scripts/prices.mjs", "--check"]],
  ["build", "tsdown", ["--logLevel", "warn"]],
  ["package", "publint", ["--strict"]],
  ["package types", "attw", ["--pack", ".", "--profile", "esm-only"]],
  ["size", "vitest", ["run", "test/size.test.ts"]],
];

const failed = [];
for (const [name, command, args] of steps) {
  const start = performance.now();
  const path = command === process.execPath ? command : binary(command);
  const { status, stdout, stderr } = spawnSync(path, args, {
    cwd: root,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${status === 0 ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
  if (status === 0) continue;
  failed.push(name);
  console.log(`${stdout}${stderr}`);
}
if (failed.length > 0) {
  console.log(`Failed: ${failed.join(", ")}.`);
  process.exitCode = 1;
}
