import { ProtocolError } from "../../../src/errors.ts";
import { DEEPEST, isDeeper } from "../../../src/json/depth.ts";
import { isObject, type JsonObject, stringField } from "../../../src/json/object.ts";
import { getOwn, isEqual, setOwn } from "../../../src/json/own.ts";
import type { Blocks, Decoder, Step } from "../../../src/provider/decoder.ts";
import type { ToolInput } from "../../../src/tool/tool-box.ts";
import type { Entry, FolioMessage, FolioNative } from "./native.ts";
import { apiError, createChunk, isUsage, listOf } from "./view.ts";

/** A part of the message. That of a call is the input of a tool. */
class OpenPart implements ToolInput {
  readonly id: string;
  /** That of the tool; `""` if it is not a call. */
  readonly name: string;
  readonly block: JsonObject = {};
  /** That of its text is complete once it came whole. */
  state: ToolInput["state"] = "streaming";
  value: unknown = undefined;

  constructor(id: string, name: unknown) {
    this.id = id;
    this.name = typeof name === "string" ? name : "";
  }

  get partial(): unknown {
    return this.block["args"];
  }

  get text(): string {
    return typeof this.partial === "string" ? this.partial : (JSON.stringify(this.partial) ?? "");
  }
}

/** A candidate as the message has it, and its parts by their places. */
type Candidate = { readonly native: JsonObject; readonly parts: Map<unknown, OpenPart> };

/** What an event adds to a candidate. */
type Added = { text: string; thought: string; readonly tools: Step<FolioNative>["tools"][number][] };

const newCandidate = (): Candidate => ({ native: { parts: [], finish: null }, parts: new Map() });
const noneAdded = (): Added => ({ text: "", thought: "", tools: [] });

/** Builds a message out of its events. It is whole when all candidates have finished and the body has ended. */
export class FolioDecoder implements Decoder<FolioNative> {
  isWhole = false;
  isOver = false;
  hasContent = false;
  hasUsage = false;
  /** A reply goes on exactly, or not at all. */
  readonly canContinue = false;
  readonly dropText = (): void => {};
  readonly next = (): null => null;
  progress = 0;
  estimatedTokens = 0;
  readonly #first = newCandidate();
  readonly #candidates = new Map<unknown, Candidate>([[0, this.#first]]);
  readonly #message: JsonObject = { candidates: [this.#first.native] };
  #last: JsonObject | null = null;
  /** The events since the last checkpoint, and how many of them have come: all, unless the reply was resumed. */
  readonly #events: JsonObject[] = [];
  #at = 0;

