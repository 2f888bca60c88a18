import { getEventListeners, setMaxListeners } from "node:events";
import { setTimeout as passed } from "node:timers/promises";
import { Redis as UpstashRedis } from "@upstash/redis";
import { Decoder, GlideClient, GlideClusterClient, Logger } from "@valkey/valkey-glide";
import { Cluster, Redis } from "ioredis";
import { createClient, createCluster, RESP_TYPES } from "redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startProxy } from "../../scripts/proxy.mjs";
import { startRedis, startRedisCluster } from "../../scripts/redis.mjs";
import { InvalidOptionError } from "../../src/errors.ts";
import type { Log, RunKey } from "../../src/log/log.ts";
import type { RedisClient } from "../../src/log/redis-client.ts";
import { redisLog } from "../../src/log/redis-log.ts";
import { answered } from "../../src/log/redis-tail.ts";
import { logSuite } from "./suite.ts";
import { serveUpstash } from "../../scripts/upstash.mjs";

// It would say on stdout that connections are lost.
Logger.setLoggerConfig("off");
// A cluster needs two seconds until it takes commands.
const cluster = startRedisCluster();
const server = await startRedis();
const { port, url } = server;
const admin = new Redis({ port });
const upstash = await serveUpstash((command, ...args) => admin.call(command, ...args));
afterAll(async () => {
  admin.disconnect();
  await upstash.close();
  await server.stop();
  await (await cluster).stop();
});

type Opened = readonly [client: RedisClient, close: () => void];

const openers: Readonly<Record<string, (at?: number) => Promise<Opened>>> = {
  async redis(at = port) {
    const client = createClient({ url: `redis://127.0.0.1:${at}` }).on("error", () => {});
    await client.connect();
    return [client, () => client.destroy()];
  },
  async ioredis(at = port) {
    const client = new Redis({ port: at, keyPrefix: "app:" }).on("error", () => {});
    return [client, () => client.disconnect()];
  },
  async "@valkey/valkey-glide"(at = port) {
    const client = await GlideClient.createClient({
      addresses: [{ host: "127.0.0.1", port: at }],
      requestTimeout: 2_000,
    });
    return [client, () => client.close()];
  },
  async "@upstash/redis"() {
    return [new UpstashRedis({ url: upstash.url, token: "token", enableTelemetry: false }), () => {}];
  },
};

describe("a log by", () => {
  for (const [name, open] of Object.entries(openers)) {
    logSuite({
      name,
      async open() {
        const [[client, close], [second, closeSecond]] = await Promise.all([open(), open()]);
        const [log, other] = [redisLog(client), redisLog(second)];
        return {
          log,
          other,
          async close() {
            await Promise.all([log.close(), other.close()]);
            close();
            closeSecond();
          },
        };
      },
    });
  }
});

const never = new AbortController().signal;
setMaxListeners(0, never);
const lasting = { leaseMs: 60_000, ttlMs: 60_000, replace: false };
let count = 0;
const fresh = (place = `place ${(count += 1)}`): RunKey => ({ place, run: "run" });

/** Reads a run as it is written, to its end. */
async function followed(log: Log, key: RunKey): Promise<string[]> {
  const read: string[] = [];
  for (;;) {
    const page = await log.read(key, read.length).catch(() => null);
    read.push(...(page?.entries ?? []).map(({ data }) => data));
    if (page?.isEnded && page.last === read.length) return read;
    await log.wait(key, { after: read.length, stop: true }, never);
  }
}

/** Does it again until it succeeds. */
async function persisted<T>(act: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await act();
    } catch {
      await passed(50);
    }
  }
}

/** How many connections there are of clients with a name. */
const connections = async (name = "counted"): Promise<number> =>
  String(await admin.call("CLIENT", "LIST")).split(` name=${name} `).length - 1;

async function eventually(is: () => Promise<boolean>): Promise<void> {
  while (!(await is())) await passed(20);
}

