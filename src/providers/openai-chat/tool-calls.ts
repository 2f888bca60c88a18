import { ProtocolError } from "../../errors.ts";
import { DEEPEST, isDeeper } from "../../json/depth.ts";
import { isObject, type JsonObject, stringField, tryParse } from "../../json/object.ts";
import type { ToolInput, ToolUpdate } from "../../tool/tool-box.ts";
import { assign, assignAll } from "./fields.ts";

/** The name of a call that came without one: it goes back under this one, so that the model can be told. */
const UNNAMED = "unnamed_tool";

/** A call of a tool, as the message has it, and what is known of it beside that. */
export class OpenToolCall implements ToolInput {
  readonly block: JsonObject;
  state: ToolInput["state"] = "streaming";
  value: unknown = undefined;
  /** Its name and input: the part of the block that is named after its type. */
  readonly #body: JsonObject;
  /** The field of the input: that of a custom tool is free text. */
  readonly #key: "arguments" | "input";
  #id = "";
  /** What readers have not been given of its input: all of it, as long as it has no name. */
  #pending = "";
  /** The length of the input when it was last found out whether it is a JSON object, and what was found. */
  #checked = 0;
  #isObject = false;

  constructor(block: JsonObject, body: JsonObject, key: "arguments" | "input" = "arguments") {
    this.block = block;
    this.#body = body;
    this.#key = key;
  }

  /** The block's own id, unless that is missing or is another call's too. It stays as it was when it was first asked for. */
  get id(): string {
    this.#id ||= stringField(this.block, "id") || newId("call");
    return this.#id;
  }

  get name(): string {
    return this.knownName || UNNAMED;
  }

