// What becomes of each stream of the soak, by its number: the server plays it, and the client knows what to expect.

/** A number from 0 to 1, always the same for the same seed. */
export function random(seed) {
  let state = (seed + 0x9e3779b9) | 0;
  state = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
  state = Math.imul(state ^ (state >>> 15), 0x735a2d97);
  return ((state ^ (state >>> 15)) >>> 0) / 2 ** 32;
}

/** The faults, and how many streams of a hundred have them. What happens before the first content happens once. */
const KINDS = [
  ["whole", 40],
  ["reset-before-headers", 5],
  ["reset-before-content", 5],
  ["overloaded-529", 5],
  ["overloaded-event", 5],
  ["reset", 8],
  ["end", 8],
  ["error-event", 4],
  ["malformed", 4],
  ["stall", 4],
  ["break", 6],
  ["abort", 6],
];

const BEFORE_CONTENT = /before|overloaded/;

/** The outcome of each kind that is not complete. */
const OUTCOMES = {
  reset: "truncated",
  end: "truncated",
  "error-event": "failed",
  malformed: "failed",
  stall: "failed",
  break: "aborted",
  abort: "aborted",
};

/** The plan of a stream. */
export function planOf(seed) {
  let place = random(seed) * 100;
  const [kind] = KINDS.find(([, share]) => (place -= share) < 0) ?? KINDS[0];
  const count = 5 + Math.floor(random(seed + 1e6) * 25);
  const at = 1 + Math.floor(random(seed + 2e6) * (count - 2));
  const texts = Array.from({ length: count }, (_, index) => `${seed}.${index} `);
  const outcome = OUTCOMES[kind] ?? "complete";
  return {
    kind,
    texts,
    /** After so many pieces of text the fault comes. */
    at,
    isOnce: BEFORE_CONTENT.test(kind),
    outcome,
    content: texts.slice(0, outcome === "complete" ? count : at).join(""),
    /** A connection that was reused, and is reset before any byte comes, is no attempt that failed: 1 or 2. */
    attempts: kind === "reset-before-headers" ? null : BEFORE_CONTENT.test(kind) ? 2 : 1,
  };
}
