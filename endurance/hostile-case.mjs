// Hostile cases: valid replies in which anything may be replaced, doubled, swapped or cut, and ways to read them. A case
// is plain data, the same for the same seed.

/** Draws values; always the same for the same seed. */
export function drawer(seed) {
  let state = (seed * 0x9e3779b9 + 0x85ebca6b) >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (limit) => Math.floor(next() * limit);
  return {
    integer,
    chance: (share) => next() < share,
    pick: (list) => list[integer(list.length)],
    times: (limit, make) => Array.from({ length: integer(limit + 1) }, make),
  };
}

/** Values that a careless reader stumbles over. Those that begin with "@" become what JSON alone can write, in {@link framesOf}. */
const VALUES = [
  ...[null, {}, [], "", -1, 1e308, true, false, 0, 0.5, "0", "x", " ", "__proto__", "constructor", "tool_use", "text"],
  ...[{ toString: 1 }, { then: 1 }, { length: 3 }, { toJSON: 1 }, { type: "text" }, { type: "tool_use" }, [null], [[]]],
  ...[{ type: "text", text: null }, { valueOf: 1, toString: 1 }, "refusal", "pause_turn", "max_tokens", "end_turn"],
  ...["@deep", "@nested", "@long", "@infinite", "@surrogate", "@negative-zero"],
];
const WRITTEN = {
  "@deep": `${"[".repeat(5_000)}${"]".repeat(5_000)}`,
  "@nested": `${'{"a":'.repeat(900)}1${"}".repeat(900)}`,
  "@long": `"${"long <b>words</b> ".repeat(1_000)}"`,
  "@infinite": "1e400",
  "@surrogate": '"\\ud800"',
  "@negative-zero": "-0",
};
const KEYS = [
  "__proto__",
  "constructor",
  "then",
  "toJSON",
  "length",
  "toString",
  "prototype",
  "error",
  "type",
  "usage",
];
/** Frames that are no events of the Messages API. */
const ODD_FRAMES = [
  ": a comment\n\n",
  "event: ping\ndata: {}\n\n",
  "data: [DONE]\n\n",
  "data\n\n",
  "event: constructor\ndata: {}\n\n",
  'data: {"type":"__proto__"}\n\n',
  'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n',
  'data: {"error":null}\n\n',
  'data: {"type":"error","error":{"toString":1}}\n\n',
  "event: error\ndata: <html>\n\n",
  "data: {\n\n",
  "id: 1\nretry: 1\n\n",
];

const usage = { input_tokens: 10, cache_read_input_tokens: 5, cache_creation_input_tokens: 2, output_tokens: 1 };
const start = (message = {}) => ({
  type: "message_start",
  message: {
    ...{ id: "msg_1", type: "message", role: "assistant", model: "claude-sonnet-5-5", content: [] },
    ...{ stop_reason: null, stop_sequence: null, usage },
    ...message,
  },
});
const end = (stop_reason, more = {}) => [
  {
    type: "message_delta",
    delta: { stop_reason, stop_sequence: null },
    usage: { output_tokens: 25, output_tokens_details: { thinking_tokens: 3 }, ...more },
  },
  { type: "message_stop" },
];
/** A block and the deltas that fill it. */
const block = (index, content_block, ...deltas) => [
  { type: "content_block_start", index, content_block },
  ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
  { type: "content_block_stop", index },
];
const text = (index, ...texts) =>
  block(index, { type: "text", text: "" }, ...texts.map((part) => ({ type: "text_delta", text: part })));
const thinking = (index) =>
  block(
    index,
    { type: "thinking", thinking: "", signature: "" },
    { type: "thinking_delta", thinking: "Let me " },
    { type: "thinking_delta", thinking: "think." },
    { type: "signature_delta", signature: "c2lnbmVk" },
  );
const tool = (index, name, ...json) =>
  block(
    index,
    { type: "tool_use", id: `toolu_${index}`, name, input: {} },
    ...json.map((partial_json) => ({ type: "input_json_delta", partial_json })),
  );
const citation = (cited_text) => ({
  type: "citations_delta",
  citation: {
    ...{ type: "char_location", cited_text, document_index: 0, document_title: "A" },
    ...{ start_char_index: 0, end_char_index: 5 },
  },
});

