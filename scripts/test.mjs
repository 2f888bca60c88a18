// npm test: sets up what is needed, then runs the tests once. Arguments go to vitest.
import { build, install, tool } from "./setup.mjs";

install();
build();
process.exitCode = tool("vitest", ["run", ...process.argv.slice(2)], { stdio: "inherit" }).status ?? 1;
