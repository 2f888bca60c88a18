import { ProtocolError } from "../../errors.ts";
import { isObject, type JsonObject, stringField } from "../../json/object.ts";
import { getOwn, isEqual, setOwn } from "../../json/own.ts";
import type { ToolUpdate } from "../../tool/tool-box.ts";
import { errorFromEvent } from "../openai-platform/errors.ts";
import { EventNumbers } from "./event-numbers.ts";
import { copied, DELTAS, type Growth, listIn, objectIn, setFuller, TEXTS, WHOLES } from "./growth.ts";
import { type ItemPart, type List, ReplyItem } from "./reply-item.ts";
import { isIndex, ReplyItems } from "./reply-items.ts";
import { changeShellCall, changeShellOutput } from "./shell-call.ts";
import type { OpenAIResponse } from "./wire.ts";
import { eventInRun, type RunValues, type TextRun } from "./text-run.ts";
import { typeOf } from "./type-of.ts";

/** The provider's name in errors. */
export const LABEL = "OpenAI";

const NO_UPDATES: readonly ToolUpdate[] = [];

/** The events that tell of the response as a whole. Some servers call the last one `done`. */
const LIFECYCLE = /^response\.(created|queued|in_progress|completed|incomplete|failed|cancelled|done)$/;
const ENDING = /^response\.(completed|incomplete|failed|cancelled|done)$/;
const FAILED = /^(response\.)?(failed|cancelled)$/;
const CUT = /^(response\.)?(incomplete|length)$/;
/** The lists whose parts begin and end with events of their own, by the names of these. */
const PARTS: ReadonlyMap<string, List> = new Map(
  ["content_part", "reasoning_part", "reasoning_summary_part"].flatMap((name) => {
    const list: List = name.includes("summary") ? "summary" : "content";
    return [[`response.${name}.added`, list] as const, [`response.${name}.done`, list] as const];
  }),
);
/** The parts of reasoning items that hold thinking. */
export const THOUGHT = /^(summary|reasoning)_text$/;
/** Events that say nothing but that the connection lives. They are numbered, too. */
export const PING = /^(keepalive|ping)$/;
/** Items that say nothing yet when they begin. */
const SILENT = /^(message|reasoning)$/;

const accumulators = new WeakMap<object, ResponseAccumulator>();

/** How far the reply has come that a message is of. */
export function progressOf(message: object | null): Pick<ResponseAccumulator, "numbers" | "hasEnded"> | undefined {
  return message === null ? undefined : accumulators.get(message);
}

/** Where the deltas of a run go. */
interface Run {
  readonly type: string;
  readonly index: unknown;
  readonly at: unknown;
  readonly item: ReplyItem;
  readonly block: JsonObject;
  readonly growth: Growth;
}

/**
 * Builds a response out of its events: every key that they carry, and no other.
 *
 * Items are placed by `output_index`, since some servers change ids with every event and others leave items open while
 * they begin new ones. What has the whole of something replaces what deltas have made of it, unless it has less.
 */
export class ResponseAccumulator {
  /** Rises whenever the message changes. */
  progress = 0;
  /** The terminal event came, and the response has not failed. */
  isWhole = false;
  /** The terminal event came. */
  hasEnded = false;
  hasContent = false;
  /** The provider has reported a count of tokens. */
  hasUsage = false;
  /** How many characters have come. */
  written = 0;
  /** What the last event added to the text, to the thinking, and to the inputs of tools. */
  content = "";
  thinking = "";
  updates: readonly ToolUpdate[] = NO_UPDATES;
  readonly numbers = new EventNumbers();
  #response: (JsonObject & { output: JsonObject[] }) | null = null;
  readonly #items: ReplyItems;
  readonly #callIds = new Set<string>();
  /** How much of the beginning of a text was dropped: what has the whole of it has that, too. */
  readonly #dropped = new Map<JsonObject, number>();
  #run: Run | null = null;
  /** A call without input, which is complete once something follows that does not cut it. */
  #waiting: ReplyItem | null = null;

