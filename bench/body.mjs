// The bodies that the bench's server sends: shaped as Anthropic sends them, and the same in every run.

const PROSE = `**The Name of the Wind** is a story told over three days. Kvothe, an innkeeper who was once
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

/** Frames of a message that asks for one tool, whose input comes in fragments of 12 characters, after an empty one. */
export function toolFrames(shape, bytes) {
  const random = seeded(bytes);
  const fragments = ["", ...spaced(documents[shape](bytes)).match(/[^]{1,12}/g)];
  const block = { type: "tool_use", id: id("toolu", random), name: "save", input: {} };
  return frames(
    random,
    block,
    fragments.map((partial_json) => ({ type: "input_json_delta", partial_json })),
  );
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

/** Frames of a message of `count` text deltas; half of them are of ten characters or fewer, as in recorded streams. */
export function textFrames(count) {
  const random = seeded(count);
  const points = [...PROSE];
  let at = 0;
  const deltas = Array.from({ length: count }, () => {
    const length = 2 + Math.floor(45 * random() ** 3);
    const text = Array.from({ length }, (_, offset) => points[(at + offset) % points.length]).join("");
    at += length;
    return { type: "text_delta", text };
  });
  return frames(random, { type: "text", text: "" }, deltas);
}

/** Frames of a message whose `count` deltas add nothing to it: thinking that is not shown, with its token estimate. */
export function emptyFrames(count) {
  const random = seeded(count);
  const delta = (_, index) => ({ type: "thinking_delta", thinking: "", estimated_tokens: 8 * index });
  return frames(random, { type: "thinking", thinking: "", signature: "" }, Array.from({ length: count }, delta));
}

/** Frames of a message with one frame of about `bytes` bytes: a page that the provider's web fetch tool returns. */
export function largeFrames(bytes) {
  const page = JSON.stringify(PROSE).length - 2;
  const data = PROSE.repeat(Math.ceil(bytes / page));
  const source = { type: "text", media_type: "text/plain", data };
  const document = { type: "document", source, title: "A page" };
  const content = { type: "web_fetch_result", url: "https://example.com/", content: document };
  const random = seeded(bytes);
  return frames(random, { type: "web_fetch_tool_result", tool_use_id: id("srvtoolu", random), content }, []);
}

function frames(random, block, deltas) {
  const wire = (event) => frame(event, random);
  const usage = { input_tokens: 24, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 1 };
  const stop = { stop_reason: "end_turn", stop_sequence: null };
  return [
    wire({ type: "message_start", message: message({ ...usage, service_tier: "standard" }, random) }),
    wire({ type: "content_block_start", index: 0, content_block: block }),
    Buffer.from(`event: ping\ndata: {"type": "ping"}\n\n`),
    ...deltas.map((delta) => wire({ type: "content_block_delta", index: 0, delta })),
    wire({ type: "content_block_stop", index: 0 }),
    wire({ type: "message_delta", delta: stop, usage: { ...usage, output_tokens: deltas.length + 1 } }),
    wire({ type: "message_stop" }),
  ];
}

function message(usage, random) {
  const identity = { model: "claude-sonnet-5-5", id: id("msg", random), type: "message", role: "assistant" };
  return { ...identity, content: [], stop_reason: null, stop_sequence: null, stop_details: null, usage };
}

/** One server-sent event. Anthropic pads the JSON with 0 to 15 spaces before its last brace. */
function frame(event, random) {
  const padding = " ".repeat(Math.floor(16 * random()));
  return Buffer.from(`event: ${event.type}\ndata: ${JSON.stringify(event).slice(0, -1)}${padding}}\n\n`);
}

const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** An id such as `msg_018bk6q16LtrDpGDm6TyXTgn`. */
function id(prefix, random) {
  return `${prefix}_01${Array.from({ length: 22 }, () => BASE58[Math.floor(58 * random())]).join("")}`;
}

/** Random numbers from 0 to 1 (mulberry32), the same for the same seed. */
function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
