import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Reading } from "./reading.mjs";

const child = fileURLToPath(new URL("child.mjs", import.meta.url));
const ANSWER_LIMIT_MS = 30_000;

/** Starts a process that produces and reads. `blocks`: the largest file that it may write, in blocks of 512 bytes. */
export async function startProcess(program, { module, settings, blocks }) {
  const limit = blocks === undefined ? "" : `ulimit -f ${blocks}; `;
  const started = spawn("sh", ["-c", `${limit}exec "$0" "$@"`, program, child, JSON.stringify({ module, settings })], {
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    // SQLite is experimental in Node 24, and says so.
    env: { ...process.env, NODE_NO_WARNINGS: "1", DEBUG: "" },
  });
  const own = new Process(started);
  await own.ready;
  return own;
}

/** A process that was started, with what it has said so far. */
class Process {
  /** What it did not catch. */
  faults = [];
  ready;
  #child;
  #asked = new Map();
  #readings = new Map();
  #next = 0;

  constructor(started) {
    this.#child = started;
    let output = "";
    started.stderr.setEncoding("utf8").on("data", (text) => (output += text));
    this.ready = new Promise((resolve, reject) => {
      started.on("message", (message) => (message.type === "ready" ? resolve() : this.#take(message)));
      started.on("error", reject);
      started.on("exit", (code, signal) => {
        reject(new Error(`The process has ended (${code ?? signal}): ${output.slice(-2_000)}`));
        this.#gone();
      });
    });
  }

  /** Begins to produce. Gives the reader in that process. */
  async produce(place, options = {}) {
    return this.#begin("produce", place, options);
  }

  /** Begins to read; null if there is nothing. */
  async read(place, options = {}) {
    return this.#begin("read", place, options);
  }

  /** The same, until there is something. */
  async readSoon(place, options = {}) {
    for (const until = Date.now() + 2_000; ;) {
      const reading = await this.read(place, options);
      if (reading !== null || Date.now() > until) return reading;
      await delay(10);
    }
  }

  ask(command, options = {}) {
    const id = this.#next++;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return Promise.reject(gone());
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#asked.delete(id);
        reject(Object.assign(new Error(`${command} does not settle`), { code: "hangs" }));
      }, options.limitMs ?? ANSWER_LIMIT_MS);
      this.#asked.set(id, { resolve, reject, timer });
      this.#child.send({ id, command, options }, () => {});
    });
  }

  signal(name) {
    process.kill(this.#child.pid, name);
  }

  async end() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exited;
  }

  async #begin(command, place, options) {
    const name = String(this.#next++);
    const reading = new Reading(() => this.ask("leave", { reading: name }));
    this.#readings.set(name, reading);
    const { run, isNothing } = await this.ask(command, { reading: name, place, ...options });
    reading.run = run;
    return isNothing ? null : reading;
  }

  #take(message) {
    const { type, id, reading, text } = message;
    if (type === "word") this.#readings.get(reading).word(message);
    if (type === "ended") this.#readings.get(reading).end(message);
    if (type === "unhandled" || type === "crash") this.faults.push(`${type}: ${text}`);
    if (type !== "answer") return;
    const { resolve, reject, timer } = this.#asked.get(id) ?? {};
    clearTimeout(timer);
    this.#asked.delete(id);
    if (message.error === undefined) resolve?.(message.value);
    else reject?.(Object.assign(new Error(message.error), { code: message.code }));
  }

  #gone() {
    for (const { reject, timer } of this.#asked.values()) {
      clearTimeout(timer);
      reject(gone());
    }
    this.#asked.clear();
    for (const reading of this.#readings.values()) reading.gone();
  }
}

const gone = () => Object.assign(new Error("The process is gone."), { code: "gone" });
