// Plays a kept run, with its readers, and finds what a reader would not expect.
import { setTimeout as passed } from "node:timers/promises";
import { agent, tool } from "../dist/index.js";
import { call, client } from "../dist/anthropic.js";
import { keep, read, stop } from "../dist/resume.js";
import { processLog } from "./resume-log.mjs";
import { eventsOf } from "./resume-plan.mjs";

/** How long after the lease every reader has ended, at the latest, and how long a stop may take. */
const GRACE_MS = 2_000;
const STOP_MS = 1_000;
/** A run that has not ended after this hangs. */
const HANG_MS = 15_000;
const QUIET = { fails: 0, loses: 0, isSlow: 0, hangs: 0 };
const RUN = "one";

const clock = tool({
  name: "clock",
  description: "Tells the time.",
  inputSchema: { type: "object", properties: { zone: { type: "string" } }, required: ["zone"] },
  call: ({ zone }) => `noon in ${zone}`,
});

let count = 0;

/**
 * @param log - Shared by all.
 * @param lag - Tells for how long this process has been busy at most, since a time, in milliseconds.
 * @returns what is wrong, in words, and what became of the run.
 */
export async function play(log, plan, lag) {
  const problems = [];
  const complain = (problem) => void (problems.length < 5 && problems.push(problem));
  const run = start(log, plan);
  let timer;
  const hang = new Promise((resolve) => (timer = setTimeout(resolve, HANG_MS, "hangs")));
  const failed = (error) => complain(`playing it failed: ${error.stack}`);
  const result = await Promise.race([settle(run).catch(failed), hang]);
  clearTimeout(timer);
  if (result === "hangs") {
    complain(`something hangs: ${[...run.pending].join(", ")}`);
    run.kept.abort("hangs");
  } else if (problems.length === 0) {
    try {
      await check(run, complain, lag(run.begunAt));
    } catch (error) {
      complain(`a check failed: ${error.stack}`);
    }
  }
  await log.remove(run.place);
  return { problems, state: run.successors > 0 ? "continued" : run.kept.log.state, lagMs: lag(run.begunAt), run };
}

function start(log, plan) {
  const place = `chat ${process.pid}-${(count += 1)}`;
  const ask = asker(plan);
  const run = {
    log,
    plan,
    ask,
    place,
    key: { place, run: RUN },
    begunAt: performance.now(),
    pending: new Set(),
    successors: 0,
  };
  run.own = processLog(log, plan.faults, plan.seed);
  // A log in memory leaves its own producer more time than one that is elsewhere.
  const isDirect = isUndisturbed(plan) && plan.seed % 2 === 0;
  run.kept = keep(ask(), { log: isDirect ? log : run.own, id: place, run: RUN, lease: plan.leaseMs, ttl: 60_000 });
  return run;
}

/** Whether nothing goes wrong for the producer. */
function isUndisturbed({ faults, fate }) {
  return JSON.stringify(faults) === JSON.stringify(QUIET) && fate === null;
}

function asker({ replies, hasTools, partialTools, onInterrupt, isAgent }) {
  let sent = 0;
  const fetch = async (_url, { signal }) => responseOf(replies[Math.min(sent++, replies.length - 1)], signal);
  const options = {
    client: client({ apiKey: "sk-ant-test", baseURL: "http://127.0.0.1:1", fetch }),
    stream: partialTools ? { partialTools } : true,
    retry: { delay: 5 },
    timeout: { firstContent: 1_500, idle: 1_500 },
    onInterrupt,
    ...(hasTools && { tools: [clock] }),
  };
  const ask = call("claude-sonnet-5-5", options, () => "Hello");
  return isAgent ? agent(ask, { maxTurns: 4 }) : ask;
}

