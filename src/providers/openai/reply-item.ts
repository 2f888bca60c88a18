import { DEEPEST, isDeeper } from "../../json/depth.ts";
import { isObject, type JsonObject, stringField, tryParse } from "../../json/object.ts";
import type { ToolInput } from "../../tool/tool-box.ts";
import { copied } from "./growth.ts";
import { typeOf } from "./type-of.ts";

/** The name of a call that came without one: it goes back under this one, so that the model can be told. */
const UNNAMED = "unnamed_tool";

const CALL = /^((function|custom_tool|computer|local_shell|shell|apply_patch|tool_search)_call|mcp_approval_request)$/;

/** The lists that an item may have its parts in. */
export type List = "content" | "summary";

/** A part of an item, at the index that events name it by. */
export interface ItemPart {
  readonly at: number;
  readonly block: JsonObject;
}

/** An item of the reply, and what is known of it beside what the message says. */
export class ReplyItem implements ToolInput {
  /** What events name it by: its place among the items. */
  readonly index: number;
  /** The native item. The same object from beginning to end. */
  readonly block: JsonObject;
  /** Its `output_item.done` came, or the terminal event had it. */
  isDone = false;
  /** The event came that has the whole of its input. */
  isWritten = false;
  /** The state of its input, if it is a call. */
  state: ToolInput["state"] = "streaming";
  value: unknown = undefined;
  readonly #ids: Set<string>;
  #id: string | null = null;
  readonly #parts = new Map<string, ItemPart>();
  readonly #byType = new Map<string, ItemPart[]>();
  readonly #lists: Record<List, ItemPart[]> = { content: [], summary: [] };
  #isOrdered = true;

  /** @param ids - Those of the calls of the message. */
  constructor(index: number, given: JsonObject, ids: Set<string>) {
    const { content, summary, ...fields } = given;
    this.index = index;
    this.#ids = ids;
    this.block = copied(fields);
    for (const [list, parts] of [
      ["content", content],
      ["summary", summary],
    ] as const) {
      if (!Array.isArray(parts)) {
        // Text, in an item of a request.
        if (parts !== undefined) this.block[list] = parts;
        continue;
      }
      this.block[list] = [];
      parts.forEach((part: unknown, at) => isObject(part) && this.add(list, at, copied(part)));
    }
  }

  get type(): string {
    return typeOf(this.block);
  }

  /** Whether it asks for a tool by its name. */
  get isNamed(): boolean {
    return this.type === "function_call" || this.type === "custom_tool_call";
  }

  /** Whether it may ask for something that the program does. */
  get isCall(): boolean {
    return CALL.test(this.type);
  }

  /** The id of a call: the item's own, unless that is missing or is another call's too. */
  get id(): string {
    if (this.#id === null) {
      const given = stringField(this.block, "call_id") ?? "";
      this.#id =
        given === "" || this.#ids.has(given) ? `${given || "call"}_${Math.random().toString(36).slice(2)}` : given;
      this.#ids.add(this.#id);
    }
    return this.#id;
  }

  get name(): string {
    // The others go by the type of the tool: `computer`, say.
    return this.isNamed
      ? stringField(this.block, "name") || UNNAMED
      : this.type.replace(/_(call|approval_request)$/, "");
  }

  get text(): string {
    const { arguments: given, input, action, actions, operation } = this.block;
    const text = this.type === "function_call" ? given : (input ?? given ?? actions ?? action ?? operation);
    return typeof text === "string" ? text : text === undefined || text === null ? "" : JSON.stringify(text);
  }

  /** Whether nothing is missing in the input of a call, if the reply was not cut: what is cut of an object is not JSON. */
  get hasWholeInput(): boolean {
    return this.isWritten || (this.type === "function_call" && isObject(tryParse(this.text)));
  }

  /** Ends the input of a call: from now on it is complete or invalid. */
  close(): void {
    const { text } = this;
    const value = text === "" ? {} : tryParse(text);
    const isValid = isObject(value) && !isDeeper(value, DEEPEST);
    this.state = isValid || this.type !== "function_call" ? "complete" : "invalid";
    // Only a picture of the screen answers it: it goes back with one, or not at all.
    if (this.type === "computer_call") this.state = "truncated";
    if (isValid) this.value = value;
  }

  /** The part at an index, if it is of this type. */
  partAt(list: List, at: number, type: string): ItemPart | undefined {
    return this.#parts.get(`${list} ${at} ${type}`);
  }

  /** The parts of this type, in the order in which they came. */
  partsOf(list: List, type: string): readonly ItemPart[] {
    return this.#byType.get(`${list} ${type}`) ?? [];
  }

  /** All parts. */
  parts(): readonly ItemPart[] {
    return [...this.#lists.content, ...this.#lists.summary];
  }

  /** How many parts a list has. */
  sizeOf(list: List): number {
    return this.#lists[list].length;
  }

  /** Adds a part. */
  add(list: List, at: number, block: JsonObject): ItemPart {
    const type = typeOf(block);
    const part = { at, block };
    const parts = this.#lists[list];
    if ((parts.at(-1)?.at ?? at) > at) this.#isOrdered = false;
    parts.push(part);
    this.#parts.set(`${list} ${at} ${type}`, part);
    pushTo(this.#byType, `${list} ${type}`, part);
    const blocks = this.block[list];
    if (Array.isArray(blocks)) blocks.push(block);
    else this.block[list] = [block];
    return part;
  }

  /** Brings the parts into their order. */
  order(): void {
    if (this.#isOrdered) return;
    this.#isOrdered = true;
    for (const [list, parts] of Object.entries(this.#lists)) {
      if (parts.length > 0) this.block[list] = parts.sort((a, b) => a.at - b.at).map(({ block }) => block);
    }
  }
}

/** Adds to the list that a map has under a key. */
export function pushTo<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const known = lists.get(key);
  if (known === undefined) lists.set(key, [value]);
  else known.push(value);
}
