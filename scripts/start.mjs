// npm start: sets up what is needed, then runs the command; without a key, its demo.
import { build, install } from "./setup.mjs";

install();
build();

const args = process.argv.slice(2);
const hasKey = Boolean(process.env.ANTHROPIC_API_KEY || process.env.ANTHROPIC_AUTH_TOKEN);
const needsNoKey = args.some((arg) => /^(--demo|--help|-h|--version|-v|--replay(=.*)?)$/.test(arg));
if (!hasKey && !needsNoKey) process.argv.splice(2, 0, "--demo");

// One Ctrl-C comes twice, from the terminal and from npm. The command takes a second one as "end at once", and that is
// for the user to say: what follows the first within half a second is npm's.
const ignore = () => {};
process.on("SIGINT", ignore);
process.once("SIGINT", () => setTimeout(() => process.off("SIGINT", ignore), 500).unref());

// In this process: its input, output, signals and exit code are the command's own.
await import("../dist/cli.js");
