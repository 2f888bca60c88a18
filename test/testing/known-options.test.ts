import { expect, it } from "vitest";
import { apiError, events, fakeAnthropic, replayFile, reply } from "../../src/testing/index.ts";

it.each<[mistake: string, make: () => unknown, message: string]>([
  ["replys", () => fakeAnthropic({ replys: "Hi" } as never), "Invalid replys: fakeAnthropic() has no such option."],
  ["disconectAfter", () => reply("Hi", { disconectAfter: 1 } as never), "Invalid disconectAfter: reply() has no such"],
  ["retryAfter", () => apiError(429, "x", "y", { retryAfter: 1 } as never), "Use one of firstDelayMs, gzip, headers,"],
  ["endafter", () => events([], { endafter: 1 } as never), "Invalid endafter: events() has no such option."],
  [
    "chunkSize",
    () => replayFile("x", { chunkSize: 1 } as never),
    "Invalid chunkSize: replayFile() has no such option.",
  ],
])("a misspelt option is refused: %s", async (_, make, message) => {
  await expect((async () => make())()).rejects.toThrow(message);
});
