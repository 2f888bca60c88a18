import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { startProxy } from "../scripts/proxy.mjs";

const child = fileURLToPath(new URL("child.mjs", import.meta.url));
const WAIT_MS = 15_000;

let count = 0;

/** What a scenario is played with: pages of one client, and the servers behind them. */
export class Scene {
  /** Ends every question of this scene, so that its requests are found. */
  nonce;
  /** The id of the chat. */
  id;
  client;
  #stage;
  #context = null;
  #closers = [];

  constructor(stage, client) {
    this.#stage = stage;
    this.client = client;
    this.nonce = `n${++count}`;
    this.id = `chat-${this.nonce}`;
  }

  /** The requests that the provider has had. */
  get requests() {
    return this.#stage.provider.requestsOf(this.nonce);
  }

  /** The log of the server that is never killed. */
  log(name) {
    return this.#stage.server.log(name);
  }

  /** When the server has noticed that a page is gone. */
  get leftAt() {
    return this.#stage.server.leftAt(this.id);
  }

  /** Opens a page of the client. `log`: where replies are kept; `persist`: which messages survive a reload. */
  async open({ log = "none", persist = "none", resume = false, port = this.#stage.server.port } = {}) {
    const { page: name, wire, transport, major } = this.client;
    this.#context ??= await this.#stage.browser.newContext();
    const page = await this.#context.newPage();
    const problems = [];
    page.on("pageerror", (error) => problems.push(String(error)));
    const query = new URLSearchParams({
      api: `/api/${wire}/${log}/chat`,
      id: this.id,
      persist,
      ...(transport && { transport, major }),
      ...(resume && { resume: "1" }),
    });
    await page.goto(`http://127.0.0.1:${port}/page/${name}?${query}`);
    return new ChatPage(page, this, problems);
  }

  /** A server in a process of its own behind an address that stays. */
  async killable() {
    const settings = JSON.stringify(this.#stage.settings);
    const started = fork(child, [settings], { env: { ...process.env, NODE_NO_WARNINGS: "1" } });
    this.#closers.push(() => started.kill("SIGKILL"));
    const [{ port }] = await once(started, "message");
    const proxy = await startProxy(port);
    this.#closers.push(() => proxy.close());
    return {
      port: proxy.port,
      /** `kill -9`, and the other server takes its address. */
      kill: () => {
        proxy.target = this.#stage.server.port;
        started.kill("SIGKILL");
      },
    };
  }

  /** An address at which connections can be cut. */
  async cuttable() {
    const proxy = await startProxy(this.#stage.server.port);
    this.#closers.push(() => proxy.close());
    return proxy;
  }

  async close() {
    const closing = [this.#context?.close(), ...this.#closers.map((close) => close())];
    await Promise.all(closing);
  }
}

/** One page, as its user sees it. */
class ChatPage {
  page;
  /** What the page has thrown. */
  problems;
  #scene;

  constructor(page, scene, problems) {
    this.page = page;
    this.#scene = scene;
    this.problems = problems;
  }

  /** Asks, and waits until the page has dealt with it. */
  async ask(script, { files, waitMs } = {}) {
    await this.begin(script, files);
    return this.settled(waitMs);
  }

  /** Asks, and waits until it is known to the page. */
  async begin(script, files) {
    const turns = (await this.state()).turns.length;
    const question = `${script} ${this.#scene.nonce}`;
    await this.page.evaluate(
      ([text, given]) => {
        void window.chat.send(text, given);
      },
      [question, files],
    );
    await this.until(({ turns: now, status }) => now.length > turns && (status !== "ready" || now.length > turns + 1));
  }

  /** Answers a call that waits for approval, and goes on. */
  async approve(approval, isApproved) {
    await this.page.evaluate(([id, approved]) => window.chat.approve(id, approved), [approval, isApproved]);
    await this.page.evaluate(() => void window.chat.goOn());
  }

  /** What it shows, once it waits for nothing any more. */
  async settled(waitMs = WAIT_MS) {
    // A long state is read once.
    const isOver = () => ["ready", "error"].includes(document.getElementById("status").textContent);
    await this.page.waitForFunction(isOver, null, { polling: 20, timeout: waitMs });
    return this.state();
  }

  /** What it shows, once it shows an answer with some words. */
  streaming(count = 5) {
    return this.until(
      ({ turns }) => (turns.at(-1)?.role === "assistant" ? turns.at(-1).text : "").split(" ").length > count,
    );
  }

  /** What it shows, once that fulfils a condition. */
  async until(condition) {
    const deadline = Date.now() + WAIT_MS;
    for (;;) {
      const state = await this.state();
      if (condition(state)) return state;
      if (Date.now() > deadline) {
        throw new Error(`The page hangs: ${[...this.problems, JSON.stringify(state)].join(" ").slice(0, 400)}`);
      }
      await this.changed();
    }
  }

  /** Waits for the page to draw again. */
  changed() {
    return this.page.evaluate(
      () =>
        new Promise((resolve) => {
          const timer = setTimeout(resolve, 200);
          const observer = new MutationObserver(() => {
            clearTimeout(timer);
            observer.disconnect();
            resolve();
          });
          observer.observe(document.body, { subtree: true, childList: true, characterData: true });
        }),
    );
  }

  /** What it shows. */
  async state() {
    return JSON.parse(
      (await this.page.locator("#state").textContent({ timeout: WAIT_MS })) || '{"status":"","turns":[]}',
    );
  }

  /** What the user reads. */
  articles() {
    return this.page.locator("article").allTextContents();
  }

  details() {
    return this.page.evaluate(() => window.chat.details());
  }

  /** Stops the answer. When that was. */
  stop() {
    return this.page.evaluate(() => window.chat.stop());
  }

  /** What useChat leaves to the application: asks the server to end a run. */
  async endRun(run) {
    const url = `/api/${this.#scene.client.wire}/memory/chat/${this.#scene.id}/stream?run=${run}`;
    await this.page.evaluate((address) => fetch(address, { method: "DELETE" }), url);
  }

  async reload() {
    await this.page.reload();
  }

  /** Goes elsewhere. */
  async leave() {
    await this.page.goto("about:blank", { timeout: WAIT_MS });
  }
}