/** Valid replies of every kind. */
const SHAPES = {
  text: () => [start(), { type: "ping" }, ...text(0, "Hello", ", ", "world", "!"), ...end("end_turn")],
  thinking: () => [start(), ...thinking(0), ...text(1, "The answer ", "is 42."), ...end("end_turn")],
  tools: () => [
    ...[start(), ...text(0, "One moment.")],
    ...tool(1, "get_weather", '{"city":', '"Paris","days"', ":[1,2]}"),
    ...tool(2, "get_time"),
    ...tool(3, "unknown", "{}"),
    ...end("tool_use"),
  ],
  thinkingTools: () => [
    ...[start(), ...thinking(0)],
    ...tool(1, "get_weather", "", '{"city":"Rome"}'),
    ...tool(2, "get_weather", '{"city":"Oslo"}'),
    ...end("tool_use"),
  ],
  serverTools: () => [
    ...[start(), ...text(0, "I look it up.")],
    ...block(
      1,
      { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: {} },
      { type: "input_json_delta", partial_json: '{"query":"millrace"}' },
    ),
    ...block(2, {
      type: "web_search_tool_result",
      tool_use_id: "srvtoolu_1",
      content: [{ type: "web_search_result", url: "https://example.com", title: "A", encrypted_content: "x" }],
    }),
    ...block(
      3,
      { type: "text", text: "", citations: [] },
      citation("millrace"),
      { type: "text_delta", text: "A channel." },
      citation("channel"),
    ),
    ...end("end_turn", { server_tool_use: { web_search_requests: 1 } }),
  ],
  paused: () => [
    ...[start(), ...text(0, "I look it up.")],
    ...block(1, { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "x" } }),
    ...end("pause_turn"),
  ],
  whole: () => [
    start({
      content: [
        { type: "text", text: "All at once." },
        { type: "tool_use", id: "toolu_1", name: "get_weather", input: { city: "Bonn" } },
        { type: "tool_use", id: "toolu_2", name: "get_time", input: {} },
      ],
      stop_reason: "tool_use",
    }),
    ...end("tool_use"),
  ],
  rare: () => [
    start({ container: { id: "container_1", expires_at: "2030-01-01" } }),
    ...block(0, { type: "redacted_thinking", data: "eHl6" }),
    ...block(1, { type: "compaction", content: null }, { type: "compaction_delta", content: "In short." }),
    ...block(2, { type: "fallback", from: { model: "claude-opus-5" }, to: { model: "claude-sonnet-5-5" } }),
    ...block(3, { type: "hologram", shape: { edges: [1, 2] } }, { type: "hologram_delta", edge: 3 }),
    ...text(4, "Whole."),
    ...end("end_turn", {
      iterations: [
        { type: "compaction", input_tokens: 5, output_tokens: 2 },
        { type: "fallback_message", model: "claude-sonnet-5-5", input_tokens: 10, output_tokens: 25 },
      ],
      service_tier: "standard",
    }),
  ],
  refusal: () => [start(), ...text(0, "I will "), ...end("refusal"), { type: "hologram" }],
  cut: () => [start(), ...text(0, "Long"), ...tool(1, "get_weather", '{"city":"Pa').slice(0, -1), ...end("max_tokens")],
  empty: () => [start(), ...end("end_turn")],
  json: () => [
    start(),
    ...text(0, '{"value":[{"title"', ':"A"},{"title":"B', '"},{"title":"C"}]}'),
    ...end("end_turn"),
  ],
  jsonTool: () => [
    ...[start(), ...tool(0, "respond", '{"value":[{"title"', ':"A"},{"title":"B"}]}')],
    ...end("tool_use"),
  ],
};

/** The places of all values in an event. */
function placesIn(value, place = [], found = []) {
  if (typeof value !== "object" || value === null) return found;
  for (const key of Object.keys(value)) {
    found.push([...place, key]);
    placesIn(value[key], [...place, key], found);
  }
  return found;
}

function drawChange(draw, events) {
  const at = draw.integer(events.length);
  const places = placesIn(events[at]);
  const place = draw.pick(places);
  const kind = draw.integer(16);
  if (kind < 7) return { do: "replace", at, place, value: draw.pick(VALUES) };
  if (kind < 9) return { do: "add", at, place: place.slice(0, -1), key: draw.pick(KEYS), value: draw.pick(VALUES) };
  if (kind < 10) return { do: "remove", at, place };
  if (kind < 11) return { do: "drop", at };
  if (kind < 12) return { do: "double", at };
  if (kind < 13) return { do: "swap", at, with: draw.integer(events.length) };
  if (kind < 14) return { do: "end", at };
  if (kind < 15) return { do: "repeat", at, until: at + 1 + draw.integer(6) };
  return { do: "insert", at, frame: draw.pick(ODD_FRAMES) };
}

function drawReply(draw, shapes) {
  const other = draw.integer(20);
  if (other === 0)
    return { kind: "status", status: draw.pick([400, 404, 429, 500, 529, 302, 204]), body: drawBody(draw) };
  if (other === 1) return { kind: draw.pick(["reject", "throw", "type"]), body: drawBody(draw) };
  const shape = draw.pick(shapes);
  const events = SHAPES[shape]();
  const count = draw.pick([0, 1, 1, 1, 1, 2, 2, 3, 6]);
  return {
    kind: other === 2 ? "json" : "stream",
    events,
    changes: Array.from({ length: count }, () => drawChange(draw, events)),
    /** After which share of the bytes the body ends. */
    cut: draw.chance(0.15) ? draw.integer(1_000) / 1_000 : 1,
    end: draw.pick(["clean", "clean", "clean", "clean", "reset", "open"]),
    pieces: draw.pick(["whole", "whole", "events", "random", "random", "tiny"]),
  };
}

