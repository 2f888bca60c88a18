// Plays a hostile case, reads it as it says, and finds what a reader would not expect.
import { getEventListeners, once } from "node:events";
import { createServer } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { inspect } from "node:util";
import { drawer, framesOf, messageOf } from "./hostile-case.mjs";

/** A stream that is in memory ends at once, or 2 s after its stop reason; each of several requests may. */
const HANG_MS = 20_000;
const OUTCOMES = ["complete", "truncated", "failed", "aborted"];
const STATES = ["streaming", "complete", "invalid", "truncated"];
/** What the cases themselves throw. */
class OwnError extends Error {}

/**
 * Plays a case.
 *
 * @returns what is wrong with the library, in words.
 */
export async function play(library, plan, origin) {
  const problems = [];
  const complain = (problem) => void (problems.length < 5 && problems.push(problem));
  const run = start(library, plan, origin);
  let timer;
  const hang = new Promise((resolve) => (timer = setTimeout(resolve, HANG_MS, "hangs")));
  const result = await Promise.race([read(library, plan, run, complain), hang]);
  clearTimeout(timer);
  if (result === "hangs") {
    complain(`${plan.reader}, left by ${plan.leave.how}, does not settle`);
    run.controller.abort();
    return problems;
  }
  try {
    await check(library, plan, run, complain);
  } catch (error) {
    complain(`a check failed: ${error.stack}`);
  }
  return problems;
}

/** What a case needs: a client that plays its replies, and whatever its reader sees. */
function start(library, plan, origin) {
  const controller = new AbortController();
  const run = { controller, open: new Set(), delivered: [], pairs: [], texts: [], thrown: null, hasLeft: false };
  run.streams = [];
  run.client = plan.isReal
    ? library.client({ apiKey: "sk-ant-test", baseURL: `${origin.url}/${origin.add(plan)}` })
    : library.client({ apiKey: "sk-ant-test", baseURL: "http://127.0.0.1:1", fetch: fetchOf(plan, run) });
  run.limiter = plan.isLimited ? library.limiter({ concurrency: 1 }) : undefined;
  return run;
}

function fetchOf(plan, run) {
  let count = 0;
  return (_url, init) => {
    const reply = plan.replies[Math.min(count++, plan.replies.length - 1)];
    if (reply.kind === "throw") throw new OwnError("fetch threw");
    if (reply.kind === "reject") return Promise.reject(new OwnError("fetch rejected"));
    const { status, type, pieces } = responseOf(reply, plan.seed + count);
    return Promise.resolve(
      new Response(status === 204 ? null : bodyOf(pieces, reply.end, init.signal, run), {
        status,
        headers: type === null ? {} : { "content-type": type },
      }),
    );
  };
}

/** The status, type and pieces of a response. */
function responseOf(reply, seed) {
  const { kind, body } = reply;
  if (kind === "status") return { status: reply.status, type: "application/json", pieces: [Buffer.from(body)] };
  if (kind === "type") return { status: 200, type: "text/html", pieces: [Buffer.from(body)] };
  if (kind !== "stream" && kind !== "json") return { status: 500, type: null, pieces: [Buffer.from(body ?? "")] };
  const isJson = kind === "json";
  const frames = isJson ? [messageOf(reply)] : (reply.frames ?? framesOf(reply));
  const whole = Buffer.from(frames.join(""));
  const bytes = whole.subarray(0, Math.round(whole.length * reply.cut));
  const type = isJson ? "application/json" : "text/event-stream; charset=utf-8";
  return { status: 200, type, pieces: piecesOf(bytes, frames, reply.pieces, drawer(seed)) };
}

function piecesOf(bytes, frames, how, draw) {
  const pieces = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const sizes = {
      whole: bytes.length,
      events: Buffer.byteLength(frames[turn] ?? " "),
      random: 1 + draw.integer(400),
      tiny: bytes.length > 4_000 ? 500 : 1 + draw.integer(9),
    };
    pieces.push(bytes.subarray(at, at + sizes[how]));
    at += sizes[how];
  }
  return pieces;
}

