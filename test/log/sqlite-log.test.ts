import { mkdtempSync, rmSync } from "node:fs";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sqliteLog } from "../../src/log/sqlite-log.ts";
import { logSuite } from "./suite.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-log-"));
logSuite({
  name: "sqliteLog",
  async open() {
    const path = join(folder, "suite.db");
    const log = sqliteLog(path);
    const other = sqliteLog(path, { lockTimeoutMs: 6_000 });
    return { log, other, close: async () => { await log.close(); await other.close(); } };
  },
});
