import { PACE_MS, tally, wrongWith } from "../words.mjs";

/** How much later than its lease a run may settle. */
export const GRACE_MS = 2_000;
/** When a reader hangs. */
const HUNG_MS = 10_000;
/** What is written behind: about 100 ms of the reply may be lost with its producer. */
const MOST_LOST = 8;

/** What is wrong with a reader that was to get the whole reply. */
export async function wrongUnlessWhole(name, reading, { words, limitMs = HUNG_MS + words * PACE_MS }) {
  if (reading === null) return `${name}: nothing there`;
  if (!(await reading.ended(limitMs))) return `${name}: hung after ${tally(reading.words).last} of ${words}`;
  const wrong = wrongWith(reading.words, words);
  if (wrong !== null) return `${name}: ${wrong}${reading.outcome === "complete" ? "" : ` (${saidBy(reading)})`}`;
  return reading.outcome === "complete" ? null : `${name}: ${saidBy(reading)}`;
}

/** What is wrong with a reader whose producer died or lost its log at a time, after it was sent so many words. */
export async function wrongUnlessCut(name, reading, { at, sent, leaseMs, mostLost = MOST_LOST }) {
  if (reading === null) return [`${name}: nothing there`];
  const limitMs = leaseMs + GRACE_MS;
  const hasEnded = await reading.ended(Math.max(limitMs, HUNG_MS) + at - Date.now());
  if (!hasEnded) return [`${name}: hung`];
  const { last, lost, doubled, inOrder } = tally(reading.words);
  const tail = Math.max(0, sent - last);
  return [
    reading.endedAt - at > limitMs && `${name}: settled only after ${seconds(reading.endedAt - at)}`,
    reading.outcome === "complete" && `${name}: said to be complete`,
    lost > 0 && `${name}: ${lost} lost in between`,
    doubled > 0 && `${name}: ${doubled} doubled`,
    !inOrder && doubled === 0 && `${name}: out of order`,
    tail > mostLost && `${name}: ${tail} of ${sent} lost`,
  ];
}

export const lostBy = (reading, sent) => Math.max(0, sent - tally(reading?.words ?? []).last);
export const seconds = (ms) => `${(ms / 1_000).toFixed(1)} s`;

function saidBy({ outcome, error }) {
  return outcome === "error" ? `error ${String(error).slice(0, 80)}` : outcome;
}