function responseOf(reply, signal) {
  if (reply.end === "refused")
    return new Response('{"type":"error","error":{"type":"overloaded_error"}}', { status: 529 });
  const events = eventsOf(reply);
  const encoder = new TextEncoder();
  let at = 0;
  let isClosed = false;
  const body = new ReadableStream(
    {
      async pull(controller) {
        const event = events[at++];
        const pauseMs = reply.pauses[at] ?? 0;
        if (pauseMs > 0) await passed(pauseMs);
        if (isClosed) return;
        if (event !== undefined)
          return controller.enqueue(encoder.encode(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`));
        if (reply.end === "reset") return controller.error(new TypeError("terminated"));
        if (reply.end === "error") controller.enqueue(encoder.encode(OVERLOADED));
        if (reply.end !== "open") return controller.close();
        await new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener("abort", resolve)));
      },
      cancel: () => void (isClosed = true),
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

const OVERLOADED = 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"No."}}\n\n';

/** Plays it all. */
async function settle(run) {
  const { kept, plan, log, place } = run;
  const part = async (name, promise) => {
    run.pending.add(name);
    const result = await promise;
    run.pending.delete(name);
    return result;
  };
  const after = async (ms, act) => {
    await passed(ms);
    return act();
  };
  const settled = kept.log.settled.then(() => void (run.settledAt ??= performance.now()));
  const tasks = [
    part(
      "the live reader",
      readLive(run).then((live) => void (run.live = live)),
    ),
    part("the producer", settled),
    ...plan.stops.map(({ atMs }, nth) =>
      part(
        `stop ${nth}`,
        after(atMs, () => stopIt(run)),
      ),
    ),
  ];
  if (plan.fate !== null)
    tasks.push(
      part(
        plan.fate.how,
        after(plan.fate.atMs, () => meet(run)),
      ),
    );
  if (plan.replacedAtMs !== null) {
    tasks.push(
      part(
        "the run that replaces it",
        after(plan.replacedAtMs, () => replace(run)).then((next) => void (run.next = next)),
      ),
    );
  }
  const readers = plan.readers.map((reader, nth) => part(`reader ${nth}`, readAs(run, reader, nth)));
  await Promise.all(tasks);
  run.found = await Promise.all(readers);
  run.last =
    (await log.read(run.key, 0)) === null
      ? null
      : await readAll(await part("a late read", read(log, place, { run: RUN, of: run.ask })));
}

/** The process of the producer dies, or is frozen for a while. */
function meet(run) {
  const { how, forMs } = run.plan.fate;
  if (run.settledAt !== undefined) return;
  if (how === "freezes") return run.own.freeze(forMs);
  run.diedAt = performance.now();
  run.own.die();
  run.kept.abort("dead");
}

async function stopIt(run) {
  const isTold = await stop(run.log, run.place, { run: RUN, reason: "enough" });
  if (isTold) run.stoppedAt ??= performance.now();
}

async function replace(run) {
  const { log, place, plan } = run;
  const wasLive = await log.read(run.key, 0).then((state) => state !== null && !state.isEnded && !state.hasLapsed);
  const ask = asker({ replies: [SHORT], onInterrupt: "fail" });
  const kept = keep(ask(), { log, id: place, run: "two", replace: true, lease: 5_000 });
  if (wasLive) run.stoppedAt ??= performance.now();
  const live = await readAll(kept);
  await kept.log.settled;
  const again = await readAll(await read(log, place));
  return {
    live,
    again,
    state: kept.log.state,
    isSame: plan.seed >= 0 && JSON.stringify(live) === JSON.stringify(again),
  };
}

const SHORT = { texts: ["One. ", "Two."], tools: [], pauses: [], end: "whole", share: 1 };

async function readLive({ kept, plan: { live, isAgent } }) {
  return readAll(kept, live, isAgent);
}

/** Reads a stream, and gives its pairs, each with its position. */
async function readAll(stream, { takes = Infinity, pauseMs = 0 } = {}) {
  if (stream === null) return null;
  const pairs = [];
  let error = null;
  let hasLeft = false;
  try {
    if (takes === 0) hasLeft = true;
    else {
      for await (const pair of stream) {
        pairs.push(`${stream.position} ${told(pair)}`);
        if (pairs.length >= takes) {
          hasLeft = true;
          break;
        }
        if (pauseMs > 0) await passed(pauseMs);
      }
    }
  } catch (failure) {
    error = failure.code ?? String(failure);
  }
  const { outcome = null, stopReason = null, content } = stream;
  return {
    pairs,
    end: hasLeft ? null : JSON.stringify({ outcome, stopReason, error }),
    content,
    position: stream.position,
  };
}

function told([chunk, calls, turn]) {
  const { content, thinking, recovery, toolResult } = chunk;
  return JSON.stringify([
    turn?.index,
    content,
    thinking,
    chunk.chunk,
    recovery && [recovery.type, recovery.attempt, recovery.cause.code],
    toolResult && [toolResult.name, toolResult.isError, String(toolResult.output)],
    // What still streams shows the newest input.
    calls && [calls.name, calls.state, calls.text, calls.state === "streaming" ? null : calls.args],
  ]);
}

/** Reads as a page does that is left and opened again: from where it was. */
async function readAs(run, { atMs, after: first, faults, visits, hasCall, continues }, nth) {
  const log = processLog(run.log, faults, run.plan.seed + 1_000_003 * (nth + 1));
  await passed(atMs);
  const pairs = [];
  let after = first;
  for (const { takes, goneMs } of [...visits, { takes: Infinity, goneMs: 0 }]) {
    const cameAt = performance.now();
    const going = continues && { continue: run.ask, waitUntil: (work) => succeed(run, work) };
    const of = (hasCall || run.plan.isAgent) && { of: run.ask };
    const reply = await opened(run, log, { run: RUN, after, ...of, ...going });
    if (reply === null) return { pairs, end: "nothing there", cameAt, endedAt: performance.now() };
    const visit = await readAll(reply, { takes });
    pairs.push(...visit.pairs);
    if (visit.end !== null)
      return { ...visit, pairs, cameAt: Math.max(cameAt, log.failedAt), endedAt: performance.now() };
    after = visit.position;
    await passed(goneMs);
  }
  throw new Error("The last visit has no end.");
}

/** Another producer goes on. */
function succeed(run, work) {
  run.successors += 1;
  const name = `successor ${run.successors}`;
  run.pending.add(name);
  void work.then(() => {
    run.pending.delete(name);
    run.succeededAt = performance.now();
  });
}

/** Opens a run; asks again while it has not begun. */
async function opened(run, log, options) {
  for (;;) {
    const isOver = run.diedAt !== undefined || run.settledAt !== undefined;
    try {
      const reply = await read(log, run.place, options);
      if (reply !== null || isOver) return reply;
    } catch (error) {
      if (!/failed|lost|does not answer/.test(error.message)) throw error;
    }
    await passed(20);
  }
}

async function check(run, complain, lagMs) {
  const { plan, kept, live, last, found } = run;
  const isQuiet = isUndisturbed(plan) && lagMs < plan.leaseMs / 3;
  if (isQuiet && kept.log.state !== "ended") complain(`the log of an undisturbed producer is ${kept.log.state}`);
  if (run.next !== undefined && (!run.next.isSame || run.next.state !== "ended")) {
    complain(`the run that replaced it: ${JSON.stringify(run.next)}`);
  }
  const stopMs = run.settledAt - run.stoppedAt;
  if (isQuiet && stopMs > STOP_MS + lagMs) complain(`a stop took ${stopMs.toFixed()} ms`);
  checkScript(plan, live, complain, "the live reader");
  if (last === null) {
    for (const { end } of found)
      if (end !== "nothing there") complain(`a reader found what the log does not have: ${end}`);
    return;
  }
  checkScript(plan, last, complain, "a late reader");
  checkRecords((await run.log.read(run.key, 0)).entries, complain);
  for (const [nth, reader] of found.entries()) {
    const expected = last.pairs.filter((pair) => Number.parseInt(pair, 10) > plan.readers[nth].after);
    const difference = differs(reader.pairs, expected);
    if (difference !== null) complain(`a reader saw other pairs than a late one: ${difference} (reader ${nth})`);
    if (reader.end !== last.end)
      complain(`a reader came to another end than a late one: ${reader.end}, not ${last.end} (reader ${nth})`);
    const lateMs =
      reader.endedAt -
      Math.max(reader.cameAt, run.diedAt ?? run.settledAt, run.succeededAt ?? 0) -
      plan.leaseMs -
      GRACE_MS;
    if (lateMs > lagMs) complain(`a reader ended too late, by ${lateMs.toFixed()} ms (reader ${nth})`);
  }
  // Where another went on, the log goes another way than what is read here.
  if (run.successors > 0) return;
  const isWhole = kept.log.state === "ended" && live.end !== null;
  const [more, less] = isWhole || live.pairs.length >= last.pairs.length ? [live, last] : [last, live];
  const difference = differs(isWhole ? more.pairs : more.pairs.slice(0, less.pairs.length), less.pairs);
  if (difference !== null) complain(`the live reader saw other pairs than a late one: ${difference}`);
  if (isWhole && live.end !== last.end) complain(`the live reader came to another end: ${live.end}, not ${last.end}`);
}

/** Of a single reply, all of the text is known. */
function checkScript({ replies, isAgent, onInterrupt }, { content, end }, complain, name) {
  if (replies.length > 1 || isAgent || onInterrupt !== "fail") return;
  const text = replies[0].texts.join("");
  const isComplete = end !== null && JSON.parse(end).outcome === "complete";
  if (isComplete ? content !== text : !text.startsWith(content))
    complain(`${name} has other text than was sent: ${content.slice(0, 200)}`);
}

/** One beginning, one end, and nothing above it. */
function checkRecords(entries, complain) {
  const types = entries.flatMap(({ data }) => JSON.parse(data).map(({ type }) => type));
  if (types.indexOf("end") !== types.length - 1) complain(`the log does not have one end: ${types.slice(-5)}`);
  if (types.lastIndexOf("start") !== 0) complain(`the log does not have one beginning: ${types.slice(0, 5)}`);
  if (entries.some(({ number }, at) => number !== at + 1)) complain("the entries of the log have gaps");
}

const part = (pair = "none") => (pair.length < 300 ? pair : `${pair.slice(0, 150)} … ${pair.slice(-150)}`);

/** Where two lists differ; null if they do not. */
function differs(one, other) {
  const at = Array.from({ length: Math.max(one.length, other.length) }, (_, place) => place).find(
    (place) => one[place] !== other[place],
  );
  if (at === undefined) return null;
  return `pair ${at} of ${one.length}: ${part(one[at])}; of ${other.length}: ${part(other[at])}`;
}
