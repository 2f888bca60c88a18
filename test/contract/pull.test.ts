import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { iterators, list } from "./iterators.ts";
import { beats, expectClosed, gate, open, reply, within } from "./reading.ts";
import type { Beat, Server } from "./subject.ts";
import { subjects } from "./subjects.ts";

/** How far the client may read ahead. */
const AHEAD = 256 * 1024;
/** What is sent at a time; some of it is read before it becomes a pair. */
const PIECE = 16 * 1024;
/** More than the kernel holds for both ends of a connection. */
const PIECES = 1_200;

/** How many bytes the client has read from a server. */
function bytesRead({ url }: Server): number {
  const port = Number(new URL(url).port);
  const handles = (process as unknown as { _getActiveHandles(): unknown[] })._getActiveHandles();
  const sockets = handles.filter(
    (handle): handle is { readonly remotePort: number; readonly bytesRead: number } =>
      typeof handle === "object" && handle !== null && "remotePort" in handle && handle.remotePort === port,
  );
  expect(sockets).toHaveLength(1);
  return sockets[0]?.bytesRead ?? Number.NaN;
}

/** Waits until nothing moves any more: there is no event for that. */
async function untilStill(read: () => number): Promise<number> {
  for (let before = -1; ;) {
    const now = read();
    if (now === before) return now;
    before = now;
    await delay(60);
  }
}

describe.each(subjects)("S4: pull ($name)", (subject) => {
  const long = `"${"x".repeat(PIECE)}",`;

  it.each(iterators)("reads no further than 256 KB ahead of its reader: %s", async (_, openReading) => {
    let sent = 0;
    let last = gate();
    const pieces = Array.from({ length: PIECES }, (): Beat[] => [
      { text: long },
      {
        wait: () => {
          sent++;
          last.open();
        },
      },
    ]);
    await using server = await subject.serve(() => beats({ text: list.start }, ...pieces.flat(), { text: list.end }));
    const reading = openReading(subject, server);
    const { iterator } = reading;
    for (let reads = 0; reads < 4; reads++) expect((await iterator.next()).done).toBe(false);
    const stalledAt = await untilStill(() => sent);
    expect(stalledAt).toBeLessThan(PIECES);
    const read = await untilStill(() => bytesRead(server));
    expect(read).toBeLessThan(AHEAD + 8 * PIECE);
    // The server goes on when the reader does.
    last = gate();
    let isFurther = false;
    void last.opened.then(() => (isFurther = true));
    for (let reads = 0; reads < PIECES && !isFurther; reads++) await within(1_000, iterator.next(), "the next value");
    expect(isFurther).toBe(true);
    await iterator.return?.();
    await expectClosed(server);
  });

  it("holds from the first read on, however much comes with the headers", async () => {
    const pieces = Array.from({ length: PIECES }, () => long);
    await using server = await subject.serve(() => ({ ...reply(...pieces), pieceSize: 1024 * 1024 }));
    const stream = open(subject, server);
    await stream[Symbol.asyncIterator]().next();
    expect(await untilStill(() => bytesRead(server))).toBeLessThan(AHEAD + 2 * PIECE);
    stream.abort();
  });
});
