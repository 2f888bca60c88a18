import { describe, expect, it } from "vitest";
import { type DeliveryOptions, fakeAnthropic, randomFault, reply } from "millrace/testing";
import { params, post } from "./client.ts";

const seeds = Array.from({ length: 300 }, (_, seed) => seed);
const faults = seeds.map(randomFault);

/** What a client sees of a reply. If it stalls or never ends, the server is closed after a while. */
async function outcome(fault: DeliveryOptions): Promise<string> {
  await using server = await fakeAnthropic({ replies: reply("one two three four five", fault) });
  let giveUp: NodeJS.Timeout | undefined;
  const close = (): void => void server.close();
  void server.request().then(() => (giveUp = setTimeout(close, 150)), close);
  const { error, status } = await post(server.url, params).catch(() => ({ error: "none", status: 0 }));
  clearTimeout(giveUp);
  return `${status} ${error}`;
}

describe("a random fault", () => {
  it("is the same for the same seed, and can be JSON unless it has infinite numbers", () => {
    expect(seeds.map(randomFault)).toEqual(faults);
    const finite = faults.filter(({ chunkBytes }) => chunkBytes !== Infinity);
    expect(JSON.parse(JSON.stringify(finite))).toEqual(finite);
    expect(new Set(faults.map((fault) => JSON.stringify(fault))).size).toBeGreaterThan(200);
  });

  it("may be of any kind", () => {
    const kinds = ["noResponse", "disconnectAfter", "disconnectAtByte", "endAfter", "endAtByte", "stallAfter"] as const;
    const others = ["stallAtByte", "stallPings", "errorAfter", "malformAt", "duplicateAt", "swapAt"] as const;
    const rest = ["invalidUtf8At", "endless", "contentType", "reset", "halfClose", "gzip", "chunkBytes"] as const;
    for (const kind of [...kinds, ...others, ...rest]) {
      expect(faults.some((fault) => fault[kind] !== undefined && fault[kind] !== false)).toBe(true);
    }
  });

  it("can be played, whatever its kind", async () => {
    const outcomes = new Set<string>();
    for (let first = 0; first < 60; first += 20) {
      for (const each of await Promise.all(faults.slice(first, first + 20).map(outcome))) outcomes.add(each);
    }
    expect([...outcomes].toSorted()).toEqual(["0 none", "200 ECONNRESET", "200 null"]);
  });
});
