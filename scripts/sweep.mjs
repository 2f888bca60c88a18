/**
 * npm run sweep: cuts and splits every recording at every event and byte, where `npm test` takes a sample of them.
 *
 *   npm run sweep                         some ten minutes
 *   npm run sweep -- test/contract        only files whose paths contain this
 */

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { build, install, root, tool } from "./setup.mjs";

// As in `test/corpus.ts`.
const streams = resolve(root, process.env.MILLRACE_STREAMS ?? "../shared/streams");
if (!existsSync(join(streams, "INDEX.json"))) {
  console.error(`There are no recorded streams at ${streams}, and a sweep is through them. Set MILLRACE_STREAMS.`);
  process.exit(1);
}
install();
build();

const filters = process.argv.slice(2);
const files = sampledFiles().filter((file) => filters.every((filter) => file.includes(filter)));
if (files.length === 0) {
  console.error(`No test that takes samples has ${filters.join(" and ")} in its path.`);
  process.exit(1);
}
console.log(`Sweeping through ${files.length} files, Node ${process.version}, ${availableParallelism()} cores:`);
console.log(files.map((file) => `  ${file}`).join("\n"));

const folder = mkdtempSync(join(tmpdir(), "millrace-sweep-"));
try {
  const results = join(folder, "results.json");
  const start = performance.now();
  const { status } = tool(
    "vitest",
    ["run", "--reporter=verbose", "--reporter=json", `--outputFile.json=${results}`, ...files],
    {
      stdio: "inherit",
      env: { ...process.env, MILLRACE_SWEEP: "1" },
    },
  );
  summarize(JSON.parse(readFileSync(results, "utf8")), performance.now() - start);
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, { recursive: true });
}

/** The test files that take their cases from `test/sample.ts`. */
function sampledFiles() {
  return readdirSync(join(root, "test"), { recursive: true })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => relative(root, join(root, "test", name)))
    .filter((file) => /from "[./]+\/sample\.ts"/.test(readFileSync(join(root, file), "utf8")))
    .toSorted();
}

function summarize({ numPassedTests, numFailedTests, numPendingTests, testResults }, ms) {
  const date = new Date().toISOString().slice(0, 10);
  console.log(`\nSweep of ${date}, Node ${process.version}, ${process.platform}:`);
  for (const { name, startTime, endTime, assertionResults } of testResults) {
    const seconds = ((endTime - startTime) / 1000).toFixed(0);
    const failed = assertionResults.filter(({ status }) => status === "failed").length;
    console.log(`  ${relative(root, name)}: ${assertionResults.length} tests, ${failed} failed, ${seconds} s`);
  }
  // Those that a provider does not have, by its traits.
  const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : "";
  console.log(`${numPassedTests} passed, ${numFailedTests} failed${skipped}, in ${(ms / 60_000).toFixed(1)} min`);
}
