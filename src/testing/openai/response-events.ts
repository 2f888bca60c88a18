import { type JsonObject, textOf } from "../json.ts";
import type { Random } from "../random.ts";
import type { ReplyOptions } from "../script.ts";
import type { WireEvent } from "../wire.ts";
import { CREATED } from "./chat-chunks.ts";
import { type Call, type Counted, finishOf, type Output } from "./output.ts";
import { errorObject, usualProblem } from "./problem.ts";
import { failedResponse } from "./wire.ts";

/** What a reply depends on in the request. */
export interface ResponseAsked {
  readonly id: string;
  readonly model: string;
  readonly body: JsonObject;
  /** Whether encrypted reasoning was asked for. */
  readonly encrypted: boolean;
  readonly obfuscates: boolean;
}

type Fields = Record<string, unknown>;

/** The events of a reply, as the API would send them. */
export function responseEvents(
  outputs: readonly Output[],
  options: ReplyOptions,
  asked: ResponseAsked,
  counted: Counted,
  random: Random,
): WireEvent[] {
  const writer = new EventWriter(options, asked, random);
  writer.start();
  const finish = finishOf(outputs, options);
  for (const [place, output] of outputs.entries()) {
    // Only the last item is cut.
    const isCut = place === outputs.length - 1 && (finish === "length" || finish === "content_filter");
    if (output.kind === "pause") writer.pause(output.ms);
    else if (output.kind === "event") writer.send(output.event);
    else if (output.kind === "error") {
      writer.fail(errorObject(usualProblem(500, output.type, output.message)));
      return writer.events;
    } else if (output.kind === "call") writer.call(output, isCut);
    else if (output.kind === "item") writer.item(output.item);
    else if (output.kind === "reasoning") writer.reasoning(output.pieces);
    else writer.message(output.kind, output.pieces, output.fields, isCut);
  }
  writer.end(finish, responsesUsage(counted));
  return writer.events;
}

/** Usage under the names of Responses. */
function responsesUsage({ input, cached, written, output, reasoning, more }: Counted): JsonObject {
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cached, cache_write_tokens: written },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: input + output,
    ...more,
  };
}

/** The fields of a request that a response repeats, and what they are if it does not have them. */
const ECHOED: Readonly<Record<string, unknown>> = {
  background: false,
  instructions: null,
  max_output_tokens: null,
  max_tool_calls: null,
  parallel_tool_calls: true,
  previous_response_id: null,
  reasoning: { effort: null, summary: null },
  store: true,
  temperature: 1,
  text: { format: { type: "text" }, verbosity: "medium" },
  tool_choice: "auto",
  tools: [],
  top_p: 1,
  truncation: "disabled",
  metadata: {},
};

/** Makes events with sequence numbers, and keeps the items that they add up to. */
class EventWriter {
  readonly events: WireEvent[] = [];
  readonly #options: ReplyOptions;
  readonly #asked: ResponseAsked;
  readonly #random: Random;
  readonly #output: JsonObject[] = [];
  #sequence = 0;
  #pause = 0;

  constructor(options: ReplyOptions, asked: ResponseAsked, random: Random) {
    this.#options = options;
    this.#asked = asked;
    this.#random = random;
  }

