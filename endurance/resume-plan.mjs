// Draws a kept run by its seed: what the provider sends, who reads it and when, and what goes wrong.
import { random } from "./plan.mjs";

/** Numbers from 0 to 1 that a seed gives, and what is drawn with them. */
export function drawer(seed) {
  let drawn = 0;
  const next = () => random(seed * 65_537 + drawn++);
  const below = (limit) => Math.floor(next() * limit);
  return { next, below, happens: (share) => next() < share, one: (list) => list[below(list.length)] };
}

/** The shortest and the longest lease, in milliseconds. */
const LEASES = [300, 450, 700];

/** How often calls of a log fail, of a thousand: before they have an effect, after it, slowly, and without an answer. */
const FAULTS = [
  { fails: 0, loses: 0, isSlow: 0, hangs: 0 },
  { fails: 0, loses: 0, isSlow: 0, hangs: 0 },
  { fails: 150, loses: 0, isSlow: 0, hangs: 0 },
  { fails: 0, loses: 200, isSlow: 0, hangs: 0 },
  { fails: 0, loses: 0, isSlow: 500, hangs: 0 },
  { fails: 80, loses: 80, isSlow: 200, hangs: 10 },
];

export function drawRun(seed) {
  const draw = drawer(seed);
  const { below, happens, one } = draw;
  const isAgent = happens(0.2);
  const hasTools = isAgent || happens(0.3);
  const length = one([3, 8, 20, 40]);
  const count = isAgent ? 1 + below(3) : one([1, 1, 1, 2, 3]);
  const replies = Array.from({ length: count }, (_, place) =>
    drawReply(draw, { length, hasTools, isAgent, isLast: place === count - 1 }),
  );
  const spread = 40 + length * 12;
  return {
    seed,
    isAgent,
    hasTools,
    partialTools: hasTools && !isAgent && happens(0.4),
    onInterrupt: one(["fail", "restart", "continue"]),
    leaseMs: one(LEASES),
    replies,
    faults: one(FAULTS),
    fate: happens(0.25) ? { how: one(["dies", "dies", "freezes"]), atMs: below(spread), forMs: below(900) } : null,
    replacedAtMs: happens(0.1) ? below(spread) : null,
    live: { takes: happens(0.3) ? below(length) : Infinity, pauseMs: one([0, 0, 0, 5]) },
    readers: Array.from({ length: below(5) }, () => drawReader(draw, length, spread)),
    stops: Array.from({ length: happens(0.2) ? 1 + below(2) : 0 }, () => ({ atMs: below(spread * 2) })),
  };
}

function drawReader({ below, happens, one }, length, spread) {
  return {
    atMs: below(happens(0.2) ? spread * 3 : spread),
    after: happens(0.3) ? below(length + 3) : 0,
    // Before its first answer a reader does not know the lease, and waits for 10 s.
    faults: { ...one(FAULTS), hangs: 0 },
    /** How many pairs it takes before it leaves, and how long it is gone; then it reads to the end. */
    visits: Array.from({ length: one([0, 0, 1, 3]) }, () => ({ takes: 1 + below(10), goneMs: below(60) })),
    hasCall: happens(0.5),
    /** Goes on with the reply if its producer is gone. */
    continues: happens(0.3),
  };
}

const ENDS = ["whole", "whole", "whole", "whole", "whole", "reset", "cut", "error", "refused", "open"];

function drawReply({ below, happens, one }, { length, hasTools, isAgent, isLast }) {
  const callsTools = hasTools && (isAgent ? !isLast || happens(0.1) : happens(0.7));
  const texts = Array.from({ length: 1 + below(length) }, (_, nth) => `${nth} ${"word ".repeat(1 + below(4))}`);
  const isPaced = happens(0.7);
  return {
    texts: happens(0.02) ? texts.map((text) => text.repeat(400)) : texts,
    tools: callsTools ? Array.from({ length: 1 + below(2) }, () => one(INPUTS)) : [],
    /** Before which frame the provider waits, and how long. */
    pauses: Array.from({ length: texts.length + 8 }, () =>
      isPaced && happens(0.4) ? below(happens(0.03) ? 700 : 30) : 0,
    ),
    end: isLast && !happens(0.3) ? "whole" : one(ENDS),
    /** How much of it comes before an end that is not whole. */
    share: below(100) / 100,
  };
}

const INPUTS = ['{"zone":"Rome"}', '{"zone":"Oslo"}', '{"zone":7}'];

/** The events of a reply, as the provider sends them. */
export function eventsOf({ texts, tools, end, share }) {
  const events = [
    { type: "message_start", message: MESSAGE },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    ...texts.map((text) => ({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } })),
    { type: "content_block_stop", index: 0 },
    ...tools.flatMap((input, place) => callOf(input, place + 1)),
    { type: "ping" },
    {
      type: "message_delta",
      delta: { stop_reason: tools.length > 0 ? "tool_use" : "end_turn", stop_sequence: null },
      usage: { output_tokens: 42 },
    },
    { type: "message_stop" },
  ];
  // A message is whole once it has its stop reason.
  return end === "whole" ? events : events.slice(0, 1 + Math.floor(share * (events.length - 3)));
}

function callOf(input, index) {
  const delta = (partial_json) => ({
    type: "content_block_delta",
    index,
    delta: { type: "input_json_delta", partial_json },
  });
  return [
    {
      type: "content_block_start",
      index,
      content_block: { type: "tool_use", id: `toolu_${index}`, name: "clock", input: {} },
    },
    delta(input.slice(0, 5)),
    delta(input.slice(5)),
    { type: "content_block_stop", index },
  ];
}

const MESSAGE = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "claude-sonnet-5-5",
  content: [],
  stop_reason: null,
  stop_sequence: null,
  usage: { input_tokens: 10, output_tokens: 1 },
};

/** Simpler runs than one that fails, which may fail the same way. */
export function simplerThan(plan) {
  const without = (list, change) => list.map((_, place) => change(list.filter((__, at) => at !== place)));
  const quiet = FAULTS[0];
  return [
    ...without(plan.readers, (readers) => ({ ...plan, readers })),
    ...(plan.replies.length > 1 ? without(plan.replies, (replies) => ({ ...plan, replies })) : []),
    { ...plan, stops: [] },
    { ...plan, fate: null },
    { ...plan, replacedAtMs: null },
    { ...plan, faults: quiet },
    { ...plan, readers: plan.readers.map((reader) => ({ ...reader, faults: quiet })) },
    { ...plan, readers: plan.readers.map((reader) => ({ ...reader, visits: [] })) },
    { ...plan, readers: plan.readers.map((reader) => ({ ...reader, after: 0 })) },
    { ...plan, live: { takes: Infinity, pauseMs: 0 } },
    { ...plan, replies: plan.replies.map((reply) => ({ ...reply, pauses: reply.pauses.map(() => 0) })) },
    { ...plan, replies: plan.replies.map((reply) => ({ ...reply, texts: reply.texts.slice(0, 2) })) },
    { ...plan, replies: plan.replies.map((reply) => ({ ...reply, tools: [] })) },
    { ...plan, readers: plan.readers.map((reader) => ({ ...reader, continues: false })) },
    { ...plan, partialTools: false },
    { ...plan, onInterrupt: "fail" },
  ].filter((candidate) => JSON.stringify(candidate) !== JSON.stringify(plan));
}
