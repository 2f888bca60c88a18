// The chat server of a page of the documentation, on its runtime.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as passed } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build as bundle } from "esbuild";
import { Redis } from "ioredis";
import { freePort } from "../scripts/free-port.mjs";
import { startRedis } from "../scripts/redis.mjs";
import { serveUpstash } from "../scripts/upstash.mjs";
import { workerServerConfig } from "./runtimes.mjs";
import { visit } from "./visitor.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const START_LIMIT_MS = 20_000;

/**
 * Starts it, and plays what a page asks. Gives what became of each check.
 *
 * @param installed - The folder that has the package. It is below `node_modules`, where no TypeScript may be.
 */
export async function chat(runtime, installed, program, provider) {
  const folder = mkdtempSync(join(tmpdir(), "millrace-chat-"));
  cpSync(join(installed, "package.json"), join(folder, "package.json"));
  symlinkSync(join(installed, "node_modules"), join(folder, "node_modules"));
  const upstash = runtime.needsUpstash ? await startUpstash() : null;
  try {
    const port = await freePort();
    const variables = {
      ANTHROPIC_API_KEY: "sk-ant-smoke",
      ANTHROPIC_BASE_URL: `${provider}/chat`,
      PORT: `${port}`,
      ...(upstash && { UPSTASH_REDIS_REST_URL: upstash.url, UPSTASH_REDIS_REST_TOKEN: "token" }),
    };
    await write(runtime, folder, variables);
    const url = `http://127.0.0.1:${port}/api/chat`;
    return await serving({ program, args: runtime.serve(port), folder, variables }, url, () =>
      visit({ url, provider }),
    );
  } finally {
    await upstash?.stop();
    rmSync(folder, { recursive: true });
  }
}

async function write(runtime, folder, variables) {
  const [, name, code] = /```ts\n\/\/ ([\w.]+)\n([^]*?)```/.exec(
    readFileSync(join(root, `docs/servers/${runtime.page}.md`), "utf8"),
  );
  writeFileSync(join(folder, name), code);
  writeFileSync(join(folder, "chat.mjs"), runtime.server);
  cpSync(join(root, "runtimes/plain.mjs"), join(folder, "plain.mjs"));
  if (!runtime.isBundled) return;
  writeFileSync(join(folder, "chat.capnp"), workerServerConfig(variables));
  await bundle({
    entryPoints: [join(folder, "chat.mjs")],
    outfile: join(folder, "chat.bundle.mjs"),
    bundle: true,
    format: "esm",
    conditions: ["workerd"],
    nodePaths: [join(root, "node_modules")],
    logLevel: "error",
  });
}

/** What `use` gives while the server runs; what the server said, if it does not start. */
async function serving({ program, args, folder, variables }, url, use) {
  const env = { ...process.env, ...variables };
  const server = spawn(program, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  let words = "";
  for (const output of [server.stdout, server.stderr]) output.setEncoding("utf8").on("data", (text) => (words += text));
  const exited = once(server, "exit");
  try {
    const isUp = await Promise.race([answers(url), exited.then(() => false)]);
    if (!isUp) return { "a chat": words || "It does not answer." };
    const results = await use();
    return Object.fromEntries(
      Object.entries(results).map(([name, problem]) => [name, problem && `${problem}\n${words}`]),
    );
  } finally {
    server.kill("SIGKILL");
    await exited;
  }
}

async function answers(url) {
  for (const deadline = Date.now() + START_LIMIT_MS; Date.now() < deadline; await passed(50)) {
    const isUp = await fetch(`${url}/nobody/stream`).then(
      () => true,
      () => false,
    );
    if (isUp) return true;
  }
  return false;
}

/** A Redis with a stand-in for the REST API of Upstash. */
async function startUpstash() {
  const redis = await startRedis();
  const admin = new Redis({ port: redis.port });
  const server = await serveUpstash((command, ...args) => admin.call(command, ...args));
  return {
    url: server.url,
    async stop() {
      await server.close();
      admin.disconnect();
      await redis.stop();
    },
  };
}
