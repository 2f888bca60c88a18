import { isObject, type JsonObject } from "../json/object.ts";
import { type IncrementalJson, incrementalJson } from "../json/partial.ts";
import { JsonSyntaxError } from "../json/syntax-error.ts";
import type { ResponseFormat } from "../schema/response-format.ts";

/** Where JSON may begin, judged by what follows the brace, and the tags around thoughts. */
const MARKS = /\{(?=\s*(?:["}]|$))|\[(?=\s*(?:[-\d"[\]{ftn]|$))|<(\/?)(?:think(?:ing)?|reasoning)>/gi;
const LONGEST_TAG = "</reasoning>".length;
/** How much of a text is read at first: most braces in words turn out not to begin JSON at once. */
const FIRST_READ = 32;
/** How many JSON texts of a reply are kept. */
const MOST_KEPT = 100;

type FromJson = (json: unknown) => unknown;
const asItIs: FromJson = (json) => json;

/**
 * The value of a reply's JSON while it comes. Words around it are passed over, with whatever braces they have; so are
 * thoughts in tags, and JSON that cannot be the model: of several texts it is the first that can be.
 */
export class ArrivingModel {
  readonly #format: ResponseFormat;
  /** The JSON text that is being read, if any, how much of it was read, and what closes it. */
  #json: IncrementalJson | null = null;
  #length = 0;
  #closer = "}";
  /** The first whole text that can be the model. */
  #chosen: IncrementalJson | null = null;
  readonly #whole: IncrementalJson[] = [];
  /** The end of what has come, which may be the start of a tag. */
  #carry = "";
  #isBlank = true;
  #isThinking = false;

  constructor(format: ResponseFormat) {
    this.#format = format;
  }

  push(piece: string): void {
    const text = this.#carry + piece;
    this.#carry = "";
    /** Where the next one of each closer is, at or after the place that was read to. */
    const next: Record<string, number> = {};
    for (let at = 0; at < text.length;) {
      if (this.#json === null) {
        at = this.#seek(text, at);
      } else {
        const closer = this.#closer;
        if ((next[closer] ?? -1) < at) next[closer] = text.indexOf(closer, at) >>> 0;
        at = this.#read(this.#json, text, at, (next[closer] ?? 0) + 1);
      }
    }
    this.#isBlank &&= !/\S/.test(text.slice(0, text.length - this.#carry.length));
  }

  /**
   * The value so far; it does not change any more. Undefined before anything is certain.
   *
   * @param fromJson - Makes it out of its JSON, if the provider was asked for another form.
   */
  snapshot(fromJson: FromJson = asItIs): unknown {
    return this.#partOf(fromJson(this.#shown?.snapshot()));
  }

  /** The elements from this index on that are complete, if the value is a list. */
  elements(from: number, fromJson: FromJson = asItIs): readonly unknown[] {
    // Not of a snapshot, which may be a little late: elements that are complete do not change any more.
    const list = this.#partOf(this.#shown?.value);
    let end = from;
    while (Array.isArray(list) && this.isComplete([end])) end++;
    const elements: unknown = Array.isArray(list) ? this.#unwrapped(fromJson({ value: list.slice(from, end) })) : [];
    return elements as readonly unknown[];
  }

  /** Whether the part at a path is there, and will not change any more. */
  isComplete(path: readonly (string | number)[]): boolean {
    const shown = this.#shown;
    return shown?.isComplete(this.#isInWrapper(shown.value) ? ["value", ...path] : path) ?? false;
  }

  /** The value came whole. */
  get isWhole(): boolean {
    return this.#candidates().length > 0;
  }

  /** All values that came whole; the likeliest is the first. */
  values(fromJson: FromJson = asItIs): readonly unknown[] {
    return this.#candidates().map((json) => this.#unwrapped(fromJson(json.snapshot())));
  }

  /** Decides for one of {@link values}. */
  choose(index: number): void {
    this.#chosen = this.#candidates()[index] ?? null;
  }

  get #shown(): IncrementalJson | null {
    return this.#chosen ?? (this.#isThinking ? null : this.#json);
  }

  #candidates(): readonly IncrementalJson[] {
    const chosen = this.#chosen;
    if (chosen !== null) return [chosen, ...this.#whole.filter((json) => json !== chosen)];
    // After JSON that could not be the model, it was cut.
    return this.#json === null ? this.#whole.toReversed() : [];
  }

  /** Looks for the start of a JSON text, and gives the place to go on at. */
  #seek(text: string, from: number): number {
    MARKS.lastIndex = from;
    for (let mark = MARKS.exec(text); mark !== null; mark = MARKS.exec(text)) {
      const [found, slash] = mark;
      const isTag = slash !== undefined;
      if (isTag && slash === "") this.#isThinking ||= this.#isBlank && !/\S/.test(text.slice(0, mark.index));
      else if (isTag) this.#forget();
      else if (!this.#isThinking && (found === "{" || this.#takesLists)) {
        this.#json = incrementalJson();
        this.#length = 0;
        this.#closer = found === "{" ? "}" : "]";
        return mark.index;
      }
    }
    const tag = text.lastIndexOf("<");
    if (tag >= from && text.length - tag < LONGEST_TAG) this.#carry = text.slice(tag);
    return text.length;
  }

  /** What came so far were thoughts. */
  #forget(): void {
    this.#isThinking = false;
    this.#chosen = null;
    this.#whole.length = 0;
  }

  /** Reads on in a JSON text, up to what may close it, and gives the place to go on at. */
  #read(json: IncrementalJson, text: string, at: number, closed: number): number {
    // Closer by closer, so that what follows the value is known from what spoils it.
    const end = Math.min(closed, text.length, at + Math.max(FIRST_READ, this.#length));
    try {
      json.push(text.slice(at, end));
    } catch (error) {
      this.#json = null;
      // It was not JSON. Another text may begin where it is broken.
      return error instanceof JsonSyntaxError ? at + Math.max(0, error.position - this.#length) : end;
    }
    this.#length += end - at;
    if (json.complete) this.#keep(json);
    return end;
  }

  #keep(json: IncrementalJson): void {
    this.#json = null;
    const { value } = json;
    const isBetter = this.#chosen === null || (!this.#isInWrapper(this.#chosen.value) && this.#isInWrapper(value));
    if (isBetter && this.#canBeModel(value)) this.#chosen = json;
    if (this.#whole.length < MOST_KEPT || this.#chosen === json) this.#whole.push(json);
    else this.#whole[MOST_KEPT - 1] = json;
  }

  /** Whether a whole value has what the model must have. */
  #canBeModel(value: unknown): boolean {
    const part = this.#partOf(value);
    if (part === undefined) return false;
    const { isWrapped, schema } = this.#format;
    if (isWrapped) return this.#isInWrapper(value) || !isEmpty(part);
    const { required, properties } = schema;
    const names: readonly unknown[] = Array.isArray(required) ? required : [];
    const hasAll = isObject(part) && names.every((name) => Object.hasOwn(part, String(name)));
    return hasAll && (!isObject(properties) || !isEmpty(part));
  }

  /** The model in a value, whole or not; undefined if it cannot be there. */
  #partOf(value: unknown): unknown {
    if (!this.#format.isWrapped) return isObject(value) && this.#isKnown(value) ? value : undefined;
    if (this.#isInWrapper(value)) return value["value"];
    const { type, items } = this.#valueSchema;
    // A union of objects has no type of its own.
    if (!Array.isArray(value))
      return isObject(value) && typeof type !== "string" && !isEmpty(value) ? value : undefined;
    const [first = {}]: readonly unknown[] = value;
    return isObject(first) || !isObject(items) || items["type"] !== "object" ? value : undefined;
  }

  /** Whether an object has a property of the model, or none yet. */
  #isKnown(value: JsonObject): boolean {
    const { properties } = this.#format.schema;
    const names = isObject(properties) ? Object.keys(properties) : [];
    return names.length === 0 || names.some((name) => Object.hasOwn(value, name)) || isEmpty(value);
  }

  #unwrapped(value: unknown): unknown {
    return this.#isInWrapper(value) ? value["value"] : value;
  }

  /** Models are asked for a wrapper, and some give a list without it all the same. */
  #isInWrapper(value: unknown): value is JsonObject {
    return this.#format.isWrapped && isObject(value) && Object.hasOwn(value, "value");
  }

  get #takesLists(): boolean {
    const { type } = this.#valueSchema;
    return this.#format.isWrapped && (typeof type !== "string" || type === "array");
  }

  get #valueSchema(): JsonObject {
    const { properties } = this.#format.schema;
    const schema = isObject(properties) ? properties["value"] : undefined;
    return isObject(schema) ? schema : {};
  }
}

function isEmpty(value: unknown): boolean {
  for (const _ in Object(value)) return false;
  return true;
}
