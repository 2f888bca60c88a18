import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { apiError, block, type FakeAnthropic, fakeAnthropic, rawEvent, reply, type Script } from "millrace/testing";
import { cases } from "../live/cases.mjs";
import { tryOut } from "../live/run.mjs";

const KEY = "sk-test-canary";
const script = resolve(import.meta.dirname, "../scripts/live.mjs");

/** What the script says and ends with, in an environment without a key unless given. */
function run(env: Record<string, string>): Promise<{ code: number; stderr: string }> {
  const { ANTHROPIC_API_KEY: _, ANTHROPIC_AUTH_TOKEN: __, CI: ___, ...rest } = process.env;
  return new Promise((done) => {
    execFile(process.execPath, [script], { env: { ...rest, ...env } }, (error, _stdout, stderr) => {
      done({ code: Number(error?.code ?? 0), stderr });
    });
  });
}

/** A server in the place of the API. */
async function inPlace(replies: readonly Script[] = cases.flatMap((each) => each.replies)): Promise<FakeAnthropic> {
  const server = await fakeAnthropic({ replies, pace: 1, apiKey: KEY });
  vi.stubEnv("ANTHROPIC_API_KEY", KEY);
  vi.stubEnv("ANTHROPIC_BASE_URL", server.url);
  return server;
}

afterEach(() => vi.unstubAllEnvs());

describe("npm run live", () => {
  it("says what to set without a key, and refuses in CI", async () => {
    const { code, stderr } = await run({});
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Set ANTHROPIC_API_KEY to a key of your own/);
    expect(await run({ CI: "true", ANTHROPIC_API_KEY: "sk-test" })).toMatchObject({ code: 1, stderr: /not for CI/ });
  });

  it("finds no difference between the fake server and itself", async () => {
    await using server = await inPlace();
    const lines: string[] = [];
    const results = await tryOut({ model: "claude-haiku-5-5", print: (line) => lines.push(line) });
    expect(lines.slice(0, -1)).toEqual(cases.map(({ name }) => `${name}: holds, no difference`));
    expect(lines.at(-1)).toMatch(/^\$0\.0\d\d\d in all/);
    expect(results.map(({ cost }) => cost > 0)).toEqual([true, true, true, true]);
    expect(server.requests).toHaveLength(8);
  });

  it("says what differed, and what did not hold", async () => {
    const [asked, told, , , counted] = cases.flatMap((each) => each.replies);
    if (asked === undefined || told === undefined || counted === undefined) throw new Error("There are fewer cases.");
    const changed = reply("5", { message: { mood: null }, startUsage: { moods: 2, service_tier: null } });
    const odd = reply("No.", block({ type: "hologram" }), rawEvent({ type: "mood", mood: 1 }));
    await using _ = await inPlace([asked, told, apiError(401), counted, changed, odd, odd]);
    const lines: string[] = [];
    const results = await tryOut({ model: "claude-haiku-5-5", print: (line) => lines.push(line) });
    expect(lines.slice(0, -1)).toEqual([
      "a tool: holds, no difference",
      "thinking: does not hold, no difference",
      "  ApiError: Anthropic answered 401: authentication_error: invalid x-api-key",
      "stopped early: holds, 3 differences",
      "  message_start: message.usage.service_tier: null at the API, string at the fake",
      "  only the API: message_start: message.usage.moods: number",
      "  only the API: message_start: message.mood: null",
      "cached: does not hold, 2 differences",
      "  it does not hold that the first request wrote to the cache",
      "  it does not hold that the second one read from it",
      "  only the API: event content_block_start (hologram)",
      "  only the API: event mood",
    ]);
    expect(results.map(({ differences }) => differences.length)).toEqual([0, 0, 3, 2]);
    expect(JSON.stringify([results, lines])).not.toContain(KEY);
  });
});