  /** @param before - The items of a reply that this one continues. They come before all others. */
  constructor(before: readonly JsonObject[] = []) {
    const known = before.map((given, place) => {
      const item = new ReplyItem(place - before.length, given, this.#callIds);
      item.isDone = true;
      if (item.isCall) item.close();
      return item;
    });
    this.#items = new ReplyItems(known);
  }

  /** The message so far; null before its first event. */
  get message(): OpenAIResponse | null {
    this.#order();
    // Of the wire's shape: it is made of events.
    return this.#response as unknown as OpenAIResponse | null;
  }

  /** Its items, in their order. */
  get replyItems(): readonly ReplyItem[] {
    this.#order();
    return this.#items.all;
  }

  /**
   * Applies an event. False if it came before, as a number tells, or says nothing.
   *
   * @throws MillraceError if the response has failed, or the events cannot be its own.
   */
  apply(type: string, event: JsonObject): boolean {
    const { sequence_number: number, response } = event;
    const id = stringField(response, "id");
    if (this.numbers.isResumed && id !== null && id !== this.#response?.["id"]) {
      throw new ProtocolError("events of another response came.", {
        retryable: false,
      });
    }
    if (PING.test(type)) {
      this.numbers.pass(number);
      return false;
    }
    // The end is the end, whatever its number.
    if (!this.#advance(number) && !ENDING.test(type)) return false;
    const growth = DELTAS.get(type);
    if (growth !== undefined) this.#append(type, event, growth);
    else if (LIFECYCLE.test(type)) this.#live(type, response);
    else this.#change(type, event);
    return true;
  }

  /**
   * Applies the event of a run that has the values from a place on. False if it came before.
   *
   * @throws MillraceError if it is a call's that was complete, or an event before it is missing.
   */
  applyInRun(like: TextRun, values: RunValues, at: number): boolean {
    const run = this.#run;
    const { type, event } = like;
    const text = values[at + like.text];
    if (run === null || typeof text !== "string" || !isSame(run, type, event)) {
      return this.apply(type, eventInRun(like, values, at));
    }
    if (!this.#advance(like.number < 0 ? undefined : values[at + like.number])) return false;
    this.#grow(run, text);
    return true;
  }

  /** Begins with an event. False if it came before. @throws ProtocolError if one before it is missing. */
  #advance(number: unknown): boolean {
    this.content = this.thinking = "";
    this.updates = NO_UPDATES;
    return this.numbers.take(number);
  }

  /** Drops characters at the beginning of the text, the reply that it continues left aside. */
  dropText(length: number): void {
    this.#order();
    for (const item of this.#items.own) {
      if (item.type !== "message") continue;
      for (const { block } of item.partsOf("content", "output_text")) {
        const text = stringField(block, "text") ?? "";
        const dropped = Math.min(length, text.length);
        this.#dropped.set(block, dropped);
        block["text"] = text.slice(dropped);
        length -= dropped;
      }
    }
  }

  #change(type: string, event: JsonObject): void {
    this.#run = null;
    const whole = WHOLES.get(type);
    if (whole !== undefined) return this.#replace(event, whole);
    const list = PARTS.get(type);
    if (list !== undefined) return this.#changePart(event, list);
    const { item, output_index: index } = event;
    switch (type) {
      case "response.output_item.added":
        if (isObject(item)) this.#begin(index, item);
        break;
      case "response.output_item.done":
        if (isObject(item)) this.#finish(this.#begin(index, item, true), false, false);
        break;
      case "response.output_text.annotation.added":
        this.#annotate(event);
        break;
      default:
        if (type.startsWith("response.shell_call_")) this.#changeShell(type, event);
    }
  }

  #opened(): JsonObject & { output: JsonObject[] } {
    if (this.#response === null) {
      this.#response = { output: this.#items.all.map(({ block }) => block) };
      accumulators.set(this.#response, this);
    }
    return this.#response;
  }

  #live(type: string, given: unknown): void {
    this.#run = null;
    const response = this.#opened();
    const fields = isObject(given) ? given : {};
    const isEnd = ENDING.test(type);
    for (const [key, value] of Object.entries(fields)) {
      const known = getOwn(response, key);
      // At the beginning nothing has been counted yet.
      const isLoss = value === null ? known !== undefined : key === "usage" && !isEnd;
      if (key === "output" || isLoss || isEqual(known, value)) continue;
      setOwn(response, key, value);
      this.progress++;
    }
    if (this.progress === 0) this.progress = 1;
    if (isEnd) this.#end(type, fields, response);
  }

