import type { DeliveryOptions } from "./delivery.ts";
import { seededRandom, type Random } from "./random.ts";

/** Makes the options of each kind of fault, with numbers that suit a short reply. */
const FAULTS: readonly ((random: Random) => DeliveryOptions)[] = [
  (random) => ({ noResponse: true, ...lossOf(random) }),
  (random) => ({ disconnectAfter: events(random), ...lossOf(random) }),
  (random) => ({ disconnectAtByte: bytes(random), ...lossOf(random) }),
  (random) => ({ disconnectAtByte: -1 - random.integer(50), ...lossOf(random) }),
  (random) => ({ endAfter: events(random) }),
  (random) => ({ endAfter: -1 - random.integer(3) }),
  (random) => ({ endAtByte: bytes(random) }),
  (random) => ({ stallAfter: events(random), ...(random.integer(2) === 0 ? { stallPings: 5 } : {}) }),
  (random) => ({ stallAtByte: bytes(random) }),
  (random) => ({ errorAfter: events(random), errorType: oneOf(random, ["overloaded_error", "api_error"]) }),
  (random) => ({ malformAt: events(random) }),
  (random) => ({ duplicateAt: events(random) }),
  (random) => ({ swapAt: events(random) }),
  (random) => ({ invalidUtf8At: events(random) }),
  (random) => ({
    endless: oneOf(random, ["delta", "ping", "comment", "padding"]),
    endlessAfter: 2 + random.integer(4),
    endlessBytes: 1 + random.integer(2_000_000),
  }),
  (random) => ({ contentType: oneOf(random, ["text/html", "application/json", "text/plain"]) }),
];

/** The ways to deliver a reply with a fault. */
const STYLES: readonly DeliveryOptions[] = [
  {},
  {},
  { chunkBytes: 7 },
  { chunkBytes: 100 },
  { chunkBytes: Infinity },
  { gzip: true },
  { lineEnd: "\r\n" },
];

/**
 * Picks a fault of any kind, its position in the reply, and a way to deliver the reply, always the same for the same
 * seed. For long-running tests, which should report the seed when they fail. A fault whose position lies beyond the end
 * of the reply does not strike. A stall lasts until the client closes the connection.
 *
 * @param seed - An integer. Adjacent seeds give unrelated faults.
 * @example
 * ```ts
 * import { fakeAnthropic, randomFault, reply } from "millrace/testing";
 *
 * const seed = 7;
 * await using server = await fakeAnthropic({ replies: [reply("Hello", randomFault(seed)), "Hello again"] });
 * ```
 */
export function randomFault(seed: number): DeliveryOptions {
  const random = seededRandom(seed);
  const fault = oneOf(random, FAULTS)(random);
  return { ...oneOf(random, STYLES), ...fault };
}

/** The way in which a connection is lost. */
function lossOf(random: Random): DeliveryOptions {
  return oneOf<DeliveryOptions>(random, [{}, { reset: true }, { halfClose: true }]);
}

/** A number of events; most replies have more. */
function events(random: Random): number {
  return random.integer(10);
}

/** A number of bytes; most replies are longer. */
function bytes(random: Random): number {
  return random.integer(1200);
}

function oneOf<const Item>(random: Random, items: readonly Item[]): Item {
  const item = items[random.integer(items.length)];
  if (item === undefined) throw new Error("There is nothing to choose from.");
  return item;
}
