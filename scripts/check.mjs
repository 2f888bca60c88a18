// npm run check: all about the code that is not a test. Runs every step, prints what failed, and ends with 1 if any did.
import { execFile } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { install, root } from "./setup.mjs";

install();

// Unlike the repository's own configuration: with no path to the source, and with declarations checked, too.
const asConsumer =
  "--ignoreConfig --noEmit --strict --exactOptionalPropertyTypes --module nodenext --target es2022 --types node " +
  "--lib es2022,dom";

const apis = ["anthropic", "openai", "openai-chat"];
const entries = [
  "index",
  ...apis.flatMap((api) => [api, `${api}-structured`]),
  "browser",
  "context",
  "http",
  "json",
  "mcp",
  "resume",
  "testing",
];
const declarations = entries.map((name) => `dist/${name}.d.ts`);

const inVitest = ["vitest", "run", "--config", "vitest.check.config.ts"];

const ofSource = [
  ["format", "oxfmt", "--check", "."],
  ["lint", "oxlint"],
  ["types", "node_modules/typescript/bin/tsc", "-p", "."],
  ["types (TypeScript 5.9)", "node_modules/typescript-5.9/bin/tsc", "-p", "."],
  ["dead code", "knip"],
  ["prices", "scripts/prices.mjs", "--check"],
  ["API reference", "scripts/api.mjs", "--check"],
];
/** One after another: they pack the package, and unpack the same file. */
const ofPackage = [
  ["build", "tsdown", "--logLevel", "warn"],
  ["package", "publint", "--strict"],
  ["package types are found", "attw", "--pack", ".", "--profile", "esm-only"],
];
const ofBuild = [
  ["package types are whole", "node_modules/typescript/bin/tsc", ...asConsumer.split(" "), ...declarations],
  // As a server has it: the types of Node are enough.
  [
    "package types without those of the DOM",
    "node_modules/typescript/bin/tsc",
    ...asConsumer.replace(",dom", "").split(" "),
    ...declarations.filter((path) => path !== "dist/browser.d.ts"),
  ],
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
/** As many at a time as there are processors, up to two: most of them use one. */
const lanes = Math.min(2, availableParallelism());
await inLanes(ofSource);
for (const step of ofPackage) await check(step);
await inLanes(ofBuild);
if (failed.length > 0) {
  console.log(`Failed: ${failed.join(", ")}.`);
  process.exitCode = 1;
}

async function inLanes(steps) {
  const waiting = [...steps];
  const lane = async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) await check(step);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

async function check([name, command, ...args]) {
  const start = performance.now();
  const { isOk, output, stdout } = await run(command, args);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${isOk ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
  // The figures that a step measures, by its name.
  for (const line of stdout.split("\n")) if (line.startsWith(`${name}: `)) console.log(`       ${line}`);
  if (isOk) return;
  failed.push(name);
  console.log(output);
}

/** Runs a script with this Node, or the command of a development dependency. */
function run(command, args) {
  const isScript = command.includes("/");
  const isWindows = process.platform === "win32";
  const bin = join(root, "node_modules/.bin", isWindows ? `${command}.cmd` : command);
  const [file, given] = isScript ? [process.execPath, [join(root, command), ...args]] : [bin, args];
  return new Promise((resolve) => {
    execFile(file, given, { cwd: root, maxBuffer: 2 ** 26, shell: !isScript && isWindows }, (error, stdout, stderr) => {
      const why = error === null || typeof error.code === "number" ? "" : error.message;
      resolve({ isOk: error === null, stdout, output: [stdout, stderr, why].filter(Boolean).join("\n") });
    });
  });
}