  /** @throws MillraceError if the response has failed. */
  #end(type: string, { output, usage, status }: JsonObject, response: JsonObject): void {
    this.hasEnded = true;
    const state = typeof status === "string" ? status : "";
    const isFailed = FAILED.test(type) || FAILED.test(state);
    const isCut = isFailed || CUT.test(type) || CUT.test(state);
    // The event says what a server has left out of its response.
    if (isCut && state === "") response["status"] = type.slice(type.indexOf(".") + 1);
    this.hasUsage = isObject(usage) && Object.values(usage).some((count) => typeof count === "number" && count > 0);
    this.#release(isCut);
    if (Array.isArray(output)) this.#repair(output, isCut);
    for (const item of this.#items.own) {
      if (!item.isCall || item.isDone) continue;
      if (!isCut && item.hasWholeInput) this.#finish(item, false);
      else item.state = "truncated";
    }
    if (isFailed) throw errorFromEvent(LABEL, failureOf(response));
    if (!this.isWhole) this.progress++;
    this.isWhole = true;
  }

  /** Merges the output of the terminal event, item by item: it may lack what was streamed, and have what was not. */
  #repair(output: readonly unknown[], isCut: boolean): void {
    this.#order();
    this.#items.match(output, (given, known, index) => {
      if (known !== undefined) this.#fill(known, given);
      const item = known ?? this.#add(index, given);
      this.#finish(item, isCut);
      return item;
    });
  }

  /** The item that begins, or is done. */
  #begin(index: unknown, given: JsonObject, isDone = false): ReplyItem {
    const known = this.#items.findSame(index, given, isDone);
    if (known === undefined) return this.#add(isIndex(index) ? index : this.#items.placeFor(index), given);
    this.#fill(known, given);
    return known;
  }

  #add(index: number, given: JsonObject): ReplyItem {
    this.#release(false);
    const item = new ReplyItem(index, given, this.#callIds);
    const { output } = this.#opened();
    this.#items.add(item);
    output.push(item.block);
    this.progress++;
    if (!SILENT.test(item.type)) this.hasContent = true;
    for (const part of item.parts()) this.#show(item, part.block, textOf(part.block));
    if (item.isNamed) this.#extendInput(item, item.text);
    return item;
  }

  #release(isCut: boolean): void {
    const item = this.#waiting;
    this.#waiting = null;
    if (item !== null) this.#finish(item, isCut);
  }

  /** Merges a later form of an item. The input of a call that is complete does not change any more. */
  #fill(item: ReplyItem, given: JsonObject): void {
    this.#items.name(item, given["id"]);
    for (const [key, value] of Object.entries(given)) {
      const parts: readonly unknown[] = Array.isArray(value) ? value : [];
      const isParts = key === "content" || key === "summary";
      if (isParts && (parts.length > 0 || item.sizeOf(key) > 0)) this.#fillParts(item, key, parts);
      else if (item.isNamed && /^(arguments|input)$/.test(key)) this.#setInput(item, key, value);
      else if (item.isNamed && item.isDone && /^(call_id|name)$/.test(key)) continue;
      else if (setFuller(item.block, key, value)) this.progress++;
    }
  }

  #fillParts(item: ReplyItem, list: List, parts: readonly unknown[]): void {
    const ranks = new Map<unknown, number>();
    parts.forEach((given: unknown, at) => {
      if (!isObject(given)) return;
      const type = typeOf(given);
      const rank = ranks.get(type) ?? 0;
      ranks.set(type, rank + 1);
      // Some servers count the parts of all items together.
      this.#fillPart(item, list, at, given, item.partAt(list, at, type) ?? item.partsOf(list, type)[rank]);
    });
  }

  #fillPart(item: ReplyItem, list: List, at: number, given: JsonObject, known: ItemPart | undefined): void {
    if (known === undefined) {
      const { block } = item.add(list, at, copied(given));
      this.progress++;
      return this.#show(item, block, textOf(block));
    }
    const name = TEXTS.get(given["type"]);
    for (const [key, value] of Object.entries(given)) {
      if (key === name) this.#setText(item, known.block, key, value);
      else if (setFuller(known.block, key, value)) this.progress++;
    }
  }

  /**
   * Replaces a text by the whole of it. What is new of it is shown.
   *
   * @throws ProtocolError if it is another than was shown.
   */
  #setText(item: ReplyItem, block: JsonObject, field: string, whole: unknown): void {
    const known = stringField(block, field) ?? "";
    const value = typeof whole === "string" ? whole.slice(this.#dropped.get(block) ?? 0) : "";
    const isMore = value.startsWith(known);
    if (value === known || value === "") return;
    if (!isMore && TEXTS.has(block["type"])) {
      // Searched for anywhere, some texts take quadratic time.
      if (known.startsWith(value) || known.endsWith(value)) return;
      // Before the end deltas may have been left out, but none may say anything else.
      if (this.hasEnded || !isWithin(known, value)) throw contradiction(item);
    }
    block[field] = value;
    this.progress++;
    this.#show(item, block, isMore ? value.slice(known.length) : "");
  }

  /**
   * Replaces the input of a call by the whole of it.
   *
   * @throws ProtocolError if it is another than came.
   */
  #setInput(item: ReplyItem, field: string, value: unknown): void {
    const { block, text: before } = item;
    const known = block[field];
    if (item.isDone || value === "" || !setFuller(block, field, value)) return;
    const { text } = item;
    // It may have come twice, without some deltas, or as JSON with other spaces and escapes.
    if (!before.endsWith(text) && !isWithin(before.replace(/\\u....|\W/g, ""), text)) {
      block[field] = known;
      throw contradiction(item);
    }
    this.progress++;
    this.#extendInput(item, text.startsWith(before) ? text.slice(before.length) : "");
  }

  // Not changed in place: steps hold on to it.
  #update(update: ToolUpdate): void {
    this.updates = this.updates.length === 0 ? [update] : [...this.updates, update];
  }

  #extendInput(input: ReplyItem, fragment: string): void {
    if (fragment === "") return;
    this.written += fragment.length;
    this.#update({ input, fragment });
  }

  /** An item is whole, or will not become so. */
  #finish(item: ReplyItem, isCut: boolean, isEnd = true): void {
    if (item.isDone) return;
    const isIncomplete = isCut || item.block["status"] === "incomplete";
    this.progress++;
    if (!isEnd && item.isNamed && !isIncomplete && item.text === "") {
      // The end may tell that it was cut.
      this.#waiting = item;
      return;
    }
    item.isDone = true;
    if (item.type !== "message") this.hasContent = true;
    if (!item.isCall) return;
    if (isIncomplete) {
      item.state = "truncated";
    } else {
      item.close();
      this.#update({ input: item, fragment: null });
    }
  }

  /** The item that an event belongs to; else it begins here. */
  #itemOf(event: JsonObject, type: string): ReplyItem {
    const found = this.#items.find(event, type);
    if (found !== undefined) return found;
    const { output_index: index, item_id: id } = event;
    const role = type === "message" ? { role: "assistant" } : {};
    const given = { ...(typeof id === "string" && { id }), type, ...role };
    return this.#add(this.#items.placeFor(index), given);
  }

  /** The part that an event belongs to; else it begins here. */
  #partOf(item: ReplyItem, event: JsonObject, list: List, type: string, field: string): JsonObject {
    const { at, known } = placed(item, event, list, type);
    return (known ?? item.add(list, at, { type, [field]: "" })).block;
  }

  /** What grows: a part, an object in the item, or the item itself. */
  #growing(item: ReplyItem, event: JsonObject, { list, part, field }: Growth): JsonObject {
    if (list !== null) return this.#partOf(item, event, list, part, field);
    return part === "" ? item.block : objectIn(item.block, part);
  }

  #append(type: string, event: JsonObject, growth: Growth): void {
    const { delta, logprobs } = event;
    const text = typeof delta === "string" ? delta : isObject(delta) && !growth.list ? JSON.stringify(delta) : null;
    if (text === null) return;
    const run = this.#run !== null && isSame(this.#run, type, event) ? this.#run : this.#beginRun(type, event, growth);
    this.#grow(run, text);
    if (Array.isArray(logprobs) && logprobs.length > 0) {
      const all = listIn(run.block, "logprobs");
      for (const logprob of logprobs) all.push(logprob);
    }
  }

  #beginRun(type: string, event: JsonObject, growth: Growth): Run {
    const item = this.#itemOf(event, growth.item);
    const block = this.#growing(item, event, growth);
    return (this.#run = { type, index: event["output_index"], at: placeIn(event, growth.list), item, block, growth });
  }

  #grow({ item, block, growth: { field } }: Run, text: string): void {
    if (item.isNamed && item.isDone) throw new ProtocolError("the input of a call grew after it was complete.");
    if (text === "") return;
    const known = block[field];
    block[field] = typeof known === "string" ? known + text : text;
    this.progress++;
    if (item.isNamed) this.#extendInput(item, text);
    else this.#show(item, block, text);
    this.hasContent = true;
  }

  #replace(event: JsonObject, growth: Growth): void {
    const { list, field } = growth;
    const value = event[field];
    const item = this.#itemOf(event, growth.item);
    if (item.isNamed) {
      const { name } = event;
      if (!("name" in item.block) && typeof name === "string") item.block["name"] = name;
      item.isWritten = true;
      return this.#setInput(item, field, value);
    }
    const block = this.#growing(item, event, growth);
    this.#setText(item, block, field, value);
    const { logprobs } = event;
    if (list !== null && Array.isArray(logprobs) && logprobs.length > 0) setFuller(block, "logprobs", logprobs);
  }

  #changePart(event: JsonObject, list: List): void {
    const { part } = event;
    if (!isObject(part)) return;
    const type = typeOf(part);
    const item = this.#itemOf(event, list === "summary" || type === "reasoning_text" ? "reasoning" : "message");
    const { at, known } = placed(item, event, list, type);
    this.#fillPart(item, list, at, part, known);
  }

  #annotate(event: JsonObject): void {
    const { annotation_index: index, annotation } = event;
    const item = this.#itemOf(event, "message");
    const part = this.#partOf(item, event, "content", "output_text", "text");
    const all = listIn(part, "annotations");
    all[isIndex(index) && index < all.length ? index : all.length] = annotation;
    this.progress++;
  }

  #changeShell(type: string, event: JsonObject): void {
    const isOutput = type.includes("_output_");
    const { block } = this.#itemOf(event, isOutput ? "shell_call_output" : "shell_call");
    if (isOutput) changeShellOutput(block, event);
    else changeShellCall(block, event);
    this.progress++;
  }

  /** What is added to a text. Only the text of messages is part of `content`, and only that of reasoning of `thinking`. */
  #show({ type }: ReplyItem, block: JsonObject, text: string): void {
    if (text === "") return;
    this.written += text.length;
    this.hasContent = true;
    if (type === "message" && block["type"] === "output_text") this.content += text;
    else if (type === "reasoning" && THOUGHT.test(typeOf(block))) this.thinking += text;
  }

  #order(): void {
    if (this.#items.order() && this.#response !== null) {
      this.#response.output = this.#items.all.map(({ block }) => block);
    }
  }
}

