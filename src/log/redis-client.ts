import { InvalidOptionError } from "../errors.ts";
import { isObject } from "../json/object.ts";
import { shown } from "../schema/option-form.ts";

/** What `createClient` and `createCluster` of `redis` give. */
export interface NodeRedisClient {
  // That of a cluster takes the key first.
  sendCommand(...args: never): Promise<unknown>;
  duplicate(): unknown;
}

/** What `new Redis` and `new Cluster` of `ioredis` make. */
export interface IoRedisClient {
  defineCommand(...args: never): unknown;
  call(command: string, ...args: string[]): Promise<unknown>;
}

/** What `GlideClient.createClient` and `GlideClusterClient.createClient` of `@valkey/valkey-glide` give. */
export interface GlideClient {
  customCommand(args: string[]): Promise<unknown>;
}

/** What `new Redis` of `@upstash/redis` makes. */
export interface UpstashClient {
  eval(script: string, keys: string[], args: string[]): Promise<unknown>;
  evalsha(sha1: string, keys: string[], args: string[]): Promise<unknown>;
  createScript(...args: never): unknown;
}

/** A client of Redis that a log can use. */
export type RedisClient = NodeRedisClient | IoRedisClient | GlideClient | UpstashClient;

/** Streams to read, each from after an entry. Entries are numbered, and their ids in Redis end in `-0`. */
export type Streams = ReadonlyMap<string, number>;

/** A connection that does nothing but wait for entries. */
export interface BlockingConnection {
  /** Gives the names of the streams that have entries, as soon as one has; none if none has when the time is over. */
  read(streams: Streams, blockMs: number): Promise<readonly string[]>;
  /** Ends it, also while it reads, which then rejects. */
  close(): void;
}

/** What a log needs of a client. */
export interface RedisLink {
  /** Runs a script. All keys are in one slot. */
  run(command: "EVAL" | "EVALSHA", script: string, keys: string[], args: string[]): Promise<unknown>;
  /** Opens a connection to the node of a key; null if the client gives no way. */
  readonly open: ((key: string) => BlockingConnection) | null;
  readonly isCluster: boolean;
  /** What a text in a reply must end in, lest the client takes it for JSON. */
  readonly mark: string;
}

/**
 * Recognises a client by its methods.
 *
 * @param blocking - Another client of the same server, for reads that wait.
 * @throws InvalidOptionError
 */
export function redisLink(client: unknown, blocking: unknown): RedisLink {
  const link = linkOf(client);
  if (link === null) throw notAClient("client", client);
  if (blocking === undefined) return link;
  if (blocking === client) throw new InvalidOptionError("blocking", "it must be another client than the first.");
  const send = sendOf(blocking);
  if (send === null) throw notAClient("blocking", blocking);
  // A client of a cluster has one connection for each node, where reads for two slots would wait for each other.
  return link.isCluster ? link : { ...link, open: (key) => blockingConnection(send, key, () => {}) };
}

function notAClient(option: string, value: unknown): InvalidOptionError {
  const clients = "`redis`, `ioredis`, `@upstash/redis` or `@valkey/valkey-glide`";
  return new InvalidOptionError(option, `it must be a client of ${clients}, not ${shown(value)}.`);
}

function linkOf(client: unknown): RedisLink | null {
  const send = sendOf(client);
  if (send === null) return isUpstash(client) ? upstashLink(client) : null;
  return {
    run: (command, script, keys, args) => send([command, script, `${keys.length}`, ...keys, ...args], keys[0] ?? ""),
    open: isIoRedis(client)
      ? (key) => openIoRedis(client, key)
      : isNodeRedis(client)
        ? (key) => openNodeRedis(client, key)
        : null,
    isCluster: isCluster(client),
    mark: "",
  };
}

/** Sends a command to the node of a key. */
type Send = (args: [command: string, ...args: string[]], key: string) => Promise<unknown>;

/** How a client that speaks the protocol of Redis sends a command; null if it is none. */
function sendOf(client: unknown): Send | null {
  if (isIoRedis(client)) return ([command, ...args]) => client.call(command, ...args);
  // `Decoder.String`, whatever the client's default.
  if (isGlide(client)) return (args) => client.customCommand(args, { decoder: 1 });
  if (!isNodeRedis(client)) return null;
  // Texts are strings, whatever the client maps them to.
  const plain = { typeMapping: {} };
  if (isCluster(client)) return (args, key) => client.sendCommand(key, false, args, plain);
  return (args) => client.sendCommand(args, plain);
}

interface NodeRedis {
  sendCommand(...args: unknown[]): Promise<unknown>;
  duplicate(): NodeRedis;
  connect(): Promise<unknown>;
  destroy(): void;
  on(event: "error", listener: () => void): unknown;
  getNodeClientForKey?(key: string): NodeRedis | Promise<NodeRedis>;
}

