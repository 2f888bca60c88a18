// What the models of the bench write, and what all bodies are made with: the same in every run.

export const PROSE = `**The Name of the Wind** is a story told over three days. Kvothe, an innkeeper who was once
"the most notorious wizard his world has ever seen", tells it himself — and he's a fine liar.\n\n1. Start with the
prologue: "A silence of three parts" sets the tone.\n2. Don't rush the University; that's where the book breathes 📖.
\n| Book | Year |\n|------|------|\n| The Name of the Wind | 2007 |\n| The Wise Man's Fear | 2011 |\n\nWant *more*?
Try \`Assassin's Apprentice\`, or Gene Wolfe's "The Shadow of the Torturer" if you'd like to work for it — café talk
guaranteed. It ends where it began: with a man who's waiting to die, and a silence that was his to make.\n\n`;

/** Documents of about `bytes` bytes: what the model writes as a tool's input, by the name of their shape. */
export const documents = {
  /** Records of some 400 bytes. */
  records: (bytes) => ({ items: list(bytes, 400, (at) => record(at, 240)) }),
  /** Records of some 100 bytes. */
  small: (bytes) => ({ items: list(bytes, 100, (at) => record(at, 20)) }),
  /** One flat array of numbers. */
  flat: (bytes) => ({ items: list(bytes, 7, (at) => (at * 7919) % 100_000) }),
  /** One long string. */
  string: (bytes) => ({ items: PROSE.repeat(Math.ceil(bytes / PROSE.length)).slice(0, bytes) }),
};

/** The fragments of 12 characters in which a tool's input comes, after an empty one. */
export function fragmentsOf(shape, bytes) {
  return ["", ...spaced(documents[shape](bytes)).match(/[^]{1,12}/g)];
}

/** JSON as models write it: a space after each colon and comma. Line breaks in strings are escaped, others are not. */
function spaced(value) {
  return JSON.stringify(value, null, 1).replaceAll(/,\n */g, ", ").replaceAll(/\n */g, "");
}

function list(bytes, size, item) {
  return Array.from({ length: Math.ceil(bytes / size) }, (_, at) => item(at));
}

function record(at, length) {
  const start = (at * 17) % (PROSE.length - length);
  return { id: at, title: `Book ${at}`, read: at % 3 === 0, price: at / 4, text: PROSE.slice(start, start + length) };
}

/** Random numbers from 0 to 1 (mulberry32), the same for the same seed. */
export function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** What makes something of a size once, and gives it again when it is asked for the same size. */
export function memoized(make) {
  const made = new Map();
  return (size) => {
    if (!made.has(size)) made.set(size, make(size));
    return made.get(size);
  };
}

/** The pieces of so many text deltas that are tokens, as OpenAI's models write them: a word, three digits, a sign. */
export function tokens(count) {
  const all = PROSE.match(/ ?\p{L}{1,8}|\d{1,3}|\s+|[^\s\p{L}\d]+/gu);
  return Array.from({ length: count }, (_, at) => all[at % all.length]);
}
