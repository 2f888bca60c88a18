import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRedis } from "../scripts/redis.mjs";
import { LEASE_MS } from "./clients.mjs";
import { startProcess } from "./process.mjs";
import { startProvider } from "./provider.mjs";
import { startProxy } from "../scripts/proxy.mjs";

/** What a play has: a provider, a process that produces, one that reads, and what lies between them. */
export async function openScene(program, client, row) {
  const { words = 120, firstDelayMs, hasTool = false, leaseMs = LEASE_MS, blocks } = row;
  const endings = [];
  const close = async () => {
    for (const end of endings.toReversed()) await end();
  };
  try {
    const provider = await startProvider({ words, firstDelayMs, hasTool });
    endings.push(() => provider.close());
    const folder = mkdtempSync(join(tmpdir(), "millrace-resume-faults-"));
    endings.push(() => rmSync(folder, { recursive: true, force: true }));
    const store = client.abilities.includes("redis") ? await openRedis(endings) : null;
    const settings = {
      ...client.settings,
      baseURL: provider.url,
      leaseMs,
      hasTool,
      file: join(folder, "runs.db"),
      calls: join(folder, "calls"),
      ...(store && { redisUrl: `redis://127.0.0.1:${store.proxy.port}` }),
    };
    const start = async (options = {}) => {
      const started = await startProcess(program, { module: client.module, settings, ...options });
      endings.push(() => started.end());
      return started;
    };
    const producer = await start({ blocks });
    // Without another process that could read, the readers are beside the producer.
    const elsewhere = client.abilities.includes("processes") ? await start() : producer;
    /** How often the tool was called, in all processes. */
    const calls = () => (existsSync(settings.calls) ? readFileSync(settings.calls, "utf8").length : 0);
    return { words, leaseMs, provider, producer, elsewhere, start, store, client, calls, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A Redis behind a proxy. */
async function openRedis(endings) {
  let redis = await startRedis();
  endings.push(() => redis.stop());
  const { port } = redis;
  const proxy = await startProxy(port);
  endings.push(() => proxy.close());
  return {
    proxy,
    /** Ends it, and starts another one that has nothing. */
    async restart() {
      await redis.stop();
      redis = await startRedis([], port);
    },
  };
}
