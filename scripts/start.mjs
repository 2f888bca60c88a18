// npm start: sets up what is needed, then runs the command; without a key, its demo.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { build, install, root } from "./setup.mjs";

const args = process.argv.slice(2);
const hasKey = Boolean(process.env.ANTHROPIC_API_KEY || process.env.ANTHROPIC_AUTH_TOKEN);
const needsNoKey = args.some(
  (arg) => ["--demo", "--help", "-h", "--version", "-v"].includes(arg) || arg.startsWith("--replay"),
);

install();
build();

const child = spawn(
  process.execPath,
  [join(root, "dist/cli.js"), ...(hasKey || needsNoKey ? [] : ["--demo"]), ...args],
  { stdio: "inherit" },
);
// Ctrl-C reaches the command too: it prints what it has, and this process ends as it does.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => signal === "SIGTERM" && child.kill(signal));
child.on("exit", (code, signal) => {
  process.exitCode = code ?? (signal === "SIGINT" ? 130 : 1);
});
