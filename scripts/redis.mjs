/**
 * Starts Redis servers for tests, from PATH or else from Debian's packages, which are unpacked into node_modules/.cache
 * without being installed. Speaks to stderr only.
 *
 *   node scripts/redis.mjs            one server, until it is interrupted; prints its port
 */

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "./free-port.mjs";
import { root } from "./setup.mjs";

const cache = join(root, "node_modules/.cache/millrace-redis");
const packages = [
  "redis-server",
  "redis-tools",
  "libatomic1",
  "libjemalloc2",
  "liblua5.1-0",
  "liblzf1",
  "lua-bitop",
  "lua-cjson",
];

/** Prints the server's process id, and ends it with its own input, at the latest when the process ends that started it. */
const WATCHED = '"$@" >&2 & echo $!; read -r _; kill -9 $!; wait; rm -rf "$0"';

/**
 * Starts a server on 127.0.0.1 that keeps nothing on disk.
 *
 * @param {string[]} options - More arguments of `redis-server`.
 * @param {number} [at] - Its port; a free one if there is none.
 */
export async function startRedis(options = [], at) {
  const { program, env } = install();
  const port = at ?? (await freePort());
  const folder = mkdtempSync(join(tmpdir(), "millrace-redis-"));
  const fixed = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder];
  const child = spawn("sh", ["-c", WATCHED, folder, program, ...fixed, ...options], { env });
  const exited = once(child, "exit");
  child.stdin.on("error", () => {});
  let output = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (output += text));
  const [pid] = await once(child.stdout.setEncoding("utf8"), "data");
  const deadline = Date.now() + 10_000;
  while (!(await isUp(port))) {
    if (Date.now() > deadline) throw new Error(`redis-server did not start: ${output}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    pid: Number(pid),
    async stop() {
      child.stdin.end();
      await exited;
    },
  };
}

/** Starts a cluster of three servers, each with a third of the slots. */
export async function startRedisCluster() {
  const cluster = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
  const nodes = [];
  // One after another, or two may be given the same port.
  for (let nth = 0; nth < 3; nth += 1)
    nodes.push(await startRedis([...cluster, "--cluster-port", `${await freePort()}`]));
  const third = Math.ceil(16_384 / 3);
  for (const [nth, { port }] of nodes.entries()) {
    const last = Math.min((nth + 1) * third, 16_384) - 1;
    await command(port, ["CLUSTER", "ADDSLOTSRANGE", `${nth * third}`, `${last}`]);
    await command(port, ["CLUSTER", "SET-CONFIG-EPOCH", `${nth + 1}`]);
  }
  const [first, ...others] = nodes;
  const self = (await command(first.port, ["CLUSTER", "NODES"])).match(/@(\d+)/)?.[1];
  for (const { port } of others) await command(port, ["CLUSTER", "MEET", "127.0.0.1", `${first.port}`, self]);
  for (const { port } of nodes) {
    while (!(await command(port, ["CLUSTER", "INFO"])).match(/cluster_state:ok[^]*cluster_known_nodes:3/)) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  return { ports: nodes.map(({ port }) => port), stop: () => Promise.all(nodes.map((node) => node.stop())) };
}

/** The version of the server that is started. */
export function redisVersion() {
  const { program, env } = install();
  const { stdout } = spawnSync(program, ["--version"], { env, encoding: "utf8" });
  return stdout.match(/v=(\S+)/)?.[1] ?? "of an unknown version";
}

/** Finds the server, or unpacks it. */
function install() {
  if (spawnSync("redis-server", ["--version"]).status === 0) return { program: "redis-server", env: process.env };
  const program = join(cache, "usr/bin/redis-server");
  if (!existsSync(program)) unpack();
  const libraries = readdirSync(join(cache, "usr/lib")).map((name) => join(cache, "usr/lib", name));
  return { program, env: { ...process.env, LD_LIBRARY_PATH: libraries.join(":") } };
}

function unpack() {
  process.stderr.write("millrace: fetching redis-server from Debian (once, some 5 seconds) …\n");
  mkdirSync(join(root, "node_modules/.cache"), { recursive: true });
  const folder = mkdtempSync(`${cache}-`);
  if (download(folder).status !== 0) {
    // The machine has not heard of any packages yet, or of older ones.
    spawnSync("apt-get", ["update"], { encoding: "utf8" });
    const { status, stderr, error } = download(folder);
    if (status !== 0) {
      rmSync(folder, { recursive: true, force: true });
      throw new Error(`Install redis-server: Debian's packages cannot be fetched: ${stderr ?? error?.message}`);
    }
  }
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".deb"))) {
    const { status, stderr } = spawnSync("dpkg", ["-x", join(folder, name), folder], { encoding: "utf8" });
    if (status !== 0) throw new Error(`${name} cannot be unpacked: ${stderr}`);
    rmSync(join(folder, name));
  }
  try {
    renameSync(folder, cache);
  } catch {
    // Another process was faster.
    rmSync(folder, { recursive: true, force: true });
  }
}

const download = (folder) => spawnSync("apt-get", ["download", "-q", ...packages], { cwd: folder, encoding: "utf8" });

const isUp = (port) =>
  command(port, ["PING"]).then(
    (reply) => reply.startsWith("+PONG"),
    () => false,
  );

/** Sends one command without a client, and gives the reply as it comes: all of them are short. */
async function command(port, args) {
  const socket = connect(port, "127.0.0.1").setEncoding("utf8");
  try {
    await once(socket, "connect");
    socket.write(`*${args.length}\r\n${args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`).join("")}`);
    let reply = "";
    while (!isWhole(reply)) reply += (await once(socket, "data"))[0];
    if (reply.startsWith("-")) throw new Error(`redis-server: ${args.join(" ")}: ${reply}`);
    return reply;
  } finally {
    socket.destroy();
  }
}

function isWhole(reply) {
  const [, length, rest] = reply.match(/^\$(\d+)\r\n([^]*)$/) ?? [];
  return length === undefined
    ? reply.endsWith("\r\n") && !reply.startsWith("$")
    : Buffer.byteLength(rest) >= Number(length) + 2;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { port, stop } = await startRedis();
  console.log(port);
  process.once("SIGINT", () => void stop());
  process.once("SIGTERM", () => void stop());
}
