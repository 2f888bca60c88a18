import type { DeliveryOptions } from "../delivery.ts";
import { estimateTokens } from "../estimate.ts";
import { isJsonObject, type JsonObject, objectsOf, textOf } from "../json.ts";
import { decorated, parseEvent, scriptEvents } from "../script-events.ts";
import { merged, sendStream } from "../send.ts";
import type { WireEvent } from "../wire.ts";
import { bodyOf, type Call, commonHeaders, replyWith, scriptFor, sendError, sendJson, sendProblem } from "./call.ts";
import { countProblem, responsesProblem } from "./check-responses.ts";
import { oddEvents } from "./oddity.ts";
import { countedUsage, outputsOf } from "./output.ts";
import { invalid, notFound, usualProblem } from "./problem.ts";
import { foldedResponse, responseEvents } from "./response-events.ts";
import { currentResponse, madeBy, type StoredResponse } from "./store.ts";

/** Answers `POST /v1/responses`. */
export async function answerResponse(call: Call): Promise<void> {
  const { endpoint, writer } = call;
  const body = await bodyOf(call);
  if (body === null) return;
  const problem = endpoint.validate ? responsesProblem({ ...endpoint, body }) : null;
  if (problem !== null) return sendProblem(call, problem);
  const script = await scriptFor(call);
  if (script.kind === "error") return sendError(call, script);
  const delivery = merged(endpoint.delivery, script.options);
  const isReply = script.kind === "reply";
  const events = isReply ? replyEvents(call, body, replyWith(script, delivery)) : await scriptEvents(script);
  await writer.wait(delivery.firstDelayMs ?? 0);
  if (delivery.noResponse === true) return writer.destroy(delivery.reset);
  const response = remembered(call, body, events, delivery);
  const isBackground = body["background"] === true;
  if (body["stream"] === true) return stream(call, response, oddEvents(events, endpoint.oddities), delivery);
  response.isStored = body["store"] !== false;
  if (isBackground) {
    response.left = { at: Date.now(), made: 2 };
    return sendJson(call, currentResponse({ ...response, made: 2, left: null }, Date.now()));
  }
  response.made = events.length;
  return sendWhole(call, events, delivery);
}

function replyEvents(call: Call, body: JsonObject, { parts, options }: ReturnType<typeof replyWith>): WireEvent[] {
  const outputs = outputsOf(parts);
  const { stream_options, include, background } = body;
  const streamOptions = isJsonObject(stream_options) ? stream_options : {};
  const asked = {
    id: options.id ?? call.random.id("resp_"),
    model: textOf(body["model"] ?? "gpt-5.5"),
    body,
    encrypted: Array.isArray(include) && include.includes("reasoning.encrypted_content"),
    // As recorded, streams of background responses have none.
    obfuscates: streamOptions["include_obfuscation"] !== false && background !== true,
  };
  const counted = countedUsage(outputs, options, estimateResponse(body));
  return responseEvents(outputs, options, asked, counted, call.random);
}

function remembered(
  { endpoint, random }: Call,
  body: JsonObject,
  events: readonly WireEvent[],
  { pace = 0 }: DeliveryOptions,
): StoredResponse {
  const first = events.map(parseEvent).find((event) => isJsonObject(event?.["response"]))?.["response"];
  const id = isJsonObject(first) && typeof first["id"] === "string" ? first["id"] : random.id("resp_");
  const isStored = body["background"] === true;
  const response = { id, body, events, pace, isStored, made: 0, left: null, isCancelled: false };
  endpoint.store.add(response);
  return response;
}

/** Streams a response that is being made. What is made in the background goes on when the client has left. */
async function stream(
  call: Call,
  response: StoredResponse,
  events: readonly WireEvent[],
  delivery: DeliveryOptions,
): Promise<void> {
  const { writer, wire } = call;
  const written = decorated(events, delivery, wire);
  await sendStream(writer, followed(response, written), written.length, commonHeaders(call), delivery, wire);
  const isWhole = (await call.recorded.reply.closed) === "complete";
  if (isWhole) {
    response.made = response.events.length;
    response.isStored = response.isStored || response.body["store"] !== false;
  } else response.left ??= { at: Date.now(), made: response.made };
}

/** The events, while noting how many were taken. They end where the response is cancelled. */
function* followed(response: StoredResponse, events: readonly WireEvent[]): Generator<WireEvent> {
  for (const [index, event] of events.entries()) {
    if (response.isCancelled) return;
    response.made = Math.max(response.made, Math.min(index + 1, response.events.length));
    yield event;
  }
}