describe("a log on Redis", () => {
  let log: ReturnType<typeof redisLog>;
  let close: () => void;
  beforeAll(async () => {
    const client = createClient({ url, name: "counted" }).on("error", () => {});
    await client.connect();
    log = redisLog(client);
    close = () => client.destroy();
  });
  afterAll(async () => {
    await log.close();
    close();
  });

  it("takes clients of four libraries and refuses anything else", () => {
    for (const client of [null, {}, "redis://127.0.0.1", () => {}, { sendCommand: () => {} }]) {
      const make = (): unknown => redisLog(client as never);
      expect(make).toThrow(InvalidOptionError);
      expect(make).toThrow(/`redis`, `ioredis`, `@upstash\/redis` or `@valkey\/valkey-glide`/);
    }
    expect(() => redisLog(admin, { blocking: {} as never })).toThrow(/Invalid blocking: it must be a client of/);
    expect(() => redisLog(admin, { blocking: admin })).toThrow("Invalid blocking: it must be another client");
  });

  it("waits for 500 runs on one connection, which it closes when nobody waits any more", async () => {
    const keys = Array.from({ length: 500 }, () => fresh());
    await Promise.all(keys.map((key) => log.begin(key, { token: "t", ...lasting })));
    const controller = new AbortController();
    setMaxListeners(0, controller.signal);
    const stops = keys.map((key) => log.wait(key, { after: Infinity, stop: false }, controller.signal));
    const reads = keys.map((key) => followed(log, key));
    for (const [nth, key] of keys.entries()) if (nth % 100 === 0) await log.append(key, "t", 1, ["a"]);
    expect(await connections()).toBe(2);
    await Promise.all(keys.map((key) => persisted(() => log.append(key, "t", 1, ["a"]))));
    await Promise.all(keys.map((key) => log.end(key, "t", 2, "end")));
    expect(await Promise.all(reads)).toEqual(keys.map(() => ["a", "end"]));
    // The end tells those who wait to be stopped.
    await Promise.all(stops);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    expect(await connections()).toBe(2);
    await eventually(async () => (await connections()) === 1);
  });

  it("serves those who come while its connection is blocked for others", async () => {
    const [early, late] = [fresh(), fresh()];
    for (const key of [early, late]) await log.begin(key, { token: "t", ...lasting });
    const controller = new AbortController();
    const blocked = log.wait(early, { after: 0, stop: true }, controller.signal);
    await eventually(async () => String(await admin.call("CLIENT", "LIST")).includes("cmd=xread"));
    const reading = followed(log, late);
    await log.append(late, "t", 1, ["a"]);
    await log.end(late, "t", 2, "end");
    // A read blocks for two seconds.
    expect(await Promise.race([reading, passed(1_000)])).toEqual(["a", "end"]);
    controller.abort();
    await blocked;
  });

  it("leaves a wait at once when its signal aborts, also while Redis is asked", async () => {
    const key = fresh();
    await log.begin(key, { token: "t", ...lasting });
    const controller = new AbortController();
    const left = log.wait(key, { after: 0, stop: true }, controller.signal);
    const stays = log.wait(key, { after: 0, stop: true }, never);
    controller.abort();
    await left;
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    await log.append(key, "t", 1, ["a"]);
    await stays;
    await log.wait(key, { after: 1, stop: true }, controller.signal);
  });

  it("loses nothing when its connections are ended by Redis", async () => {
    const key = fresh();
    await log.begin(key, { token: "t", ...lasting });
    const reading = followed(log, key);
    for (let number = 1; number <= 20; number += 1) {
      if (number % 5 === 0) await admin.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
      await persisted(() => log.append(key, "t", number, [`${number}`]));
    }
    await persisted(() => log.end(key, "t", 21, "end"));
    expect(await reading).toEqual([...Array.from({ length: 20 }, (_, nth) => `${nth + 1}`), "end"]);
  });

  it.concurrent.each(["redis", "ioredis", "@valkey/valkey-glide"])(
    "goes on when nothing gets through for a while, by %s",
    async (name) => {
      const proxy = await startProxy(port);
      const [client, closeClient] = (await openers[name]?.(proxy.port)) ?? [];
      if (client === undefined) throw new Error(`There is no client ${name}.`);
      await using cuttable = redisLog(client);
      const key = fresh();
      await cuttable.begin(key, { token: "t", ...lasting });
      const reading = followed(cuttable, key);
      await cuttable.append(key, "t", 1, ["a"]);
      proxy.cut();
      const appended = persisted(() => cuttable.append(key, "t", 2, ["b"]));
      await passed(500);
      proxy.mend();
      expect(await appended).toEqual({ isHeld: true, stop: null });
      await persisted(() => cuttable.end(key, "t", 3, "end"));
      expect(await reading).toEqual(["a", "b", "end"]);
      closeClient?.();
      await proxy.close();
    },
  );

  it("tells the producer when Redis has lost the run, all of it or its entries", async () => {
    const [flushed, evicted] = [fresh(), fresh()];
    for (const key of [flushed, evicted]) {
      await log.begin(key, { token: "t", ...lasting });
      await log.append(key, "t", 1, ["a"]);
      await (key === flushed ? admin.flushall() : admin.del(`{millrace:${key.place}}:entries:run`));
      expect(await log.append(key, "t", 2, ["b"])).toEqual({ isHeld: false, stop: null });
      expect([await log.end(key, "t", 2, "end"), await log.read(key, 0)]).toEqual([false, null]);
      expect(await log.begin(key, { token: "u", ...lasting })).toBeNull();
      expect(await log.append(key, "u", 1, ["a"])).toEqual({ isHeld: true, stop: null });
    }
  });

  it("sends a script again that Redis has lost", async () => {
    const key = fresh();
    await log.begin(key, { token: "t", ...lasting });
    await log.append(key, "t", 1, ["a"]);
    await admin.script("FLUSH");
    expect(await log.append(key, "t", 2, ["b"])).toMatchObject({ isHeld: true });
  });

  it("takes a lease for lapsed that is valid for longer than it was made for, since the clock was set back", async () => {
    const key = fresh();
    await log.begin(key, { token: "t", ...lasting });
    const runs = `{millrace:${key.place}}:runs`;
    const state = JSON.parse((await admin.hget(runs, "run")) ?? "");
    await admin.hset(runs, "run", JSON.stringify({ ...state, till: state.till + 3_600_000 }));
    expect(await log.read(key, 0)).toMatchObject({ hasLapsed: true });
    expect(await log.take(key, state.beat, { token: "u", leaseMs: 60_000 })).toBe(true);
    expect(await log.read(key, 0)).toMatchObject({ hasLapsed: false });
  });

  it("gives large entries in pages", async () => {
    const key = fresh();
    await log.begin(key, { token: "t", ...lasting });
    const entries = Array.from({ length: 100 }, (_, nth) => `${nth}${"x".repeat(65_536)}`);
    expect(await log.append(key, "t", 1, entries)).toMatchObject({ isHeld: true });
    const read: string[] = [];
    while (read.length < entries.length) {
      const page = (await log.read(key, read.length))?.entries ?? [];
      expect(page.length).toBeLessThan(100);
      read.push(...page.map(({ data }) => data));
    }
    expect(read).toEqual(entries);
  });

  it("asks Redis once for all readers that are woken together", async () => {
    const key = fresh();
    await log.begin(key, { token: "t", ...lasting });
    const readers = Array.from({ length: 100 }, () => followed(log, key));
    await admin.config("RESETSTAT");
    for (const number of [1, 2, 3]) await log.append(key, "t", number, ["a"]);
    await log.end(key, "t", 4, "end");
    for (const read of await Promise.all(readers)) expect(read).toEqual(["a", "a", "a", "end"]);
    const scripts = (await admin.info("commandstats")).matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g);
    expect([...scripts].reduce((sum, [, calls]) => sum + Number(calls), 0)).toBeLessThan(30);
  });

  it("adds to many runs with one command, and a broken one is in the way of none", async () => {
    const keys = Array.from({ length: 60 }, () => fresh());
    await Promise.all(keys.map((key) => log.begin(key, { token: "t", ...lasting })));
    const append = async (number: number): Promise<unknown[]> => {
      const appends = keys.map((key, nth) => log.append(key, nth === 2 ? "stranger" : "t", number, [`${number}`]));
      return Promise.all(appends.map((appending) => appending.catch((error: unknown) => String(error))));
    };
    await admin.config("RESETSTAT");
    const held = { isHeld: true, stop: null };
    expect(await append(1)).toEqual(keys.map((_, nth) => (nth === 2 ? { ...held, isHeld: false } : held)));
    const scripts = (await admin.info("commandstats")).matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g);
    expect([...scripts].reduce((sum, [, calls]) => sum + Number(calls), 0)).toBeLessThan(4);
    const [broken, ...whole] = keys;
    await admin.set(`{millrace:${broken?.place}}:runs`, "another type");
    const [error, ...others] = await append(2);
    expect(error).toMatch(/WRONGTYPE/);
    expect(others).toEqual(whole.map((_, nth) => (nth === 1 ? { ...held, isHeld: false } : held)));
    for (const [nth, key] of whole.entries()) {
      expect((await log.read(key, 0))?.entries.map(({ data }) => data)).toEqual(nth === 1 ? [] : ["1", "2"]);
    }
  });

  it("wakes readers of a place that is removed", async () => {
    const key = fresh();
    await log.begin(key, { token: "t", ...lasting });
    const woken = [
      log.wait(key, { after: 0, stop: true }, never),
      log.wait(key, { after: Infinity, stop: false }, never),
    ];
    await log.remove(key.place);
    await Promise.all(woken);
    expect(await log.read(key, 0)).toBeNull();
  });

  it("understands clients whose replies have other forms", async () => {
    const mapped = { commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.MAP]: Array } } };
    const old = createClient({ url, RESP: 2, ...mapped });
    const current = createClient({ url, ...mapped });
    const legacy = new Redis({ port, protocol: 2, replyMapping: "legacy", stringNumbers: true, commandTimeout: 500 });
    const glide = await GlideClient.createClient({
      addresses: [{ host: "127.0.0.1", port }],
      defaultDecoder: Decoder.Bytes,
    });
    const [rest] = (await openers["@upstash/redis"]?.()) ?? [];
    if (rest === undefined) throw new Error("There is no client.");
    await Promise.all([old.connect(), current.connect()]);
    for (const client of [old, current, legacy, glide, rest]) {
      await using each = redisLog(client);
      const key = fresh();
      expect(await each.begin(key, { token: "t", ...lasting })).toBeNull();
      const reading = followed(each, key);
      expect(await each.append(key, "t", 1, ["1", "null"])).toEqual({ isHeld: true, stop: null });
      expect(await each.stop(key, "2")).toBe(true);
      expect(await each.read(key, 2)).toMatchObject({ stop: "2", last: 2, hasLapsed: false, isEnded: false });
      expect(await each.end(key, "t", 3, "{}")).toBe(true);
      expect(await reading).toEqual(["1", "null", "{}"]);
    }
    old.destroy();
    current.destroy();
    legacy.disconnect();
    glide.close();
  });

  it("begins a run a second time for the same holder alone", async () => {
    const key = fresh();
    await log.begin(key, { token: "t", ...lasting });
    expect(await log.begin(key, { token: "t", ...lasting })).toBeNull();
    await expect(log.begin(key, { token: "u", ...lasting })).rejects.toThrow(InvalidOptionError);
  });

  it("shares the connection of a client, and leaves what is not its own open", async () => {
    const client = new Redis({ port, connectionName: "shared" });
    const [one, other] = [redisLog(client), redisLog(client, { prefix: "other" })];
    const key = fresh();
    for (const [token, each] of Object.entries({ one, other })) await each.begin(key, { token, ...lasting });
    const waits = [one, other].map((each) => each.wait(key, { after: 0, stop: true }, never));
    await eventually(async () => (await connections("shared")) === 2);
    await one.close();
    await waits[0];
    await expect(one.wait(key, { after: 0, stop: true }, never)).rejects.toThrow("has been closed");
    expect(await other.append(key, "other", 1, ["a"])).toMatchObject({ isHeld: true });
    await waits[1];
    await other.close();
    await eventually(async () => (await connections("shared")) === 1);
    expect(await one.append(key, "one", 1, ["a"])).toMatchObject({ isHeld: true });
    client.disconnect();
  });

  it("waits on a client that is given for it", async () => {
    const open = (): Promise<GlideClient> =>
      GlideClient.createClient({ addresses: [{ host: "127.0.0.1", port }], clientName: "glide" });
    const [client, blocking] = await Promise.all([open(), open()]);
    await using glide = redisLog(client, { blocking });
    const keys = [fresh(), fresh()];
    for (const key of keys) await glide.begin(key, { token: "t", ...lasting });
    const reading = keys.map((key) => followed(glide, key));
    for (const key of keys) await glide.append(key, "t", 1, ["a"]);
    for (const key of keys) await glide.end(key, "t", 2, "end");
    expect(await Promise.all(reading)).toEqual([
      ["a", "end"],
      ["a", "end"],
    ]);
    expect(await connections("glide")).toBe(2);
    client.close();
    blocking.close();
  });

  it("rejects with the error of Redis, without the words that were sent", async () => {
    const [client] = (await openers["@upstash/redis"]?.()) ?? [];
    if (client === undefined) throw new Error("There is no client.");
    const key = fresh();
    await admin.set(`{millrace:${key.place}}:runs`, "another type");
    for (const each of [redisLog(client), log]) {
      const error = await each.append(key, "t", 1, ["secret words"]).catch(String);
      expect(error).toMatch(/WRONGTYPE/);
      expect(error).not.toMatch(/secret/);
    }
  });

  it("does not wait for a client that never answers", async () => {
    await expect(answered(new Promise(() => {}), 20)).rejects.toThrow("Redis has not answered for 0.02 seconds.");
  });
});

