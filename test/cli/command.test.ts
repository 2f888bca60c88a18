import { type ChildProcessWithoutNullStreams, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, statSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { type FakeAnthropic, fakeAnthropic, reply, type Replies, thinking } from "millrace/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { run as runCommand } from "../../src/cli/run.ts";
import { corpusFolder, recordings } from "../corpus.ts";
import { delta, ended, frames, started } from "../server.ts";

const root = resolve(import.meta.dirname, "../..");
const command = join(root, "dist/cli.js");
const KEY = "sk-ant-secret";

let folder: string;
let server: FakeAnthropic | undefined;
let child: ChildProcessWithoutNullStreams | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-"));
  const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
  const newest = Math.max(...sources.map((name) => statSync(join(root, "src", name)).mtimeMs));
  if (existsSync(command) && statSync(command).mtimeMs >= newest) return;
  await promisify(execFile)(process.execPath, ["node_modules/tsdown/dist/run.mjs", "--logLevel", "warn"], {
    cwd: root,
  });
}, 120_000);
afterEach(async () => {
  child?.kill("SIGKILL");
  await server?.close();
  child = server = undefined;
});
afterAll(() => rm(folder, { recursive: true }));

async function serve(replies: Replies): Promise<FakeAnthropic> {
  server = await fakeAnthropic({ replies, apiKey: KEY });
  return server;
}

/** Starts the command; without a server, it has no key. */
function start(args: readonly string[], input?: string) {
  const { ANTHROPIC_API_KEY: _key, ANTHROPIC_AUTH_TOKEN: _token, ANTHROPIC_BASE_URL: _url, ...env } = process.env;
  const account = server === undefined ? {} : { ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: server.url };
  child = spawn(process.execPath, [command, ...args], { env: { ...env, ...account } });
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
  if (input !== undefined) child.stdin.end(input);
  const exit = once(child, "close").then(([code]) => ({ code: code as number | null, ...output }));
  return { process: child, output, exit };
}

const run = (args: readonly string[], input?: string) => start(args, input).exit;

async function file(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

describe("a reply", () => {
  it("goes to stdout, and one line about it to stderr", async () => {
    const { requests } = await serve(reply("Try Mistborn.", { usage: { input_tokens: 12, output_tokens: 15 } }));
    const { code, stdout, stderr } = await run(["-s", "Be brief.", "--max-tokens", "50", "Recommend", "a book"]);
    expect([code, stdout]).toEqual([0, "Try Mistborn.\n"]);
    expect(stderr).toMatch(
      /^claude-sonnet-5-5 · end_turn · 12 tokens in, 15 out · \$0\.000\d+ · first token \d+ ms.*\n$/,
    );
    expect(requests[0]?.body).toMatchObject({ model: "claude-sonnet-5-5", max_tokens: 50, stream: true });
    expect(JSON.stringify(requests[0]?.body)).toMatch(/Recommend a book.*Be brief\.|Be brief\..*Recommend a book/);
  });

  it("answers a prompt from stdin", async () => {
    const { requests } = await serve("Yes.");
    expect(await run([], "Is this\npiped?\n")).toMatchObject({ code: 0, stdout: "Yes.\n" });
    expect(JSON.stringify(requests[0]?.body["messages"])).toContain("Is this\\npiped?");
  });

  it("comes from the address that --base-url gives, rather than the environment's", async () => {
    const { url } = await serve("Here.");
    const other = await fakeAnthropic({ replies: "There." });
    expect(await run(["--base-url", other.url, "Where?"])).toMatchObject({ code: 0, stdout: "There.\n" });
    expect(other.url).not.toBe(url);
    await other.close();
  });

  it("shows thinking when asked to, apart from the answer", async () => {
    const { requests } = await serve(reply(thinking("Hm, books."), "Mistborn."));
    expect(await run(["hi"])).toMatchObject({ stdout: "Mistborn.\n" });
    expect(await run(["--thinking", "hi"])).toMatchObject({ code: 0, stdout: "Hm, books.\nMistborn.\n" });
    expect(requests[0]?.body["thinking"]).toBeUndefined();
    expect(requests[1]?.body["thinking"]).toEqual({ type: "adaptive", display: "summarized" });
  });

  it("is one event a line with --json", async () => {
    await serve(reply("Hi \u009b2J there."));
    const { code, stdout, stderr } = await run(["--json", "hi"]);
    const events = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { type: string; delta?: { text?: string } });
    expect(code).toBe(0);
    expect([events[0]?.type, events.at(-1)?.type]).toEqual(["message_start", "message_stop"]);
    expect(events.map((event) => event.delta?.text ?? "").join("")).toBe("Hi \u009b2J there.");
    expect(stdout).not.toContain("\u009b");
    expect(stderr).toContain("end_turn");
  });

  it("is scripted with --demo, which says so on stderr", async () => {
    const { code, stdout, stderr } = await run(["--demo", "Recommend a fantasy book"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Try .*Kvothe.*\n$/);
    expect(stderr).toMatch(/scripted[^]*\n.*end_turn.*\n$/);
  });
});

describe("a recording", () => {
  const events = [...started, delta("Hello "), delta("again"), ...ended];
  const lines = events.map((event) => JSON.stringify(event)).join("\n");

  it.each([
    ["recording.sse", frames(events)],
    ["recording.jsonl", `${lines}\n`],
    ["windows.jsonl", lines.replaceAll("\n", "\r\n")],
  ])("is replayed without a key: %s", async (name, content) => {
    const path = await file(name, content);
    const { code, stdout, stderr } = await run(["--replay", path]);
    expect([code, stdout]).toEqual([0, "Hello again\n"]);
    expect(stderr).toContain("end_turn · 10 tokens in, 25 out");
    const { stdout: json } = await run(["--json", "--replay", path]);
    expect(
      json
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual(events);
  });

  it("that was cut is not complete", async () => {
    const { code, stdout, stderr } = await run(["--replay", await file("cut.sse", frames([...started, delta("Hel")]))]);
    expect([code, stdout]).toEqual([1, "Hel\n"]);
    expect(stderr).toContain("truncated · at least 10 tokens in");
  });

  it("that is not there is named", async () => {
    expect(await run(["--replay", "nowhere.sse"])).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringContaining("nowhere.sse") as string,
    });
  });

  const recorded = recordings("anthropic").find(({ file }) => file.endsWith("text-hello-sonnet4.sse"));
  it.skipIf(recorded === undefined)("of the API", async () => {
    const texts = recorded?.events.map((event) => (event["delta"] as { text?: string } | undefined)?.text ?? "");
    const { code, stdout } = await run(["--replay", join(corpusFolder, recorded?.file ?? "")]);
    expect([code, stdout.trimEnd()]).toEqual([0, texts?.join("").trimEnd()]);
    expect(stdout.length).toBeGreaterThan(2);
  });
});