/** Sends the response that the events add up to. An error becomes the error response that it stands for. */
async function sendWhole(call: Call, events: readonly WireEvent[], delivery: DeliveryOptions): Promise<void> {
  const parsed = events.map(parseEvent).filter((event) => event !== null);
  const failure = parsed.find(({ type }) => type === "error");
  if (failure === undefined) return sendJson(call, foldedResponse(parsed), delivery);
  const error = isJsonObject(failure["error"]) ? failure["error"] : failure;
  const code = typeof error["code"] === "string" ? error["code"] : undefined;
  return sendProblem(call, usualProblem(500, code, textOf(error["message"])));
}

/** About how many tokens the prompt of a request takes. */
function estimateResponse({ input, instructions, tools, text }: JsonObject): number {
  return estimateTokens([input, instructions, tools, text]) + objectsOf(input).length * 4 + 3;
}

/** Answers `POST /v1/responses/input_tokens`. */
export async function answerCount(call: Call): Promise<void> {
  const body = await bodyOf(call);
  if (body === null) return;
  const problem = call.endpoint.validate ? countProblem({ ...call.endpoint, body }) : null;
  if (problem !== null) return sendProblem(call, problem);
  return sendJson(call, { object: "response.input_tokens", input_tokens: estimateResponse(body) });
}

/** Answers `GET /v1/responses/{id}`: the response so far or, with `stream`, its events after `starting_after`. */
export async function answerStored(call: Call): Promise<void> {
  const response = await found(call);
  if (response === null) return;
  const query = call.url.searchParams;
  if (query.get("stream") !== "true") return sendJson(call, currentResponse(response, Date.now()));
  if (response.body["stream"] !== true) {
    return sendProblem(
      call,
      invalid("This response cannot be streamed because it was not created with `stream=true`.", "stream"),
    );
  }
  const after = Number(query.get("starting_after") ?? -1);
  if (!Number.isInteger(after)) {
    return sendProblem(
      call,
      invalid("Invalid type for 'starting_after': expected an integer.", "starting_after", "invalid_type"),
    );
  }
  return resume(call, response, after);
}

/** Streams what comes after an event: at once what was made by now, and the rest as it is made. */
async function resume(call: Call, response: StoredResponse, after: number): Promise<void> {
  const { endpoint, writer, wire } = call;
  const made = madeBy(response, Date.now());
  const rest = response.events.flatMap((event, index) => {
    const { sequence_number } = parseEvent(event) ?? {};
    const isNew = typeof sequence_number !== "number" || sequence_number > after;
    const data = { data: event.data, pause: index < made ? 0 : response.pace };
    return isNew ? [data] : [];
  });
  const delivery = endpoint.resumes[Math.min(resumed(response), endpoint.resumes.length - 1)] ?? {};
  const events = response.isCancelled ? [] : rest;
  return sendStream(writer, events, events.length, commonHeaders(call), delivery, wire);
}

const counts = new WeakMap<StoredResponse, number>();

/** How often a response was resumed before. */
function resumed(response: StoredResponse): number {
  const count = counts.get(response) ?? 0;
  counts.set(response, count + 1);
  return count;
}

/** Answers `POST /v1/responses/{id}/cancel`, which may be sent twice. */
export async function answerCancel(call: Call): Promise<void> {
  const response = await found(call);
  if (response === null) return;
  if (response.body["background"] !== true) {
    return sendProblem(call, invalid("Cannot cancel a synchronous response."));
  }
  const made = madeBy(response, Date.now());
  if (made < response.events.length) {
    response.made = made;
    response.isCancelled = true;
  }
  return sendJson(call, currentResponse(response, Date.now()));
}

/** Answers `DELETE /v1/responses/{id}`. */
export async function answerDelete(call: Call): Promise<void> {
  const response = await found(call);
  if (response === null) return;
  call.endpoint.store.delete(response.id);
  return sendJson(call, { id: response.id, object: "response", deleted: true });
}

/** Answers `GET /v1/responses/{id}/input_items`. */
export async function answerInputItems(call: Call): Promise<void> {
  const response = await found(call);
  if (response === null) return;
  const { input } = response.body;
  const message = { type: "message", role: "user", content: [{ type: "input_text", text: input }] };
  const data = typeof input === "string" ? [message] : objectsOf(input).toReversed();
  return sendJson(call, { object: "list", data, first_id: null, last_id: null, has_more: false });
}

async function found(call: Call): Promise<StoredResponse | null> {
  const response = call.endpoint.store.find(call.captured);
  if (response === null) await sendProblem(call, notFound(`Response with id '${call.captured}' not found.`));
  return response;
}
