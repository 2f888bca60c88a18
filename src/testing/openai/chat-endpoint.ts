import { isJsonObject, type JsonObject, objectsOf, textOf } from "../json.ts";
import { estimateTokens } from "../estimate.ts";
import { decorated, parseEvent, scriptEvents } from "../script-events.ts";
import { merged, sendStream } from "../send.ts";
import type { WireEvent } from "../wire.ts";
import { bodyOf, type Call, commonHeaders, replyWith, scriptFor, sendError, sendJson, sendProblem } from "./call.ts";
import { chatChunks } from "./chat-chunks.ts";
import { foldChunks } from "./chat-fold.ts";
import { chatProblem } from "./check-chat.ts";
import { oddChunks } from "./oddity.ts";
import { countedUsage, outputsOf } from "./output.ts";
import { usualProblem } from "./problem.ts";

/** Answers `POST /v1/chat/completions`. */
export async function answerChat(call: Call): Promise<void> {
  const { endpoint, writer, wire } = call;
  const body = await bodyOf(call);
  if (body === null) return;
  const problem = endpoint.validate ? chatProblem({ ...endpoint, body }) : null;
  if (problem !== null) return sendProblem(call, problem);
  const script = await scriptFor(call);
  if (script.kind === "error") return sendError(call, script);
  const delivery = { done: true, ...merged(endpoint.delivery, script.options) };
  const plain =
    script.kind === "reply" ? replyChunks(call, body, replyWith(script, delivery)) : await scriptEvents(script);
  await writer.wait(delivery.firstDelayMs ?? 0);
  if (delivery.noResponse === true) return writer.destroy(delivery.reset);
  if (body["stream"] !== true) return sendCompletion(call, plain);
  // A recording has its own end.
  const end = script.kind === "file" && script.path.endsWith(".sse") ? { done: false } : {};
  const { comment } = endpoint.rules;
  const comments = comment === null ? [] : [commentFrame(comment)];
  const events = [...comments, ...decorated(oddChunks(plain, endpoint.oddities), delivery, wire)];
  return sendStream(writer, events, events.length, commonHeaders(call), { ...delivery, ...end }, wire);
}

function commentFrame(text: string): WireEvent {
  return { data: "", frame: Buffer.from(`: ${text}\n\n`) };
}

function replyChunks(call: Call, body: JsonObject, { parts, options }: ReturnType<typeof replyWith>): WireEvent[] {
  const { endpoint, random } = call;
  const outputs = outputsOf(parts);
  const { stream_options } = body;
  const streamOptions = isJsonObject(stream_options) ? stream_options : {};
  const isStreamed = body["stream"] === true;
  const asked = {
    model: textOf(body["model"] ?? "gpt-5.5"),
    n: Math.max(1, Number(body["n"] ?? 1)),
    logprobs: body["logprobs"] === true,
    usage: !isStreamed || streamOptions["include_usage"] === true,
    obfuscates: isStreamed && streamOptions["include_obfuscation"] !== false,
  };
  const counted = countedUsage(outputs, options, estimateChat(body));
  return chatChunks(outputs, options, asked, counted, endpoint.rules, random);
}

/** About how many tokens the prompt of a request takes. */
function estimateChat({ messages, tools }: JsonObject): number {
  return estimateTokens([messages, tools]) + objectsOf(messages).length * 4;
}

/** Sends the completion that the chunks add up to. An error among them becomes the response that it stands for. */
async function sendCompletion(call: Call, events: readonly WireEvent[]): Promise<void> {
  const chunks = events.map(parseEvent).filter((event) => event !== null);
  const failure = chunks.find((chunk) => isJsonObject(chunk["error"]))?.["error"];
  if (!isJsonObject(failure)) return sendJson(call, foldChunks(chunks), call.endpoint.delivery);
  const { code, message } = failure;
  return sendProblem(call, usualProblem(500, typeof code === "string" ? code : undefined, textOf(message)));
}
