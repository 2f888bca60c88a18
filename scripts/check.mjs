// npm run check: all about the code that is not a test. Runs every step, prints what failed, and ends with 1 if any did.
import { install, script, tool } from "./setup.mjs";

install();

// Unlike the repository's own configuration: with no path to the source, and with declarations checked, too.
const asConsumer =
  "--ignoreConfig --noEmit --strict --exactOptionalPropertyTypes --module nodenext --target es2022 --types node " +
  "--lib es2022,dom";

const apis = ["anthropic", "openai", "openai-chat"];
const entries = ["index", ...apis.flatMap((api) => [api, `${api}-structured`]), "context", "json", "mcp", "testing"];
const declarations = entries.map((name) => `dist/${name}.d.ts`);

const inVitest = ["vitest", "run", "--config", "vitest.check.config.ts"];

const steps = [
  ["format", "oxfmt", "--check", "."],
  ["lint", "oxlint"],
  ["types", "node_modules/typescript/bin/tsc", "-p", "."],
  ["types (TypeScript 5.9)", "node_modules/typescript-5.9/bin/tsc", "-p", "."],
  ["dead code", "knip"],
  ["prices", "scripts/prices.mjs", "--check"],
  ["API reference", "scripts/api.mjs", "--check"],
  ["build", "tsdown", "--logLevel", "warn"],
  ["package", "publint", "--strict"],
  ["package types are found", "attw", "--pack", ".", "--profile", "esm-only"],
  ["package types are whole", "node_modules/typescript/bin/tsc", ...asConsumer.split(" "), ...declarations],
  // The oldest one that the types work with.
  [
    "package types (TypeScript 5.4)",
    "node_modules/typescript-5.4/bin/tsc",
    ...asConsumer.split(" ").slice(1),
    ...declarations,
  ],
  ["package in projects", "scripts/projects.mjs"],
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