describe("what goes wrong", () => {
  it("no key: names the variable, and --demo", async () => {
    const { code, stdout, stderr } = await run(["hi"]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/ANTHROPIC_API_KEY[^]*--demo/);
  });

  it("an unknown model", async () => {
    await serve("never sent");
    const { code, stdout, stderr } = await run(["--model", "claude-nope", "hi"]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^millrace: .*404.*claude-nope\n$/);
    expect(stderr).not.toContain(KEY);
  });

  it("a provider that does not exist, and no model", async () => {
    const { code, stderr } = await run(["--model", "gemini/x", "hi"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("there is no such provider. Use one of anthropic,")]);
    expect((await run(["--model", "openai/", "hi"])).code).toBe(2);
  });

  it("an address where nobody listens", async () => {
    await serve("never sent");
    const { code, stderr } = await run(["--base-url", "http://127.0.0.1:1", "hi"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^millrace: .*127\.0\.0\.1:1.*ECONNREFUSED.*\n$/);
  });

  it.each([
    [["--nonsense", "hi"], /--nonsense/],
    [["--max-tokens", "many", "hi"], /--max-tokens takes a whole number above 0, not "many"/],
    [["--max-tokens", "0", "hi"], /--max-tokens/],
    [["--model"], /--model/],
    [[], /There is no prompt/],
  ])("wrong usage: %j", async (args, message) => {
    const { code, stdout, stderr } = await run(args, "");
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
    expect(stderr).toContain("See millrace --help.");
  });

  it("a disk that is full", async () => {
    if (!existsSync("/dev/full")) return;
    await serve(reply("word ".repeat(50), { pace: 2 }));
    const shell = `"${process.execPath}" "${command}" hi > /dev/full`;
    const env = { ...process.env, ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: server?.url };
    await expect(promisify(execFile)("sh", ["-c", shell], { env })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/stdout takes no more: ENOSPC/) as string,
    });
  });
});

describe("what ends it early", () => {
  it("Ctrl-C: closes the connection, keeps what came, says what it used, exits with 130", async () => {
    const fake = await serve(reply("one two three ".repeat(20), { usage: { input_tokens: 12 }, stallAfter: 5 }));
    const { process, output, exit } = start(["hi"]);
    const { reply: answered } = await fake.request();
    while (output.stdout === "") await once(process.stdout, "data");
    process.kill("SIGINT");
    const { code, stdout, stderr } = await exit;
    expect(code).toBe(130);
    expect(stdout).toMatch(/^one .*\n$/);
    expect(stderr).toMatch(/aborted · at least 12 tokens in, \d+ out/);
    expect(await answered.closed).toBe("aborted");
  });

  it("Ctrl-C before there is a prompt", async () => {
    const interruption = new AbortController();
    const written: string[] = [];
    const output = { write: (text: string) => written.push(text) };
    const readInput = (): Promise<string> => {
      interruption.abort();
      return Promise.reject(new Error("The operation was aborted"));
    };
    const { signal } = interruption;
    expect(await runCommand({ args: [], stdout: output, stderr: output, signal, version: "", readInput })).toBe(130);
    expect(written).toEqual([]);
  });

  it("a reader who has enough: quietly", async () => {
    const fake = await serve(reply("one two three ".repeat(500), { pace: 2 }));
    const { process, output, exit } = start(["hi"]);
    await once(process.stdout, "data");
    process.stdout.destroy();
    await exit;
    expect(output.stderr).toMatch(/^claude-sonnet-5-5 · aborted .*\n$/);
    expect(await (await fake.request()).reply.closed).toBe("aborted");
  });
});

describe("about itself", () => {
  it("--help fits a screen", async () => {
    const { code, stdout, stderr } = await run(["--help"]);
    const lines = stdout.trimEnd().split("\n");
    expect([code, stderr]).toEqual([0, ""]);
    expect(lines.length).toBeLessThanOrEqual(24);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(100);
    for (const option of ["model", "system", "max-tokens", "thinking", "json", "replay", "base-url", "demo"]) {
      expect(stdout).toContain(`--${option}`);
    }
  });

  it("--version", async () => {
    const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { version: string };
    expect(await run(["-v"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });
});
