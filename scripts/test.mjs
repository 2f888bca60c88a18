// npm test: sets up what is needed, then runs the tests once. Arguments go to vitest.
import { spawnSync } from "node:child_process";
import { binary, build, install, root } from "./setup.mjs";

install();
build();
const { status } = spawnSync(binary("vitest"), ["run", ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
  shell: process.platform === "win32",
});
process.exitCode = status ?? 1;