describe("a log on a cluster", () => {
  const clients: Readonly<Record<string, () => Promise<Opened>>> = {
    async redis() {
      const rootNodes = (await cluster).ports.map((at) => ({ url: `redis://127.0.0.1:${at}` }));
      const client = createCluster({ rootNodes });
      await client.connect();
      return [client, () => client.destroy()];
    },
    async ioredis() {
      const client = new Cluster((await cluster).ports.map((at) => ({ host: "127.0.0.1", port: at })));
      return [client, () => client.disconnect()];
    },
    async "@valkey/valkey-glide"() {
      const addresses = (await cluster).ports.map((at) => ({ host: "127.0.0.1", port: at }));
      const client = await GlideClusterClient.createClient({ addresses });
      return [client, () => client.close()];
    },
  };

  it.concurrent.each(Object.keys(clients))("keeps each place on one node, by %s", async (name) => {
    const [client, close] = (await clients[name]?.()) ?? [];
    if (client === undefined) throw new Error(`There is no client ${name}.`);
    await using log = redisLog(client);
    const places = ["", "a}b{c", "{}", "%7d", "ü", "x y", ...Array.from({ length: 14 }, (_, nth) => `${name} ${nth}`)];
    const keys = places.map((place) => fresh(place));
    await Promise.all(keys.map((key) => log.begin(key, { token: "t", ...lasting })));
    const reading = keys.map((key) => followed(log, key));
    const stops = keys.map((key) => log.wait(key, { after: Infinity, stop: false }, never));
    for (const key of keys) {
      await log.append(key, "t", 1, ["a", "b"]);
      const next = { ...key, run: "next" };
      expect(await log.begin(next, { token: "u", ...lasting, replace: true })).toBeNull();
      expect(await log.latest(key.place)).toBe("next");
      await log.end(key, "t", 3, "end");
    }
    await Promise.all(stops);
    expect(await Promise.all(reading)).toEqual(keys.map(() => ["a", "b", "end"]));
    await Promise.all(places.map((place) => log.remove(place)));
    expect(await Promise.all(places.map((place) => log.latest(place)))).toEqual(places.map(() => null));
    close?.();
  });
});