  /** Its name so far. */
  get knownName(): string {
    return stringField(this.#body, "name") ?? "";
  }

  /** Whether its input is free text. */
  get isCustom(): boolean {
    return this.#key === "input";
  }

  get text(): string {
    return stringField(this.#body, this.#key) ?? "";
  }

  /** Takes an id that no other call of the message has. */
  identify(isTaken: (id: string) => boolean): void {
    const own = stringField(this.block, "id") ?? "";
    if (own !== "" && isTaken(own)) this.#id ||= newId(own);
  }

  /** Whether its input is a JSON object by now. It is not parsed each time, but whenever it has doubled. */
  get isWholeObject(): boolean {
    const { text } = this;
    if (text.length !== this.#checked && text.length >= 2 * this.#checked) {
      this.#isObject = isObject(tryParse(text));
      this.#checked = text.length;
    }
    return this.#isObject && text.length === this.#checked;
  }

  /** Adds a fragment of its name and its input. */
  extend(fragment: unknown): void {
    if (!isObject(fragment)) return;
    this.#rename(fragment["name"]);
    this.#fill(fragment[this.#key]);
    for (const key of Object.keys(fragment)) {
      if (key !== "name" && key !== this.#key) assign(this.#body, key, fragment[key]);
    }
  }

  /** Adds a fragment of the input, or the whole of it. */
  #fill(given: unknown): void {
    if (given == null || given === "") return;
    const fragment = typeof given === "string" ? given : JSON.stringify(given);
    const { text } = this;
    // Some servers send the whole input twice: it is the later one.
    const isAgain =
      fragment.startsWith("{") && fragment.endsWith("}") && this.isWholeObject && isObject(tryParse(fragment));
    if (this.state === "complete" && !this.isCustom && !(isAgain && fragment === text) && /\S/.test(fragment)) {
      throw new ProtocolError(`more input came for a call of ${this.name} that was complete.`);
    }
    // Readers cannot take back what they were given.
    this.#pending = isAgain ? (this.#pending === text ? fragment : "") : this.#pending + fragment;
    this.#body[this.#key] = isAgain ? fragment : text + fragment;
    if (isAgain) this.#checked = 0;
  }

  /** Adds a name, or a piece of it. */
  #rename(given: unknown): void {
    const known = this.knownName;
    if (typeof given !== "string" || given === "" || given === known) return;
    if (known === "" || this.text === "") this.#body["name"] = known + given;
  }

  /** Tells readers what they have not been given of the input. */
  tell(updates: ToolUpdate[]): void {
    if (this.#pending === "" || this.knownName === "" || this.state !== "streaming") return;
    updates.push({ input: this, fragment: this.#pending });
    this.#pending = "";
  }

  /** Ends its input: from now on it is complete or invalid. Gives whether it is one of them only now. */
  close(): boolean {
    if (this.state !== "streaming") return false;
    const { text } = this;
    const value = text === "" ? {} : tryParse(text);
    const isValid = isObject(value) && !isDeeper(value, DEEPEST);
    this.state = isValid || this.isCustom ? "complete" : "invalid";
    if (isValid && !this.isCustom) this.value = value;
    return true;
  }
}

/** An id that no other call has, in other messages of the conversation too: its result is told by that. */
function newId(start: string): string {
  return `${start}_${Math.random().toString(36).slice(2)}`;
}

/** The calls of one choice. Servers tell fragments apart by index, by id, by both or by neither. */
export class ToolCalls {
  /** In the order in which they began. */
  readonly list: OpenToolCall[] = [];
  readonly #byId = new Map<string, OpenToolCall>();
  readonly #byIndex = new Map<unknown, OpenToolCall>();
  /** Those that nothing has ended yet. */
  readonly #open = new Set<OpenToolCall>();
  /** The one that fragments without id and index belong to. */
  #last: OpenToolCall | null = null;

  /**
   * Adds a fragment.
   *
   * @param blocks - The calls of the native message.
   * @param updates - Told what has become of the calls.
   */
  add(fragment: JsonObject, blocks: JsonObject[], updates: ToolUpdate[]): void {
    const { type, function: fn, custom, ...fields } = fragment;
    const { index } = fields;
    // Its body tells: some servers write one type for all, and send the other body empty.
    const isCustom = !isFilled(fn) && (isFilled(custom) || type === "custom");
    const id = stringField(fragment, "id") ?? "";
    const name = stringField(isCustom ? custom : fn, "name") ?? "";
    const call = this.#find(id, index, name) ?? this.#openCall(isCustom, blocks, updates);
    this.#last = call;
    if (id !== "" && !call.block["id"]) {
      call.block["id"] = id;
      call.identify((known) => this.#byId.has(known));
      this.#byId.set(id, call);
    }
    if (index != null) this.#byIndex.set(index, call);
    assignAll(call.block, fields);
    call.extend(call.isCustom ? custom : fn);
    // No call has both, and neither may be dropped.
    if (isFilled(call.isCustom ? fn : custom)) {
      throw new ProtocolError(`input of another type came for a call of ${call.name}.`);
    }
    call.tell(updates);
  }

  /** Adds a fragment of the call that a message has in the form that came before lists of calls. */
  addFunctionCall(fragment: JsonObject, message: JsonObject, updates: ToolUpdate[]): void {
    let call = this.list[0];
    if (call === undefined) {
      const block: JsonObject = { name: "", arguments: "" };
      message["function_call"] = block;
      this.#begin((call = new OpenToolCall(block, block)));
    }
    this.#last = call;
    call.extend(fragment);
    call.tell(updates);
  }

  /** Adds to the input of the call with an index. Gives false if it has to be found out which one that is. */
  extend(index: unknown, text: string, updates: ToolUpdate[]): boolean {
    const call = this.#byIndex.get(index);
    if (call === undefined || call.isCustom) return false;
    this.#last = call;
    call.extend({ arguments: text });
    call.tell(updates);
    return true;
  }

  /**
   * No more comes: calls are complete or invalid.
   *
   * @param isCut - Whether the last one may have been cut.
   */
  close(isCut: boolean, updates: ToolUpdate[]): void {
    for (const call of this.#open) {
      if (isCut && call === this.#last) call.state = "truncated";
      else if (call.close()) updates.push({ input: call, fragment: null });
    }
    this.#open.clear();
  }

  /** Whether the last one may be taken for complete. */
  get areWhole(): boolean {
    return this.#last === null || this.#last.isWholeObject;
  }

  #begin(call: OpenToolCall): void {
    this.list.push(call);
    this.#open.add(call);
  }

  #find(id: string, index: unknown, name: string): OpenToolCall | null {
    const hasIndex = index != null;
    const placed = hasIndex ? (this.#byIndex.get(index) ?? null) : this.#last;
    const known = placed?.block["id"] === id ? placed : this.#byId.get(id);
    // Some servers give several calls the same id.
    if (id !== "" && known !== undefined) {
      const isPlaced = (): boolean => [...this.#byIndex.values()].includes(known);
      const isElsewhere = hasIndex && name !== "" && known !== placed && isPlaced();
      return isElsewhere || isAnother(known, name) ? null : known;
    }
    // Another id is another call, although some servers give all calls the same index.
    if (id !== "") return hasIndex && placed !== null && !placed.block["id"] ? placed : null;
    if (placed === null) {
      // Some servers count anew after the first fragment of a call.
      const isRest = hasIndex && name === "" && this.#last !== null && !this.#last.isWholeObject;
      return isRest ? this.#last : null;
    }
    // Without an index, a name begins a call, unless it is repeated before the input is whole.
    const begins = !hasIndex && name !== "" && (placed.isWholeObject || !isNamed(placed, name));
    return begins || isAnother(placed, name) ? null : placed;
  }

  #openCall(isCustom: boolean, blocks: JsonObject[], updates: ToolUpdate[]): OpenToolCall {
    // It was waiting for this. What is not whole by now may go on.
    const last = this.#last;
    if (last?.isWholeObject && last.close()) {
      this.#open.delete(last);
      updates.push({ input: last, fragment: null });
    }
    const key = isCustom ? "input" : "arguments";
    const type = isCustom ? "custom" : "function";
    const body: JsonObject = { name: "", [key]: "" };
    const block: JsonObject = { type, [type]: body };
    const call = new OpenToolCall(block, body, key);
    blocks.push(block);
    this.#begin(call);
    return call;
  }
}

/** Whether the body of a call says anything. */
function isFilled(body: unknown): boolean {
  return isObject(body) && Object.values(body).some(Boolean);
}

/** Whether a fragment with this name may be one of the call. */
function isNamed({ knownName }: OpenToolCall, name: string): boolean {
  return name === "" || knownName === "" || name === knownName;
}

/** Whether a fragment with this name belongs to another call. */
function isAnother(call: OpenToolCall, name: string): boolean {
  return !isNamed(call, name) && call.isWholeObject;
}