  decode(event: JsonObject): Step<FolioNative> | null {
    const { failed, idle, candidates, usage, ...fields } = event;
    if (failed !== undefined) throw apiError(undefined, event);
    if (idle !== undefined || this.#isRepeated(event)) return null;
    this.#last = event;
    const added = noneAdded();
    for (const [name, value] of Object.entries(fields)) this.#set(this.#message, name, value);
    for (const candidate of listOf(candidates).filter(isObject)) this.#extend(candidate, added);
    if (isUsage(usage)) this.#set(this.#message, "usage", usage);
    this.hasUsage ||= isUsage(usage);
    if ("checkpoint" in event) this.#events.length = this.#at = 0;
    const { text: content, thought: thinking, tools } = added;
    return { chunk: createChunk({ event, content, thinking, recovery: null }), tools };
  }

  end(): Step<FolioNative> | null {
    const { tools } = noneAdded();
    this.isWhole = this.isOver = [...this.#candidates.values()].every(({ native }) => native["finish"] !== null);
    if (this.isWhole) closeCall(this.#first, tools);
    const chunk = createChunk({ event: this.#last, content: "", thinking: "", recovery: null });
    return tools.length === 0 ? null : { chunk, tools, isEnd: true };
  }

  /** Cuts the reply back to its checkpoint: what came since comes again. */
  resume(): void {
    this.#at = 0;
  }

  /** Of the wire's shape, since it is made of events. */
  get message(): FolioMessage | null {
    return this.progress === 0 ? null : (this.#message as unknown as FolioMessage);
  }

  items(answered?: Blocks): readonly Entry[] {
    if (this.#first.native["finish"] === "blocked") return [];
    return inOrder(this.#first.parts).flatMap((part) => entryOf(part, answered?.has(part.block) === true));
  }

  get toolInputs(): readonly ToolInput[] {
    return inOrder(this.#first.parts).filter(isCall);
  }

  #extend({ index, parts, finish }: JsonObject, added: Added): void {
    const candidate = this.#candidates.get(index) ?? newCandidate();
    this.#candidates.set(index, candidate);
    this.#message["candidates"] = inOrder(this.#candidates).map(({ native }) => native);
    // What the others say is in the message alone.
    const shown = candidate === this.#first ? added : noneAdded();
    for (const part of listOf(parts).filter(isObject)) this.#add(candidate, part, shown);
    if (typeof finish === "string" && candidate.native["finish"] === null)
      this.#set(candidate.native, "finish", finish);
  }

  #add(candidate: Candidate, { at, whole, arg, args, ...given }: JsonObject, added: Added): void {
    const part = candidate.parts.get(at) ?? this.#open(candidate, at, given, added);
    for (const [name, value] of Object.entries(given)) {
      if (name === "text" || name === "thought") added[name] += this.#write(part, name, value, whole === true);
      else this.#set(part.block, name, value);
    }
    if (args !== undefined) this.#fill(part, "", args, added);
    if (isObject(arg)) this.#fill(part, String(arg["path"]), arg["value"], added);
  }

  #open(candidate: Candidate, at: unknown, { call }: JsonObject, { tools }: Added): OpenPart {
    const part = new OpenPart(`call_${[...candidate.parts.values()].filter(isCall).length}`, call);
    if (isCall(part)) closeCall(candidate, tools);
    candidate.parts.set(at, part);
    candidate.native["parts"] = inOrder(candidate.parts).map(({ block }) => block);
    this.#grow(part.name.length);
    return part;
  }

  #fill(input: OpenPart, path: string, value: unknown, { tools }: Added): void {
    const { block, partial, state } = input;
    if (state !== "streaming" || (path === "" && partial !== undefined && !isEqual(partial, value))) {
      throw new ProtocolError("the arguments of a call are not what was said of them before.");
    }
    block["args"] = path === "" ? value : withValue(partial, path.split("."), value);
    tools.push({ input, fragment: "" });
    this.#grow(JSON.stringify(value).length);
  }

  /** Adds a delta, or the whole text. Gives what is new of it. */
  #write(part: OpenPart, kind: "text" | "thought", text: unknown, isWhole: boolean): string {
    const before = stringField(part.block, kind) ?? "";
    const known = isWhole ? before : "";
    const added = typeof text === "string" && text.startsWith(known) ? text.slice(known.length) : null;
    if (added === null || (added !== "" && part.state === "complete")) {
      throw new ProtocolError(`a ${kind} is not what was said of it before.`);
    }
    if (isWhole) part.state = "complete";
    part.block[kind] = before + added;
    this.#grow(added.length);
    return added;
  }

  #grow(length: number): void {
    this.hasContent ||= length > 0;
    this.progress += length;
    this.estimatedTokens += length / 4;
  }

  #set(target: JsonObject, name: string, value: unknown): void {
    if (isEqual(getOwn(target, name), value)) return;
    setOwn(target, name, value);
    this.progress++;
  }

  #isRepeated(event: JsonObject): boolean {
    const known = (this.#events[this.#at++] ??= event);
    if (!isEqual(known, event)) throw new ProtocolError("a reply that was resumed is not what it was before.");
    return known !== event;
  }
}

const isCall = ({ name }: OpenPart): boolean => name !== "";

/** No more will come of the last call of a candidate. */
function closeCall({ native, parts }: Candidate, tools: Added["tools"]): void {
  const call = [...parts.values()].findLast(isCall);
  if (call?.state !== "streaming") return;
  const { args = {} } = call.block;
  call.block["args"] = args;
  const isCut = ["limit", "blocked", "full"].includes(String(native["finish"]));
  call.state = isCut ? "truncated" : isObject(args) && !isDeeper(args, DEEPEST) ? "complete" : "invalid";
  if (call.state === "complete") call.value = args;
  if (!isCut) tools.push({ input: call, fragment: null });
}

/** A copy with a value in its place. */
function withValue(base: unknown, [key, ...path]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  if ((base !== undefined && !isObject(base)) || path.length > 99) throw new ProtocolError("a call has no such place.");
  const copy: JsonObject = { ...base };
  setOwn(copy, key, withValue(getOwn(copy, key), path, value));
  return copy;
}

function inOrder<V>(places: ReadonlyMap<unknown, V>): V[] {
  return [...places].toSorted(([a], [b]) => Number(a) - Number(b)).map(([, value]) => value);
}

function entryOf(part: OpenPart, isAnswered: boolean): Entry[] {
  const { id: ref, name: call, block, state, value } = part;
  if (!isCall(part)) return "text" in block || "thought" in block ? [block as Entry] : [];
  return state === "complete" || state === "invalid" || isAnswered
    ? [{ call, ref, args: value ?? { invalid: part.text } }]
    : [];
}
