import { ProtocolError } from "../../errors.ts";
import { field, isObject, type JsonObject, stringField } from "../../json/object.ts";
import { getOwn, setOwn } from "../../json/own.ts";
import type { ToolUpdate } from "../../tool/tool-box.ts";
import { append, assign, assignAll, listOf } from "./fields.ts";
import { isCutting, isFinishReason } from "./finish-reason.ts";
import { ToolCalls } from "./tool-calls.ts";

/** What is counted of a message while it grows. */
export interface Growth {
  /** Rises whenever the message changes. */
  progress: number;
  /** How many characters the model has written. */
  written: number;
  hasContent: boolean;
}

/** One choice of a reply, while it arrives. */
export class OpenChoice {
  readonly message: JsonObject = { role: "assistant", content: null };
  readonly native: JsonObject;
  readonly calls = new ToolCalls();
  isFinished = false;
  /** What the last event has added. */
  content = "";
  thinking = "";
  updates: ToolUpdate[] = [];
  readonly #growth: Growth;
  /** The audio so far, as base64, but for the last bytes: after other than three each, base64 cannot be joined. */
  #audio = "";
  #audioRest = "";
  /** The items of lists that are told apart by an index. */
  readonly #items = new Map<string, JsonObject>();

  constructor(index: number, growth: Growth) {
    this.native = { index, message: this.message, finish_reason: null };
    this.#growth = growth;
  }

  /** Adds what an event says of this choice. Where a reply comes whole, that is a message. */
  add(given: JsonObject): void {
    this.content = this.thinking = "";
    this.updates = [];
    for (const key of Object.keys(given)) {
      const value = given[key];
      // Some servers send the whole message beside each delta.
      if (key === "delta" || (key === "message" && given["delta"] === undefined)) {
        if (isObject(value)) this.#addDelta(value);
      } else if (key === "index" || key === "message" || key === "finish_reason" || key === "usage") continue;
      else if (key === "logprobs") this.#addLogprobs(value);
      // The tokens of vLLM, for example.
      else if (Array.isArray(value)) {
        pushAll(this.native, key, value);
        this.#note(value.length > 0);
      } else this.#note(assign(this.native, key, value));
    }
    const { finish_reason: reason } = given;
    if (isFinishReason(reason)) this.#finish(reason);
  }

  /** Adds a text that was counted already. */
  join(field: "content" | "reasoning" | "reasoning_content", text: string): void {
    if (field === "content") this.#putText(text);
    else append(this.message, field, text);
  }

  /** No more comes. */
  close(isCut: boolean): void {
    this.calls.close(isCut, this.updates);
  }