function drawBody(draw) {
  return draw.pick([
    '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
    '{"error":{"type":{"toString":1},"message":{"then":1}}}',
    '{"error":"__proto__"}',
    "<html><title>502</title><body>Bad gateway</body></html>",
    "null",
    "",
    "[".repeat(5_000),
  ]);
}

const MODELS = ["claude-sonnet-5-5", "claude-3-5-haiku-20241022", "claude-opus-4-1", "a-model-of-ours"];
const VALIDATORS = ["none", "none", "ok", "ok", "issues", "throw", "odd", "async", "late", "reject", "never"];
const READERS = ["pairs", "pairs", "pairs", "text", "response", "promise", "parallel", "agent", "agent", "finish"];
const STRUCTURED = ["values", "elements", "parse", "extract"];

/** The case of a seed. */
export function drawCase(seed) {
  const draw = drawer(seed);
  const isStructured = draw.chance(0.25);
  const reader = draw.pick(isStructured ? STRUCTURED : READERS);
  const names = Object.keys(SHAPES);
  const shapes = isStructured ? ["json", "json", "jsonTool", ...names] : names;
  const validator = draw.pick(VALIDATORS);
  const hasTools = !isStructured && (draw.chance(0.6) || reader === "agent" || reader === "finish");
  return {
    seed,
    model: draw.pick(MODELS),
    isReal: draw.chance(0.03),
    reader,
    replies: [drawReply(draw, shapes), ...draw.times(3, () => drawReply(draw, shapes))],
    tools: hasTools ? { isPartial: draw.chance(0.5), runEarly: draw.chance(0.3), call: draw.integer(6) } : null,
    validator,
    validationRetries: draw.integer(3),
    retry: draw.pick([false, 1, 2, 3]),
    onInterrupt: draw.pick(["fail", "fail", "restart", "continue", "continue", { continueWith: "Go on." }]),
    fallback: draw.pick(["none", "none", "none", "model", "always", "throws"]),
    budget: draw.pick([null, null, null, null, { outputTokens: draw.integer(30) }, { cost: draw.pick([0, 1e-5, 1]) }]),
    prices: draw.pick(["none", "none", "none", "own", "null", "odd", "negative", "throws"]),
    limit: draw.pick([
      null,
      null,
      null,
      null,
      { frame: 200 + draw.integer(3_000) },
      { response: 1 + draw.integer(9_000) },
    ]),
    total: validator === "never" || draw.chance(0.05) ? 5 + draw.integer(40) : null,
    isLimited: draw.chance(0.1),
    agent: { approve: draw.pick([null, null, true, false, "No.", "throws"]), parallel: 1 + draw.integer(3) },
    leave: {
      how: draw.pick(["never", "never", "never", "break", "throw", "abort", "signal", "return", "dispose", "timer"]),
      at: draw.integer(12),
    },
  };
}

/** The frames of a reply, as bytes of their own. */
export function framesOf({ events, changes }) {
  const list = events.map((event) => ({ name: event.type, event: copy(event) }));
  for (const change of changes) {
    const { at } = change;
    const target = list[at];
    if (target === undefined || (target.event === undefined && change.place !== undefined)) continue;
    if (change.do === "drop") list.splice(at, 1);
    if (change.do === "double") list.splice(at, 0, { ...target, event: copy(target.event) });
    if (change.do === "end") list.length = at;
    if (change.do === "repeat") list.splice(change.until, 0, ...list.slice(at, change.until).map(copy));
    if (change.do === "insert") list.splice(at, 0, { frame: change.frame });
    if (change.do === "swap" && list[change.with] !== undefined) {
      list[at] = list[change.with];
      list[change.with] = target;
    }
    if (change.place === undefined) continue;
    const path = change.do === "add" ? [...change.place, change.key] : change.place;
    const parent = path.slice(0, -1).reduce((value, key) => own(value, key), target.event);
    if (typeof parent !== "object" || parent === null) continue;
    const key = path.at(-1);
    // Without the changes before it, it may have come to a list.
    if (Array.isArray(parent) && key === "length") continue;
    if (change.do === "remove") delete parent[key];
    else
      Object.defineProperty(parent, key, {
        value: copy(change.value),
        enumerable: true,
        configurable: true,
        writable: true,
      });
  }
  return list.map(({ name, event, frame }) => frame ?? `event: ${name}\ndata: ${written(event)}\n\n`);
}

/** The message of a reply that comes whole, as JSON. */
export function messageOf(reply) {
  const [first = { message: null }] = framesOf(reply);
  const data = /^data: (.*)$/m.exec(first)?.[1] ?? "{}";
  try {
    return JSON.stringify(JSON.parse(data).message ?? null);
  } catch {
    return data;
  }
}

function own(value, key) {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** As JSON has it: an own `__proto__` stays one. */
function copy(value) {
  return value === undefined ? value : JSON.parse(JSON.stringify(value));
}

function written(event) {
  return JSON.stringify(event).replace(/"(@[a-z-]+)"/g, (found, name) => WRITTEN[name] ?? found);
}
