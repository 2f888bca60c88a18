import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { params, post } from "./client.ts";
import { chat } from "./openai-client.ts";

let folder: string;
let child: ChildProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-"));
  const entryPoints = ["src/testing/command.ts", "src/testing/openai-command.ts"];
  const names = { ".js": ".mjs" };
  await build({ entryPoints, bundle: true, platform: "node", format: "esm", outdir: folder, outExtension: names });
});
afterEach(() => void child.kill("SIGKILL"));
afterAll(() => rm(folder, { recursive: true }));

const run = (...args: string[]) => start("command.mjs", args);

async function start(file: string, args: readonly string[]) {
  child = spawn(process.execPath, [join(folder, file), ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const output = { stdout: "", stderr: "" };
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
  const exit = once(child, "close").then(([code]) => ({ code: code as number, ...output }));
  await Promise.race([child.stdout === null ? null : once(child.stdout, "data"), exit]);
  return { url: output.stdout.trim(), exit };
}

async function script(name: string, content: unknown): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

describe("millrace-fake-anthropic", () => {
  it("prints its URL, serves a demonstration, and ends on Ctrl-C", async () => {
    const { url, exit } = await run();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const messages = [{ role: "user", content: "Recommend a fantasy book" }];
    const { body, times } = await post(url, { ...params, messages });
    expect(body.toString()).toContain("Kvothe");
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(400);
    child.kill("SIGINT");
    expect(await exit).toMatchObject({ code: 0, stderr: "" });
  });

  it("plays scripts in turn, at the requested pace", async () => {
    const scripts = [
      "one",
      {
        content: [{ type: "tool_use", name: "f", input: { a: 1 } }],
        stop_reason: "tool_use",
        delivery: { pings: false },
      },
      { error: { status: 429, message: "slow", headers: { "retry-after": 3 } } },
      { events: [{ type: "ping" }] },
    ];
    const path = await script("scripts.json", scripts);
    const { url } = await run("--script", path, "--pace", "1", "--chunk-bytes", "50", "--api-key", "secret");
    const first = await post(url);
    expect(first.body.toString()).toContain("one");
    expect(first.reads[0]).toHaveLength(50);
    const second = (await post(url)).body.toString();
    expect(second).toContain('\\"a\\":1');
    expect(second).not.toContain("ping");
    const third = await post(url);
    expect([third.status, third.headers["retry-after"]]).toEqual([429, "3"]);
    expect((await post(url)).body.toString()).toBe('event: ping\ndata: {"type": "ping"}\n\n');
  });

  it("plays scripts that go wrong", async () => {
    const content = [{ type: "text", text: "one two three" }];
    const path = await script("faults.json", [
      { content, delivery: { disconnectAtByte: 30, reset: true } },
      { content, delivery: { errorAfter: 1, errorType: "api_error" } },
      { content, delivery: { endless: "ping", endlessBytes: 100_000, contentType: "text/html" } },
      { error: { status: 503, body: "html", headers: { "Retry-After": "soon" } }, delivery: { firstDelayMs: 30 } },
      { error: { status: 200, body: { text: "hello", contentType: "text/x" }, headers: { "request-id": null } } },
      { content, delivery: { noResponse: true } },
    ]);
    const { url } = await run("--script", path);
    const lost = await post(url);
    expect([lost.body.length, lost.error]).toEqual([30, "ECONNRESET"]);
    expect((await post(url)).body.toString()).toMatch(/event: error\ndata: .*"api_error".*\n\n$/);
    const endless = await post(url);
    expect(endless.body.length).toBeGreaterThan(100_000);
    expect(endless.headers["content-type"]).toBe("text/html");
    const unavailable = await post(url);
    expect([unavailable.status, unavailable.headers["retry-after"]]).toEqual([503, "soon"]);
    expect(unavailable.body.toString()).toMatch(/^<html>/);
    expect(unavailable.times[0]).toBeGreaterThanOrEqual(28);
    const strange = await post(url);
    expect([strange.status, strange.headers["content-type"], String(strange.body)]).toEqual([200, "text/x", "hello"]);
    await expect(post(url)).rejects.toThrow("socket hang up");
  });

  it("replays a recording", async () => {
    const recording = 'event: ping\ndata: {"type": "ping"}\n\n';
    const { url } = await run("--script", await script("recording.sse", recording), "--no-validate");
    expect((await post(url, { stream: true })).body.toString()).toBe(recording);
  });

  it("prints its help", async () => {
    const { exit } = await run("--help");
    const { stdout, code } = await exit;
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Usage: millrace-fake-anthropic/);
    expect(stdout.split("\n").length).toBeLessThan(24);
    expect(Math.max(...stdout.split("\n").map(({ length }) => length))).toBeLessThan(100);
  });

  it.each([
    [["--port", "many"], /--port takes an integer of 0 or more, not "many"/],
    [["--chunk-bytes", "0"], /--chunk-bytes takes an integer of 1 or more/],
    [["--nonsense"], /--nonsense/],
    [["--dialect", "groq"], /--dialect is an option of millrace-fake-openai/],
    [["--script", "nowhere.json"], /nowhere\.json/],
  ])("refuses %j", async (args, message) => {
    const { exit } = await run(...args);
    const { code, stderr, stdout } = await exit;
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
    expect(stderr).toContain("--help");
  });

  it("refuses a script that it does not understand", async () => {
    const { exit } = await run("--script", await script("bad.json", [{ reply: 1 }]));
    expect((await exit).stderr).toMatch(/Invalid script: \{"reply":1\} is not a text/);
  });
});

describe("millrace-fake-openai", () => {
  const ask = async (url: string, path: string, body: object): Promise<string> => {
    const headers = { authorization: "Bearer k" };
    return await (await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) })).text();
  };

  it("prints its URL with the version, and serves a demonstration of both APIs", async () => {
    const { url, exit } = await start("openai-command.mjs", ["--pace", "0"]);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1$/);
    const messages = [{ role: "user", content: "Recommend a fantasy book" }];
    expect(await ask(url, "/chat/completions", { ...chat, messages })).toContain("Kvothe");
    expect(await ask(url, "/responses", { model: "gpt-5.5", input: messages, stream: true })).toContain("Kvothe");
    child.kill("SIGINT");
    expect(await exit).toMatchObject({ code: 0, stderr: "" });
  });

  it("imitates other servers", async () => {
    const { url } = await start("openai-command.mjs", ["--dialect", "openrouter", "--pace", "0"]);
    expect(await ask(url, "/chat/completions", { ...chat, model: "any" })).toContain(": OPENROUTER PROCESSING");
  });

  it("prints its help, and refuses servers that it does not know", async () => {
    const { stdout } = await (await start("openai-command.mjs", ["--help"])).exit;
    expect(stdout).toMatch(/^Usage: millrace-fake-openai/);
    expect(Math.max(...stdout.split("\n").map(({ length }) => length))).toBeLessThan(110);
    const { code, stderr } = await (await start("openai-command.mjs", ["--dialect", "x"])).exit;
    expect([code, stderr]).toEqual([2, expect.stringContaining("--dialect takes one of openai, openrouter")]);
  });
});
