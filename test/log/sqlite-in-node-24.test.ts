import { execFile } from "node:child_process";
import { isBuiltin } from "node:module";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { fetchRuntime } from "../../runtimes/fetch.mjs";
import { runtimes } from "../../runtimes/runtimes.mjs";

const root = resolve(import.meta.dirname, "../..");
/** For what takes some 20 seconds on an idle machine. */
const LIMIT_MS = 120_000;

// A Node with SQLite runs those tests as they are; elsewhere than on Linux there is no other Node to fetch.
describe.skipIf(isBuiltin("node:sqlite") || process.platform !== "linux" || process.arch !== "x64")("Node 24", () => {
  let program: string;
  beforeAll(() => {
    const node24 = runtimes.find(({ name }) => name === "Node 24");
    if (node24 === undefined) throw new Error("runtimes.mjs has no Node 24.");
    ({ program } = fetchRuntime(node24));
  }, LIMIT_MS);

  it(
    "passes the tests of the log in a file",
    async () => {
      const files = ["test/log/sqlite-log.test.ts", "test/log/sqlite-processes.test.ts"];
      const args = ["node_modules/vitest/vitest.mjs", "run", ...files, "--reporter=json"];
      const { stdout } = await promisify(execFile)(program, args, { cwd: root, maxBuffer: 2 ** 26 }).catch(
        (error) => error,
      );
      const { success, numPassedTests, numPendingTests } = JSON.parse(stdout);
      expect([success, numPassedTests > 20, numPendingTests], stdout).toEqual([true, true, 1]);
    },
    LIMIT_MS,
  );
});
