// npm run check: all about the code that is not a test. Runs every step, prints what failed, and ends with 1 if any did.
import { install, script, tool } from "./setup.mjs";

install();

// Unlike the repository's own configuration: with no path to the source, and with declarations checked, too.
const asConsumer =
  "--ignoreConfig --noEmit --strict --exactOptionalPropertyTypes --module nodenext --target es2022 --types node " +
  "--lib es2023,dom,dom.iterable,dom.asynciterable,esnext.disposable";

const inVitest = ["vitest", "run", "--config", "vitest.check.config.ts"];

const steps = [
  ["format", "oxfmt", "--check", "."],
  ["lint", "oxlint"],
  ["types", "tsc", "-p", "."],
  ["types (TypeScript 5.9)", "node_modules/typescript-5.9/bin/tsc", "-p", "."],
  ["dead code", "knip"],
  ["prices", "scripts/prices.mjs", "--check"],
  ["build", "tsdown", "--logLevel", "warn"],
  ["package", "publint", "--strict"],
  ["package types are found", "attw", "--pack", ".", "--profile", "esm-only"],
  [
    "package types are whole",
    "tsc",
    ...asConsumer.split(" "),
    ...["index", "anthropic", "anthropic-structured", "json", "mcp", "testing"].map((name) => `dist/${name}.d.ts`),
  ],
  ["snippets of the docs", ...inVitest, "test/docs.check.ts"],
  ["fields that the fake server knows", ...inVitest, "test/testing/sdk-fields.check.ts"],
  ["type budget", ...inVitest, "test/tool/type-budget.check.ts"],
  ["size", ...inVitest, "test/size.check.ts"],
];

const failed = [];
for (const [name, command, ...args] of steps) {
  const start = performance.now();
  const run = command.includes("/") ? script : tool;
  const { status, stdout, stderr, error } = run(command, args, { maxBuffer: 2 ** 26 });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${status === 0 ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
  // The figures that a step measures, by its name.
  for (const line of stdout?.split("\n") ?? []) if (line.startsWith(`${name}: `)) console.log(`       ${line}`);
  if (status === 0) continue;
  failed.push(name);
  console.log([stdout, stderr, error?.message].filter(Boolean).join("\n"));
}
if (failed.length > 0) {
  console.log(`Failed: ${failed.join(", ")}.`);
  process.exitCode = 1;
}
