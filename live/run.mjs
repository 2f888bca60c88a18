// Plays the cases against the API and against a fake server, and tells what did not hold and what differed.
import { client } from "millrace/anthropic";
import { fakeAnthropic } from "millrace/testing";
import { cases } from "./cases.mjs";
import { recorder } from "./recorder.mjs";
import { differences, shapeOf } from "./shape.mjs";

/** Plays all cases. The API's address and credentials are those of the environment. */
export async function tryOut({ model, print = () => {} }) {
  const results = [];
  for (const each of cases) {
    const result = await compare(each, model);
    results.push(result);
    for (const line of linesOf(result)) print(line);
  }
  const cost = results.reduce((sum, result) => sum + result.cost, 0);
  print(`$${cost.toFixed(4)} in all, as far as costs are known.`);
  return results;
}

/** Plays one case, on both sides. */
async function compare(each, model) {
  const atFake = await playedAtFake(each, model);
  const atApi = await played(each, model, {});
  // What was refused is among the failures, or was tried again.
  const answers = atApi.responses.filter(({ status }) => status === 200);
  const found = answers.flatMap((answer, place) => {
    const standIn = atFake.responses[place];
    return standIn === undefined ? [] : differencesOf(answer, standIn, each.rare);
  });
  const failures = [...atApi.failures, ...atFake.failures.map((words) => `at the fake: ${words}`)];
  return { name: each.name, failures, differences: [...new Set(found)], cost: atApi.cost };
}

function differencesOf(answer, standIn, rare) {
  try {
    return differences(shapeOf(answer), shapeOf(standIn), rare);
  } catch (error) {
    return [`the API's response cannot be read: ${error.message}`];
  }
}

async function playedAtFake(each, model) {
  const server = await fakeAnthropic({ replies: each.replies, models: [model], pace: 1 });
  try {
    return await played(each, model, { apiKey: "any", baseURL: server.url });
  } finally {
    await server.close();
  }
}

/** What a case found, what it cost, and the responses that it recorded. */
async function played(each, model, options) {
  const { fetch, responses } = recorder();
  const failures = [];
  let cost = 0;
  const check = (words, holds) => void (holds || failures.push(`it does not hold that ${words}`));
  const paid = (stream) => void (cost += stream.cost ?? 0);
  try {
    const [recorded, plain] = [client({ ...options, fetch }), client(options)];
    await each.play({ model, recorded, plain, check, paid });
  } catch (error) {
    failures.push(`${error.name}: ${error.message}`);
  }
  return { failures, cost, responses: await responses() };
}

function linesOf({ name, failures, differences: found }) {
  const holds = failures.length === 0 ? "holds" : "does not hold";
  const count = found.length === 0 ? "no difference" : `${found.length} difference${found.length === 1 ? "" : "s"}`;
  return [`${name}: ${holds}, ${count}`, ...[...failures, ...found].map((line) => `  ${line}`)];
}