  #finish(reason: string): void {
    this.#note(assign(this.native, "finish_reason", reason));
    this.isFinished = true;
    this.close(isCutting(reason));
  }

  #addDelta(delta: JsonObject): void {
    for (const key of Object.keys(delta)) {
      const value = delta[key];
      if (key === "content") this.#addContent(value);
      else if (key === "tool_calls") this.#addCalls(value);
      else if (key === "audio" && isObject(value)) this.#addAudio(value);
      else if (key === "function_call" && isObject(value)) {
        this.calls.addFunctionCall(value, this.message, this.updates);
        this.#grow(0);
      } else if (key === "reasoning" && isText(delta["reasoning_content"])) {
        // Some servers send the same text under both names.
      } else if (isText(value) && (key === "refusal" || key === "reasoning" || key === "reasoning_content")) {
        append(this.message, key, value);
        this.#grow(value.length);
        if (key !== "refusal") this.thinking += value;
      } else if (Array.isArray(value)) this.#addItems(key, value);
      else this.#note(assign(this.message, key, value));
    }
  }

  #addContent(content: unknown): void {
    if (typeof content === "string") return this.#addText(content);
    for (const part of Array.isArray(content) ? content : content === null ? [] : [content]) {
      const type = field(part, "type");
      const text = stringField(part, "text");
      const thinking = type === "thinking" ? textIn(field(part, "thinking")) : null;
      if (type === "text" && text !== null) this.#addText(text);
      else if (thinking !== null) {
        append(this.message, "reasoning", thinking);
        this.thinking += thinking;
        this.#grow(thinking.length);
      } else {
        const { content: known } = this.message;
        const parts: unknown[] = Array.isArray(known) ? known : known ? [{ type: "text", text: known }] : [];
        parts.push(isObject(part) ? { ...part } : part);
        this.message["content"] = parts;
        this.#grow(0);
      }
    }
  }

  #addText(text: string): void {
    this.content += text;
    if (this.message["content"] === null) this.#note(true);
    this.#putText(text);
    if (text !== "") this.#grow(text.length);
  }

  #putText(text: string): void {
    const { content } = this.message;
    if (Array.isArray(content)) {
      const last: unknown = content.at(-1);
      if (isObject(last) && typeof last["text"] === "string" && last["type"] === "text") last["text"] += text;
      else if (text !== "") content.push({ type: "text", text });
    } else {
      this.message["content"] = typeof content === "string" ? content + text : text;
    }
  }

  #addCalls(fragments: unknown): void {
    for (const fragment of listOf(fragments)) {
      if (!isObject(fragment)) continue;
      const blocks = (this.message["tool_calls"] ??= []) as JsonObject[];
      this.calls.add(fragment, blocks, this.updates);
      this.#grow(stringField(fragment["function"], "arguments")?.length ?? 0);
    }
  }

  #addAudio({ data, transcript, ...fields }: JsonObject): void {
    const audio: JsonObject = isObject(this.message["audio"]) ? this.message["audio"] : {};
    this.message["audio"] = audio;
    this.#note(assignAll(audio, fields));
    if (isText(transcript)) {
      append(audio, "transcript", transcript);
      this.#grow(transcript.length);
    }
    if (!isText(data)) return;
    const bytes = this.#audioRest + decoded(data);
    const whole = bytes.length - (bytes.length % 3);
    this.#audio += btoa(bytes.slice(0, whole));
    this.#audioRest = bytes.slice(whole);
    audio["data"] = this.#audio + btoa(this.#audioRest);
    this.#grow(0);
  }

  #addLogprobs(given: unknown): void {
    const known = this.native["logprobs"];
    if (!isObject(given)) return this.#note(assign(this.native, "logprobs", given));
    const logprobs: JsonObject = isObject(known) ? known : {};
    this.native["logprobs"] = logprobs;
    for (const key of Object.keys(given)) {
      const value = given[key];
      if (Array.isArray(value)) pushAll(logprobs, key, value);
      else assign(logprobs, key, value);
    }
    this.#note(true);
  }

  /** Adds to a list. An item whose index has come before goes on. */
  #addItems(key: string, added: readonly unknown[]): void {
    const fresh = added.filter((item) => {
      if (!isObject(item) || item["index"] === undefined) return true;
      const known = this.#items.get(placeOf(key, item));
      if (known !== undefined) extendItem(known, item);
      return known === undefined;
    });
    const copies = fresh.map((item) => (isObject(item) ? this.#itemOf(key, item) : item));
    pushAll(this.message, key, copies);
    if (
      key === "reasoning_details" &&
      !isText(this.message["reasoning"]) &&
      !isText(this.message["reasoning_content"])
    ) {
      for (const item of added) this.thinking += textOfDetail(item);
    }
    if (added.length > 0) this.#grow(0);
  }

  #itemOf(key: string, given: JsonObject): JsonObject {
    const item: JsonObject = {};
    assignAll(item, given);
    if (given["index"] !== undefined) this.#items.set(placeOf(key, given), item);
    return item;
  }

  #grow(length: number): void {
    this.#growth.written += length;
    this.#growth.hasContent = true;
    this.#growth.progress++;
  }

  #note(hasChanged: boolean): void {
    if (hasChanged) this.#growth.progress++;
  }
}

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";

/** Where an item of a list goes on: it has the same index and type. */
function placeOf(key: string, { type, index }: JsonObject): string {
  return JSON.stringify([key, type, index]);
}

function extendItem(known: JsonObject, more: JsonObject): void {
  for (const key of Object.keys(more)) {
    const value = more[key];
    if ((key === "text" || key === "summary") && typeof value === "string") append(known, key, value);
    else assign(known, key, value);
  }
}

/** The text of a part of the reasoning. What is encrypted has none. */
export function textOfDetail(detail: unknown): string {
  return stringField(detail, "text") ?? stringField(detail, "summary") ?? "";
}

/** Text, or the texts of a list of parts. */
function textIn(value: unknown): string | null {
  if (typeof value === "string") return value;
  return Array.isArray(value) ? value.map((part) => stringField(part, "text") ?? "").join("") : null;
}

/** Adds to a list, which may not have begun. */
function pushAll(target: JsonObject, key: string, items: readonly unknown[]): void {
  const known = getOwn(target, key);
  if (!Array.isArray(known)) return setOwn(target, key, [...items]);
  for (const item of items) known.push(item);
}

/** @throws ProtocolError */
function decoded(base64: string): string {
  try {
    return atob(base64);
  } catch (cause) {
    throw new ProtocolError("audio came that is not base64.", { cause });
  }
}