/** Which part of its item an event names. */
function placeIn(event: JsonObject, list: List | null): unknown {
  return event[list === "summary" ? "summary_index" : "content_index"];
}

/** The part that an event names, by its place or as the last of its type, and where it begins if there is none. */
function placed(
  item: ReplyItem,
  event: JsonObject,
  list: List,
  type: string,
): { at: number; known: ItemPart | undefined } {
  const at = placeIn(event, list);
  return isIndex(at)
    ? { at, known: item.partAt(list, at, type) }
    : { at: item.sizeOf(list), known: item.partsOf(list, type).at(-1) };
}

/** Whether an event appends where those of the run do. */
function isSame(run: Run, type: string, event: JsonObject): boolean {
  const { output_index: index } = event;
  return run.type === type && run.index === index && isIndex(index) && run.at === placeIn(event, run.growth.list);
}

function textOf(block: JsonObject): string {
  const name = TEXTS.get(block["type"]);
  return name === undefined ? "" : (stringField(block, name) ?? "");
}

function contradiction({ type }: ReplyItem): ProtocolError {
  return new ProtocolError(`the whole of a ${type} is not what came of it before.`);
}

/** Whether a text has all characters of another, in their order. */
function isWithin(part: string, text: string): boolean {
  let end = 0;
  for (const character of part) {
    end = text.indexOf(character, end) + 1;
    if (end === 0) return false;
  }
  return true;
}

/** What a failed response says of its failure. */
function failureOf({ error, status }: JsonObject): unknown {
  if (error) return error;
  return status === "cancelled" ? { code: status, message: "The response was cancelled." } : { code: status };
}
