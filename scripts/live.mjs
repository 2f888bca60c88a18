/**
 * npm run live: tries a key of your own against the API, and prints what differs from the fake server.
 *
 *   ANTHROPIC_API_KEY=… npm run live
 *   ANTHROPIC_API_KEY=… npm run live -- --model claude-sonnet-5-5
 *
 * Eight short requests: less than a cent with the default model. Not for CI, since it costs money and depends on a model.
 */

import { parseArgs } from "node:util";
import { build, install } from "./setup.mjs";

/** The cheapest model that thinks adaptively. */
const MODEL = "claude-haiku-5-5";

const HELP = `Usage: npm run live -- [options]

  --model ID   the model to ask (default ${MODEL})
  --help

Plays four cases against the Messages API: a tool, thinking, a stream stopped early, a cached prompt. Prints what did not
hold, and where the shapes of events, headers and usage differ from those of the fake server. ANTHROPIC_API_KEY is the key
(or ANTHROPIC_AUTH_TOKEN a token), ANTHROPIC_BASE_URL another address. It ends with 1 if something did not hold.`;

const NO_KEY = `Set ANTHROPIC_API_KEY to a key of your own, from https://platform.claude.com/settings/keys:

  ANTHROPIC_API_KEY=… npm run live

It asks ${MODEL} eight short questions, for less than a cent.`;

async function main() {
  const { values } = parseArgs({
    options: { model: { type: "string", default: MODEL }, help: { type: "boolean", default: false } },
  });
  if (values.help) return console.log(HELP);
  const { ANTHROPIC_API_KEY: key, ANTHROPIC_AUTH_TOKEN: token, CI: ci } = process.env;
  if (ci) throw new Error("npm run live costs money and depends on a model: it is not for CI.");
  if (!key && !token) throw new Error(NO_KEY);
  install();
  build();
  const { tryOut } = await import("../live/run.mjs");
  const results = await tryOut({ model: values.model, print: (line) => console.log(line) });
  if (results.some(({ failures }) => failures.length > 0)) process.exitCode = 1;
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
