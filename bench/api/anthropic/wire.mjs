// The bodies of the Messages API: shaped as Anthropic sends them.
import { documents, fragmentsOf, PROSE, seeded } from "../../body.mjs";

/** The path of the API below the base URL of a scenario. */
export const path = "/v1/messages";

/** What its responses have for headers. */
export const headers = {
  "request-id": "req_011Bench",
  "anthropic-organization-id": "00000000-0000-4000-8000-000000000000",
  "anthropic-ratelimit-requests-limit": "4000",
  "anthropic-ratelimit-requests-remaining": "3999",
  "anthropic-ratelimit-requests-reset": "2026-01-01T00:00:00Z",
  "anthropic-ratelimit-input-tokens-limit": "2000000",
  "anthropic-ratelimit-input-tokens-remaining": "2000000",
  "anthropic-ratelimit-input-tokens-reset": "2026-01-01T00:00:00Z",
};

/** The frames of a reply of a size, by what it has. */
export const replies = {
  text: textFrames,
  empty: emptyFrames,
  frame: (megabytes) => largeFrames(megabytes * 2 ** 20),
  ...Object.fromEntries(Object.keys(documents).map((shape) => [shape, (bytes) => toolFrames(shape, bytes)])),
};

/** Frames of a message that asks for one tool, whose input comes in fragments of 12 characters, after an empty one. */
function toolFrames(shape, bytes) {
  const random = seeded(bytes);
  const fragments = fragmentsOf(shape, bytes);
  const block = { type: "tool_use", id: id("toolu", random), name: "save", input: {} };
  return frames(
    random,
    block,
    fragments.map((partial_json) => ({ type: "input_json_delta", partial_json })),
  );
}

/** Frames of a message of `count` text deltas; half of them are of ten characters or fewer, as in recorded streams. */
function textFrames(count) {
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
function emptyFrames(count) {
  const random = seeded(count);
  const delta = (_, index) => ({ type: "thinking_delta", thinking: "", estimated_tokens: 8 * index });
  return frames(random, { type: "thinking", thinking: "", signature: "" }, Array.from({ length: count }, delta));
}

/** Frames of a message with one frame of about `bytes` bytes: a page that the provider's web fetch tool returns. */
function largeFrames(bytes) {
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