  start(): void {
    const isBackground = this.#asked.body["background"] === true;
    if (isBackground) {
      this.send({ type: "response.created", response: this.#response("queued") });
      this.send({ type: "response.queued", response: this.#response("queued") });
    } else this.send({ type: "response.created", response: this.#response("in_progress") });
    this.send({ type: "response.in_progress", response: this.#response("in_progress") });
  }

  end(finish: string | null, usage: JsonObject): void {
    if (finish === null) return;
    const reason = finish === "length" ? "max_output_tokens" : finish;
    const isFailed = finish === "failed" || finish === "error";
    if (isFailed)
      return this.send(failedResponse(errorObject(usualProblem(500)), { ...this.#response("failed"), usage }));
    const isIncomplete = reason === "max_output_tokens" || reason === "content_filter";
    const status = isIncomplete ? "incomplete" : "completed";
    const response = {
      ...this.#response(status),
      completed_at: isIncomplete ? null : CREATED + 1,
      incomplete_details: isIncomplete ? { reason } : null,
      output: this.#output,
      usage,
      service_tier: "default",
      ...this.#options.message,
    };
    this.send({ type: `response.${status}`, response });
  }

  /** An error, and the response that it leaves. */
  fail(error: JsonObject): void {
    this.send({ type: "error", error });
    this.send(failedResponse(error, this.#response("failed")));
  }

  message(kind: "text" | "refusal", pieces: readonly string[], fields: JsonObject, isCut: boolean): void {
    const item = { id: this.#random.id("msg_"), type: "message", ...fields, status: "in_progress", role: "assistant" };
    const at = this.#open({ ...item, content: [] });
    const empty =
      kind === "text"
        ? { type: "output_text", text: "", annotations: [], logprobs: [] }
        : { type: "refusal", refusal: "" };
    const text = pieces.join("");
    const part = kind === "text" ? { ...empty, text } : { ...empty, refusal: text };
    const place = { ...at, content_index: 0 };
    const name = kind === "text" ? "output_text" : "refusal";
    const logprobs = kind === "text" ? { logprobs: [] } : {};
    this.send({ type: "response.content_part.added", ...place, part: empty });
    for (const delta of pieces) this.#delta({ type: `response.${name}.delta`, ...place, delta, ...logprobs });
    this.send({ type: `response.${name}.done`, ...place, [kind]: text, ...logprobs });
    this.send({ type: "response.content_part.done", ...place, part });
    this.#close({ ...item, status: isCut ? "incomplete" : "completed", content: [part] });
  }

  reasoning(pieces: readonly string[]): void {
    const item = { id: this.#random.id("rs_"), type: "reasoning", summary: [] };
    // The token at the start is another one, which the API does not take back.
    const at = this.#open({ ...item, ...this.#encrypted(80) });
    const text = pieces.join("");
    const place = { ...at, summary_index: 0 };
    if (text !== "") {
      this.send({ type: "response.reasoning_summary_part.added", ...place, part: { type: "summary_text", text: "" } });
      for (const delta of pieces) this.#delta({ type: "response.reasoning_summary_text.delta", ...place, delta });
      this.send({ type: "response.reasoning_summary_text.done", ...place, text });
      this.send({ type: "response.reasoning_summary_part.done", ...place, part: { type: "summary_text", text } });
    }
    this.#close({ ...item, summary: text === "" ? [] : [{ type: "summary_text", text }], ...this.#encrypted(160) });
  }

  call({ type, name, id, pieces, isWhole, fields }: Call, isCut: boolean): void {
    const isCustom = type === "custom";
    const field = isCustom ? "input" : "arguments";
    const item: JsonObject = {
      id: this.#random.id(isCustom ? "ctc_" : "fc_"),
      type: isCustom ? "custom_tool_call" : "function_call",
      status: "in_progress",
      call_id: id ?? this.#random.id("call_"),
      name,
      [field]: "",
      ...fields,
    };
    const at = this.#open(item);
    const event = isCustom ? "response.custom_tool_call_input" : "response.function_call_arguments";
    for (const delta of pieces) this.#delta({ type: `${event}.delta`, ...at, delta });
    const text = pieces.join("");
    this.send({ type: `${event}.done`, ...at, [field]: text });
    this.#close({ ...item, status: isCut || !isWhole ? "incomplete" : "completed", [field]: text });
  }

  /** An item of any other type, which is sent whole. */
  item(item: JsonObject): void {
    const whole = { id: this.#random.id(`${textOf(item["type"]).slice(0, 3)}_`), ...item };
    this.#open({ ...whole, status: "in_progress" });
    this.#close({ status: "completed", ...whole });
  }

  pause(ms: number): void {
    this.#pause += ms;
  }

  send(event: JsonObject): void {
    const data = { ...event, sequence_number: this.#sequence++ };
    this.events.push(this.#pause === 0 ? { data } : { data, pause: this.#pause });
    this.#pause = 0;
  }

  #delta(event: JsonObject): void {
    const isPadded = this.#asked.obfuscates && this.#options.pad !== false;
    const padding = (): string => this.#random.base64(1 + this.#random.integer(12)).replace(/\W/g, "x");
    this.send(isPadded ? { ...event, obfuscation: padding() } : event);
  }

  #open(item: JsonObject): JsonObject {
    const output_index = this.#output.length;
    this.send({ type: "response.output_item.added", output_index, item });
    return { item_id: item["id"], output_index };
  }

  #close(item: JsonObject): void {
    this.send({ type: "response.output_item.done", output_index: this.#output.length, item });
    this.#output.push(item);
  }

  #encrypted(length: number): JsonObject {
    return this.#asked.encrypted ? { encrypted_content: `gAAAAAB${this.#random.base64(length)}` } : {};
  }

  #response(status: string): JsonObject {
    const { id, model, body } = this.#asked;
    const echoed: Fields = {};
    for (const [name, usual] of Object.entries(ECHOED)) echoed[name] = body[name] ?? usual;
    return {
      id,
      object: "response",
      created_at: CREATED,
      status,
      error: null,
      incomplete_details: null,
      model: this.#options.model ?? model,
      output: [],
      usage: null,
      service_tier: "auto",
      ...echoed,
    };
  }
}

/** The response in the last event of a stream that has one; an error, if it ended in one. */
export function foldedResponse(events: readonly JsonObject[]): JsonObject | null {
  return events.findLast((event) => "response" in event)?.["response"] as JsonObject | null;
}