interface IoRedis extends IoRedisClient {
  duplicate(options: object): IoRedis;
  disconnect(): void;
  on(event: "error", listener: () => void): unknown;
  readonly options: { readonly keyPrefix?: string; readonly host?: string; readonly port?: number };
  /** Of a cluster: the address of the master of each slot, and then those of its replicas. */
  readonly slots?: readonly (readonly string[])[];
  nodes?(role: "master"): readonly IoRedis[];
}

interface Glide {
  customCommand(args: string[], options: { decoder: number }): Promise<unknown>;
}

const has = (client: unknown, ...names: string[]): boolean =>
  isObject(client) && names.every((name) => typeof client[name] === "function");
const isIoRedis = (client: unknown): client is IoRedis => has(client, "defineCommand", "call", "duplicate");
const isGlide = (client: unknown): client is Glide => has(client, "customCommand");
// A client of sentinels takes other arguments.
const isNodeRedis = (client: unknown): client is NodeRedis =>
  has(client, "sendCommand", "duplicate", "connect") && !has(client, "getSentinelNode");
const isUpstash = (client: unknown): client is UpstashClient => has(client, "eval", "evalsha", "createScript");
const isCluster = (client: unknown): boolean =>
  ["getNodeClientForKey", "nodes", "invokeScriptWithRoute"].some((name) => has(client, name));

function upstashLink(client: UpstashClient): RedisLink {
  return {
    async run(command, script, keys, args) {
      try {
        return await (command === "EVAL" ? client.eval : client.evalsha).call(client, script, keys, args);
      } catch (error) {
        // Its message repeats the whole command, with the model's words.
        throw isObject(error) ? new Error(`${error["message"]}`.split(", command was: ", 1)[0]) : error;
      }
    },
    open: null,
    isCluster: false,
    // It parses replies, and makes a number of "1".
    mark: "=",
  };
}

function blockingConnection(send: Send, key: string, close: () => void, prefix = ""): BlockingConnection {
  return {
    async read(streams, blockMs) {
      const ids = [...streams.values()].map((number) => `${number}-0`);
      const options = ["COUNT", "1", "BLOCK", `${blockMs}`, "STREAMS"];
      const reply = await send(["XREAD", ...options, ...streams.keys(), ...ids], key);
      return namesIn(reply).map((name) => name.slice(prefix.length));
    },
    close,
  };
}

/**
 * The streams in a reply to XREAD: an object (`redis`), a flat list (`ioredis`, RESP3), a list of pairs (RESP2), or a
 * list of objects (`@valkey/valkey-glide`).
 */
function namesIn(reply: unknown): string[] {
  if (!Array.isArray(reply)) return Object.keys(reply ?? {});
  if (typeof reply[0] === "string") return reply.filter((_, nth) => nth % 2 === 0).map(String);
  return reply.map((stream: unknown) => `${Array.isArray(stream) ? stream[0] : isObject(stream) ? stream["key"] : ""}`);
}

function openNodeRedis(client: NodeRedis, key: string): BlockingConnection {
  const connected = (async () => {
    const node = (await client.getNodeClientForKey?.(key)) ?? client;
    return connect(node.duplicate());
  })();
  connected.catch(() => {});
  let isClosed = false;
  let own: NodeRedis | null = null;
  async function connect(duplicate: NodeRedis): Promise<NodeRedis> {
    own = duplicate;
    // Without a listener it would end the process.
    duplicate.on("error", () => {});
    if (isClosed) throw new Error("The connection was closed.");
    await duplicate.connect();
    return duplicate;
  }
  const send: Send = async (args) => (await connected).sendCommand(args, { typeMapping: {} });
  return blockingConnection(send, key, () => {
    isClosed = true;
    try {
      own?.destroy();
    } catch {
      // It was closed already.
    }
  });
}

function openIoRedis(client: IoRedis, key: string): BlockingConnection {
  const node = nodeOf(client, key);
  // Its own time limits are for commands that do not wait; a connection that is lost is replaced by another.
  const unlimited = { commandTimeout: undefined, socketTimeout: undefined, blockingTimeout: undefined };
  const own = node.duplicate({ ...unlimited, lazyConnect: false, enableOfflineQueue: true, retryStrategy: null });
  own.on("error", () => {});
  const send: Send = ([command, ...args]) => own.call(command, ...args);
  return blockingConnection(send, key, () => own.disconnect(), own.options.keyPrefix);
}

function nodeOf(client: IoRedis, key: string): IoRedis {
  if (client.nodes === undefined) return client;
  const [master] = client.slots?.[slotOf(key)] ?? [];
  const node = client.nodes("master").find(({ options }) => `${options.host}:${options.port}` === master);
  if (node === undefined) throw new Error("The cluster has no node for the key.");
  return node;
}

/** The slot of a key that has a hash tag: CRC16 (XMODEM) of the tag, modulo the number of slots. */
function slotOf(key: string): number {
  let crc = 0;
  for (const byte of new TextEncoder().encode(key.slice(key.indexOf("{") + 1, key.indexOf("}")))) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  return crc % 16_384;
}
