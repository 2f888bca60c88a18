// Hostile replies, read in every way: see hostile-case.mjs.
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { agent, MillraceError, tool } from "../dist/index.js";
import { call, client, limiter } from "../dist/anthropic.js";
import { call as structuredCall } from "../dist/anthropic-structured.js";
import { describeFailure, runHostile } from "./hostile-run.mjs";

/** The fake server's own checks of messages, which the package does not export. */
async function fakeChecks() {
  const contents = `
    import { firstProblem } from "./check.ts";
    import { messageChecks } from "./check-messages.ts";
    import { unrestrictedModel } from "./model-rules.ts";
    import { SentBlocks } from "./sent.ts";
    const known = { fields: new Set(), sent: new SentBlocks() };
    const request = { model: unrestrictedModel("any"), version: "2023-06-01", betas: new Set(), ...known };
    export const problemWith = (messages) => firstProblem(messageChecks, { ...request, body: { messages } });`;
  const resolveDir = fileURLToPath(new URL("../src/testing/anthropic", import.meta.url));
  const stdin = { contents, resolveDir, loader: "ts" };
  const { outputFiles } = await build({ stdin, bundle: true, format: "esm", write: false });
  return await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}

/** Many cases wait, for a timer or a connection: a long run plays enough of them at a time to keep the processor busy. */
const WIDTH = 200;

export async function hostile({ cases = 100_000, seed = 1 }, print) {
  const { problemWith } = await fakeChecks();
  const library = { agent, call, client, limiter, MillraceError, problemWith, structuredCall, tool };
  const { done, failure } = await runHostile(library, { seed, cases, width: WIDTH, print });
  if (failure !== null) throw new Error(describeFailure(failure));
  print(`${done} cases from seed ${seed} on`);
}