function bodyOf(pieces, end, signal, run) {
  const body = {};
  run.open.add(body);
  const over = () => void run.open.delete(body);
  let at = 0;
  return new ReadableStream({
    start(controller) {
      signal.addEventListener("abort", () => {
        if (run.open.has(body)) controller.error(signal.reason);
        over();
      });
    },
    async pull(controller) {
      if (at < pieces.length) return controller.enqueue(new Uint8Array(pieces[at++]));
      if (end === "open") return new Promise(() => {});
      over();
      if (end === "reset") controller.error(new TypeError("terminated"));
      else controller.close();
    },
    cancel: over,
  });
}

/** A server that plays cases by their numbers. */
export async function startOrigin() {
  const plans = [];
  const server = createServer((request, response) => {
    const plan = plans[Number(request.url.split("/")[1])];
    const reply = plan.replies[Math.min(plan.served++, plan.replies.length - 1)];
    request.resume().on("end", async () => {
      if (reply.kind === "throw" || reply.kind === "reject") return response.destroy();
      const { status, type, pieces } = responseOf(reply, plan.seed + plan.served);
      response.writeHead(status, type === null ? {} : { "content-type": type });
      for (const piece of pieces) if (!response.destroyed && status !== 204) response.write(piece);
      if (reply.end === "reset") setImmediate(() => response.destroy());
      else if (reply.end !== "open") response.end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    add: (plan) => plans.push({ ...plan, served: 0 }) - 1,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const PRICE = { input: 3, output: 15, cacheRead: 0.3, cacheWrite5m: 3.75, cacheWrite1h: 6 };

function pricesOf({ prices, model }) {
  if (prices === "own") return { [model]: PRICE };
  if (prices === "null") return { [model]: null };
  if (prices === "odd") return { [model]: { ...PRICE, input: "3", tiers: [null] } };
  if (prices === "negative") return { [model]: { ...PRICE, output: -1 } };
  if (prices !== "throws") return undefined;
  return new Proxy(
    {},
    {
      getOwnPropertyDescriptor() {
        throw new OwnError("prices throw");
      },
    },
  );
}

/** Validates by the plan; what it refuses is refused in every odd way. */
function schemaOf(kind) {
  const issues = [{ message: "no", path: ["city", { key: 0 }] }];
  const validate = {
    ok: (value) => ({ value }),
    issues: () => ({ issues }),
    throw() {
      throw new OwnError("the validator threw");
    },
    odd: () => ({ issues: { length: 3 } }),
    async: async (value) => ({ value }),
    late: async (value) => (await wait(2), { value }),
    reject: async () => {
      throw new OwnError("the validator rejected");
    },
    never: () => new Promise(() => {}),
  }[kind];
  return { "~standard": { version: 1, vendor: "hostile", validate: validate ?? ((value) => ({ value })) } };
}

function toolsOf(library, { tools, validator }) {
  if (tools === null) return undefined;
  const results = [
    () => "Sunny.",
    () => undefined,
    async () => ({ then: 1, degrees: [21] }),
    () => {
      throw new OwnError("the tool threw");
    },
    async () => {
      throw { toString: 1 };
    },
    () => new Uint8Array(3),
  ];
  const input = validator === "none" ? undefined : schemaOf(validator);
  const common = { input, runEarly: tools.runEarly, inputSchema: { type: "object" }, call: results[tools.call] };
  return ["get_weather", "get_time"].map((name) => library.tool({ name, description: name, ...common }));
}

function optionsOf(library, plan, run) {
  const { retry, onInterrupt, fallback, budget, limit, total } = plan;
  const targets = {
    model: "claude-haiku-4-5",
    always: [{ model: "claude-haiku-4-5", when: () => true }],
    throws: [
      {
        model: "claude-haiku-4-5",
        when() {
          throw new OwnError("when threw");
        },
      },
    ],
  };
  return {
    client: run.client,
    signal: run.controller.signal,
    retry: retry === false ? false : { attempts: retry, delay: 0 },
    onInterrupt,
    fallback: targets[fallback],
    budget: budget ?? undefined,
    limit: limit ?? undefined,
    limiter: run.limiter,
    prices: pricesOf(plan),
    tools: toolsOf(library, plan),
    timeout: { firstContent: 60, idle: 60, ...(total !== null && { total }) },
  };
}

/** Reads as the plan says; keeps what was read and what was thrown. */
async function read(library, plan, run, complain) {
  const { reader, tools } = plan;
  const options = optionsOf(library, plan, run);
  const stream = tools?.isPartial ? { partialTools: true } : true;
  const prompt = () => "Hello";
  run.seen = (pair) => seePair(library, run, pair, complain);
  try {
    if (reader === "agent" || reader === "finish") await readAgent(library, plan, run, { ...options, stream }, prompt);
    else if (["values", "elements", "parse", "extract"].includes(reader)) await readModel(library, plan, run, options);
    else if (reader === "promise") run.response = await library.call(plan.model, options, prompt)();
    else await readStream(plan, run, library.call(plan.model, { ...options, stream }, prompt)());
  } catch (error) {
    run.thrown = { error };
  }
}

async function readStream({ reader, leave, tools }, run, stream) {
  run.streams.push(stream);
  if (leave.how === "timer") setTimeout(() => stream.abort("timer"), leave.at / 2);
  if (reader === "response") {
    if (leave.how === "abort" || leave.how === "signal")
      setTimeout(() => leaveBy(leave.how, run, stream), leave.at / 2);
    run.response = await stream.response();
  } else if (reader === "text") {
    await iterate(stream.textStream(), leave, run, stream, (text) => run.texts.push(text));
  } else if (reader === "parallel") {
    await readInParallel(stream[Symbol.asyncIterator](), leave, run, stream);
  } else {
    await iterate(stream[Symbol.asyncIterator](), leave, run, stream, async ([chunk, tool]) => {
      run.seen([chunk, tool]);
      if (tool?.state === "complete" && tools.call < 3) await tool.call();
    });
  }
}

async function readModel(library, plan, run, { tools: _, ...options }) {
  const { reader, leave, validator, validationRetries } = plan;
  const responseSchema = { type: "array", items: { type: "object", properties: { title: { type: "string" } } } };
  const more = { responseModel: schemaOf(validator), responseSchema };
  if (reader === "extract") {
    run.value = await library.structuredCall(plan.model, { ...options, ...more, validationRetries }, () => "Hello")();
    return;
  }
  const stream = library.structuredCall(plan.model, { ...options, ...more, stream: true }, () => "Hello")();
  run.streams.push(stream);
  if (leave.how === "timer") setTimeout(() => stream.abort("timer"), leave.at / 2);
  if (reader === "parse") {
    if (leave.how === "abort" || leave.how === "signal")
      setTimeout(() => leaveBy(leave.how, run, stream), leave.at / 2);
    run.value = await stream.parse();
  } else {
    const values = reader === "elements" ? stream.elements() : stream[Symbol.asyncIterator]();
    await iterate(values, leave, run, stream, (value) => void JSON.stringify(value));
  }
}

async function readAgent(library, { leave, reader, tools, agent, model }, run, options, prompt) {
  const { approve, parallel } = agent;
  const ask = library.agent(library.call(model, { ...options, tools: options.tools ?? [] }, prompt), {
    maxTurns: 3,
    parallel,
    approve:
      approve === null
        ? undefined
        : () => {
            if (approve === "throws") throw new OwnError("approve threw");
            return approve;
          },
  });
  const agentRun = ask();
  run.agentRun = agentRun;
  if (leave.how === "timer") setTimeout(() => agentRun.abort("timer"), leave.at / 2);
  if (reader === "finish") {
    if (leave.how === "abort" || leave.how === "signal")
      setTimeout(() => leaveBy(leave.how, run, agentRun), leave.at / 2);
    await agentRun.finish();
  } else {
    await iterate(agentRun[Symbol.asyncIterator](), leave, run, agentRun, ([chunk, tool, turn]) => {
      if (tools === null && tool !== null) throw new Error("a tool came without tools");
      run.seen([chunk, tool, turn]);
    });
  }
}

/** Reads, and leaves as the plan says. */
async function iterate(values, { how, at }, run, stream, see) {
  let count = 0;
  // A timer reads on: the abort meets a read that waits.
  if (how === "return") return await leaveWhileReading(values, at, run, see);
  for await (const value of values) {
    await see(value);
    if (count++ !== at) continue;
    run.hasLeft = how !== "never" && how !== "timer";
    if (how === "break") break;
    if (how === "throw") throw new OwnError("the reader threw");
    leaveBy(how, run, stream);
    if (how === "dispose") {
      await stream[Symbol.asyncDispose]();
      break;
    }
  }
}

async function leaveWhileReading(values, at, run, see) {
  for (let count = 0; count < at; count++) {
    const { done, value } = await values.next();
    if (done) return;
    await see(value);
  }
  run.hasLeft = true;
  const pending = values.next();
  await values.return();
  await pending;
}

async function readInParallel(pairs, { how, at }, run, stream) {
  for (let count = 0, isOver = false; !isOver; count++) {
    const results = await Promise.allSettled([pairs.next(), pairs.next(), pairs.next()]);
    for (const { value } of results) {
      if (value?.done === false) run.seen(value.value);
      isOver ||= value?.done !== false;
    }
    const failed = results.find(({ status }) => status === "rejected");
    if (failed !== undefined) throw failed.reason;
    if (count !== at) continue;
    run.hasLeft = how !== "never" && how !== "timer";
    if (how === "throw") return await pairs.throw(new OwnError("the reader threw"));
    if (how === "break" || how === "return") return await pairs.return();
    leaveBy(how, run, stream);
  }
}

function leaveBy(how, run, stream) {
  if (how === "abort") stream.abort(new OwnError("aborted"));
  if (how === "signal") run.controller.abort(new OwnError("aborted"));
}

function seePair(library, run, [chunk, tool, turn], complain) {
  run.pairs.push({ chunk, tool, turn });
  readAll(chunk, complain, "chunk");
  if (tool === null) return;
  readAll(tool, complain, "tool");
  if (!["streaming", "complete"].includes(tool.state)) complain(`a pair has a tool that is ${tool.state}`);
  JSON.stringify(tool);
}

/** Reads every accessor of an object, own or inherited. */
function readAll(object, complain, what, isAllowed = () => false) {
  const values = {};
  for (let owner = object; owner !== null && owner !== Object.prototype; owner = Object.getPrototypeOf(owner)) {
    for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(owner))) {
      if (get === undefined || name in values) continue;
      try {
        values[name] = object[name];
      } catch (error) {
        if (!isAllowed(error)) complain(`${what}.${name} throws ${error.stack}`);
      }
    }
  }
  for (const show of [String, JSON.stringify, inspect]) {
    try {
      show(object);
    } catch (error) {
      if (!isAllowed(error)) complain(`${show.name}(${what}) throws ${error.stack}`);
    }
  }
  return values;
}

async function check(library, plan, run, complain) {
  const { agentRun } = run;
  const turns = agentRun?.turns ?? [];
  const streams = [...run.streams, ...turns.map(({ stream }) => stream)];
  checkThrown(library, plan, run, complain, streams);
  for (const stream of streams) await checkStream(library, plan, run, complain, stream);
  for (const turn of turns) void turn.outputs;
  if (agentRun !== undefined) {
    readAll(agentRun, complain, "run", (error) => error instanceof OwnError);
    // Of one that ended before its first request was made there is none.
    if (turns.some(({ stream }) => stream.hasRequest))
      checkHistory(library, agentRun.history(), complain, turns.at(-1)?.stream);
  }
  if (run.response !== undefined) {
    const views = readAll(run.response, complain, "response", (error) => error instanceof OwnError);
    checkUsage(views, complain, "response");
    checkHistory(library, run.response.history(), complain, run.response);
  }
  checkPairs(plan, run, complain, run.streams[0]);
  // After the provider's last event a connection lingers for a second; others are closed in the next turn.
  const outcomes = [run.response !== undefined, plan.reader === "extract", run.thrown?.error.code];
  const ends = [...outcomes, ...streams.flatMap(({ attempts }) => attempts.map(({ outcome }) => outcome))];
  const mayLinger = ends.some((ended) =>
    [true, "complete", "truncated", "stream_truncated", "response_model"].includes(ended),
  );
  for (let turn = 0; turn < 20 && run.open.size > 0 && !mayLinger; turn++) await wait(turn);
  if (run.open.size > 0 && !mayLinger) complain(`${run.open.size} bodies are open after ${streams[0]?.outcome}`);
  const listeners = getEventListeners(run.controller.signal, "abort").length;
  if (listeners > 0) complain(`${listeners} listeners are left on the signal after ${streams[0]?.outcome}`);
  if (run.limiter !== undefined && run.limiter.running + run.limiter.waiting > 0) complain("the limiter is still busy");
}

function checkThrown(library, plan, run, complain, streams) {
  if (run.thrown === null) return;
  const { error } = run.thrown;
  if (error instanceof library.MillraceError) return;
  const isOwn = error instanceof OwnError;
  const mayThrow =
    (plan.reader === "agent" && plan.agent.approve === "throws") ||
    (plan.reader === "finish" && plan.agent.approve === "throws") ||
    plan.leave.how === "throw" ||
    (plan.tools !== null && plan.tools.call > 2) ||
    plan.prices === "throws";
  if (!isOwn || !mayThrow) complain(`the reader got ${error?.stack ?? inspect(error)} after ${streams[0]?.outcome}`);
}

async function checkStream(library, plan, run, complain, stream) {
  const { outcome, error, attempts } = stream;
  if (stream.timings.start === null && outcome === "pending") return;
  if (!OUTCOMES.includes(outcome)) return complain(`the outcome is ${outcome}`);
  if ((error === null) !== (outcome === "complete")) complain(`it is ${outcome}, and the error is ${error}`);
  if (error !== null && !(error instanceof library.MillraceError)) complain(`the error is ${error.stack}`);
  const codes = { truncated: ["stream_truncated"], aborted: ["stream_aborted", "budget_exceeded"] }[outcome];
  if (codes !== undefined && !codes.includes(error.code)) complain(`it is ${outcome} with ${error.code}`);
  if (outcome === "failed" && /^stream_/.test(error.code)) complain(`it failed with ${error.code}`);
  const last = attempts.at(-1);
  // What the condition of a fallback, or a price, throws is the error of the call, not of the attempt before it.
  const isStopped =
    outcome === "aborted" || error?.limit === "total" || plan.fallback === "throws" || plan.prices === "throws";
  if (last !== undefined && last.outcome !== outcome && !isStopped) {
    complain(`it is ${outcome}, and its last attempt ${last.outcome}`);
  }
  const isReadable = (thrown) =>
    thrown === error ||
    (!stream.hasRequest && thrown.code === "stream_not_started") ||
    ["response_model", "stream_not_consumed"].includes(thrown.code) ||
    (plan.prices === "throws" && thrown instanceof OwnError);
  const views = readAll(stream, complain, "stream", isReadable);
  checkUsage(views, complain, "stream");
  for (const attempt of attempts) checkNumbers(attempt.usage, complain, "attempt.usage");
  if (stream.hasRequest) {
    checkHistory(library, stream.history(), complain, stream);
    stream.toolMessageParams([]);
  }
  for (const tool of stream.tools) {
    readAll(tool, complain, "tool");
    if (!STATES.includes(tool.state)) complain(`a tool is ${tool.state}`);
    // One whose validation was left has no state yet.
    const isValidated = ["none", "ok", "issues", "throw", "odd"].includes(plan.validator) && plan.prices !== "throws";
    if (tool.state === "streaming" && isValidated) complain("a tool of a reply that has ended is streaming");
  }
  await checkResponse(stream, run, complain, views, isReadable);
  const reason = stream.message?.stop_reason;
  if (outcome === "complete" && (typeof reason !== "string" || reason === "")) {
    complain(`it is complete, and the stop reason is ${inspect(reason)}`);
  }
}

async function checkResponse(stream, run, complain, views, isReadable) {
  const settled = await stream.response().then(
    (response) => ({ response }),
    (thrown) => ({ thrown }),
  );
  if (stream.error !== null) {
    if (settled.thrown !== stream.error) complain(`response() settles with ${inspect(settled)}`);
    return;
  }
  if (settled.response === undefined) return complain(`response() rejects with ${settled.thrown?.stack}`);
  const others = readAll(stream.constructCallResponse(), complain, "response", isReadable);
  for (const name of ["content", "thinking", "id", "model", "finishReasons", "usage", "commonUsage", "message"]) {
    if (JSON.stringify(views[name]) !== JSON.stringify(others[name])) complain(`stream and response differ in ${name}`);
  }
}

function checkUsage(views, complain, what) {
  checkNumbers(views.usage, complain, `${what}.usage`);
  checkNumbers(views.commonUsage, complain, `${what}.commonUsage`, true);
  checkNumbers(views.costMetadata, complain, `${what}.costMetadata`);
  for (const name of ["inputTokens", "cachedTokens", "outputTokens", "cost", "tokensPerSecond"]) {
    const value = views[name] ?? 0;
    if (!isFigure(value)) complain(`${what}.${name} is ${value}`);
  }
  for (const name of ["content", "thinking", "model"]) {
    if (typeof views[name] !== "string") complain(`${what}.${name} is ${inspect(views[name])}`);
  }
  if (views.id !== null && typeof views.id !== "string") complain(`${what}.id is ${inspect(views.id)}`);
}

const DECLARED = ["input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"];

function checkNumbers(object, complain, what, isAll = false) {
  for (const [name, value] of Object.entries(object ?? {})) {
    const isCount = isAll ? name !== "source" : DECLARED.includes(name) || /Tokens|cost|Requests/.test(name);
    if (isCount && value !== null && !isFigure(value)) complain(`${what}.${name} is ${inspect(value)}`);
  }
}

function isFigure(value) {
  return typeof value === "number" && value >= 0 && value < Infinity;
}

function checkHistory(library, history, complain, view) {
  try {
    JSON.stringify(history);
  } catch (error) {
    return complain(`the history cannot be written: ${error.stack}`);
  }
  const problem = history.length === 0 ? null : library.problemWith([...history, { role: "user", content: "Go on." }]);
  if (problem === null) return;
  const ids = (view?.message?.content ?? []).filter(({ type }) => type === "tool_use").map(({ id }) => id);
  // What is not signed was not made by Anthropic, whose rules these are.
  if (/signature/.test(problem) || new Set(ids).size < ids.length) return;
  complain(`the history is refused: ${problem}`);
}

function checkPairs(plan, run, complain, stream) {
  if (run.pairs.length === 0) return;
  const blocks = new Set();
  for (const { tool } of run.pairs) {
    if (tool?.state !== "complete") continue;
    if (blocks.has(tool.toolCall)) complain(`the call ${tool.id} was handed out twice`);
    blocks.add(tool.toolCall);
  }
  if (stream === undefined) return;
  const restart = run.pairs.findLastIndex(({ chunk }) => chunk.recovery?.type === "restart");
  const shown = run.pairs.slice(restart + 1).map(({ chunk }) => chunk);
  // A continuation leaves out thinking that was cut: it could not be sent back.
  const isContinued = shown.some(({ recovery }) => recovery !== null);
  for (const name of isContinued ? ["content"] : ["content", "thinking"]) {
    const read = shown.map((chunk) => chunk[name]).join("");
    const whole = stream[name];
    // Pairs that wait for a validator are not handed out once the stream was stopped.
    const isWhole = !run.hasLeft && stream.outcome !== "aborted" && plan.total === null && plan.leave.how !== "timer";
    const isSame = isOrdered(shown)
      ? isWhole
        ? read === whole
        : whole.startsWith(read)
      : sorted(read) === sorted(whole) || !isWhole;
    if (!isSame) complain(`the pairs say ${inspect(read)}, and stream.${name} is ${inspect(whole)}`);
  }
  checkEvents(plan, run, complain, stream);
}

/** Whether the blocks came in their order: else the text of the message is another order of that of the pairs. */
function isOrdered(chunks) {
  const places = chunks.map(({ chunk }) => chunk?.index).filter((index) => typeof index === "number");
  return places.every((index, at) => at === 0 || places[at - 1] <= index);
}

function sorted(text) {
  return [...text].sort().join("");
}

/** Whether the chunks of a reply to one request are its events, each once. */
function checkEvents(plan, run, complain, stream) {
  if (stream.attempts.length !== 1 || plan.replies[0].kind !== "stream") return;
  const frames = plan.replies[0].frames ?? framesOf(plan.replies[0]);
  const sent = frames
    .filter((frame) => !frame.startsWith("event: ping"))
    .map(eventIn)
    .filter((data) => data !== undefined);
  let at = -1;
  for (const { chunk } of run.pairs) {
    const shown = JSON.stringify(chunk.chunk);
    if (at >= 0 && isSameJson(sent[at], shown)) {
      // Further tools of the same event, or an event that came twice.
      const next = sent.findIndex((data, place) => place > at && !mayBePassedOver(data));
      if (isSameJson(sent[next], shown)) at = next;
      continue;
    }
    const next = sent.findIndex((data, place) => place > at && isSameJson(data, shown));
    const skipped = sent.slice(at + 1, next).filter((data) => !mayBePassedOver(data));
    if (next === -1 || skipped.some((data) => !isPing(data))) return complain(`an event was not sent so: ${shown}`);
    at = next;
  }
}

/** The JSON of the event in a frame: without a type of its own, it has the name of the frame. */
function eventIn(frame) {
  const [, name] = /^event: (.*)$/m.exec(frame) ?? [];
  const [, data] = /^data: (.*)$/m.exec(frame) ?? [];
  if (data === undefined || name === undefined || name === "error") return data;
  try {
    const event = JSON.parse(data);
    const isObject = typeof event === "object" && event !== null && !Array.isArray(event);
    return isObject && typeof event.type !== "string" ? JSON.stringify({ ...event, type: name }) : data;
  } catch {
    return data;
  }
}

/** Frames that need not be shown. */
function mayBePassedOver(data) {
  return /^(\{\}|\[DONE\]|\{"type":"ping"\}|)$/.test(data);
}

function isSameJson(data, shown) {
  if (data === undefined) return false;
  if (data === shown) return true;
  try {
    return JSON.stringify(JSON.parse(data)) === shown;
  } catch {
    return false;
  }
}

function isPing(data) {
  try {
    return JSON.parse(data).type === "ping";
  } catch {
    return false;
  }
}
