import { describe, expect, it } from "vitest";
import { type DeliveryOptions, fakeAnthropic, randomFault, reply } from "millrace/testing";
import { params, post } from "./client.ts";

const seeds = Array.from({ length: 300 }, (_, seed) => seed);
const faults = seeds.map(randomFault);

/** What a client gets that gives up after a while. */
async function outcome(fault: DeliveryOptions): Promise<string> {
  await using server = await fakeAnthropic({ replies: reply("one two three four five", fault) });
  const giveUp = setTimeout(() => void server.close(), 150);
  const { error, status } = await post(server.url, params).catch(() => ({ error: "none", status: 0 }));
  clearTimeout(giveUp);
  return `${status} ${error}`;
}

describe("a random fault", () => {
  it("is the same for the same seed, and JSON but for what is infinite", () => {
    expect(seeds.map(randomFault)).toEqual(faults);
    const finite = faults.filter(({ chunkBytes }) => chunkBytes !== Infinity);
    expect(JSON.parse(JSON.stringify(finite))).toEqual(finite);
    expect(new Set(faults.map((fault) => JSON.stringify(fault))).size).toBeGreaterThan(200);
  });

  it("is of every kind", () => {
    const kinds = ["noResponse", "disconnectAfter", "disconnectAtByte", "endAfter", "endAtByte", "stallAfter"] as const;
    const others = ["stallAtByte", "stallPings", "errorAfter", "malformAt", "duplicateAt", "swapAt"] as const;
    const rest = ["invalidUtf8At", "endless", "contentType", "reset", "halfClose", "gzip", "chunkBytes"] as const;
    for (const kind of [...kinds, ...others, ...rest]) {
      expect(faults.some((fault) => fault[kind] !== undefined && fault[kind] !== false)).toBe(true);
    }
  });

  it("can be played, whatever it is", async () => {
    const outcomes = new Set(await Promise.all(faults.slice(0, 100).map(outcome)));
    expect([...outcomes].toSorted()).toEqual(["0 none", "200 ECONNRESET", "200 null"]);
  });
});
