import { formatWithOptions } from "node:util";
import { vi } from "vitest";
import { fakeAnthropic, fakeOpenAI, type Replies } from "millrace/testing";

/** Runs a program against a fake server with these replies, and gives what it printed. */
export async function printedBy(
  program: () => Promise<unknown>,
  replies: Replies,
  ofOpenAI: Replies = "",
): Promise<string> {
  let output = "";
  await using server = await fakeAnthropic({ replies, apiKey: "sk-example" });
  await using openAI = await fakeOpenAI({ replies: ofOpenAI, apiKey: "sk-example" });
  vi.stubEnv("OPENAI_BASE_URL", `${openAI.url}/v1`);
  vi.stubEnv("OPENAI_API_KEY", "sk-example");
  vi.stubEnv("ANTHROPIC_BASE_URL", server.url);
  vi.stubEnv("ANTHROPIC_API_KEY", "sk-example");
  vi.stubEnv("ANTHROPIC_AUTH_TOKEN", undefined);
  vi.spyOn(process.stdout, "write").mockImplementation((written) => {
    output += String(written);
    return true;
  });
  vi.spyOn(console, "log").mockImplementation((...items: unknown[]) => {
    output += `${formatWithOptions({ breakLength: Infinity }, ...items)}\n`;
  });
  try {
    await program();
  } finally {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  }
  return output;
}
