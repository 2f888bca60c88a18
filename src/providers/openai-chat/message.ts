import { defined, isObject, type JsonObject, stringField } from "../../json/object.ts";
import type { ToolUpdate } from "../../tool/tool-box.ts";
import { type Growth, OpenChoice } from "./choice.ts";
import { assign, listOf } from "./fields.ts";
import type { AssistantMessageParam } from "./message-param.ts";
import type { ChatCompletion } from "./wire.ts";

const NO_UPDATES: ToolUpdate[] = [];

/** Builds a whole reply out of its events: every key that they carry, and no other, with choices by their index. */
export class ChatAccumulator implements Growth {
  progress = 0;
  written = 0;
  hasContent = false;
  /** The server has reported a count of tokens. */
  hasUsage = false;
  /** The choice whose text is the content of the reply. */
  readonly first = new OpenChoice(0, this);
  /** Of the last event. */
  content = "";
  thinking = "";
  updates = NO_UPDATES;
  readonly #message: JsonObject & { choices: JsonObject[] } = { choices: [] };
  readonly #choices = new Map<number, OpenChoice>();
  #hasBegun = false;
  #finished = 0;
  /** How much of the text is that of a reply that this one continues. */
  #textBefore = 0;
  #isOrdered = true;

  /** The message so far; null before its first event. */
  get message(): ChatCompletion | null {
    if (!this.#isOrdered) {
      this.#isOrdered = true;
      this.#message.choices = [...this.#choices.values()].map(({ native }) => native).sort(byIndex);
    }
    // Of the wire's shape: it is made of events.
    return this.#hasBegun ? (this.#message as unknown as ChatCompletion) : null;
  }

  /** How many choices have come. */
  get count(): number {
    return this.#choices.size;
  }

  /** Whether all of them have ended. */
  get isFinished(): boolean {
    return this.#finished === this.#choices.size && this.#finished > 0;
  }

  /** Begins with the text of a reply that this one continues. */
  protected begin({ content, reasoning_content, reasoning_details }: AssistantMessageParam): void {
    const text =
      typeof content === "string"
        ? content
        : listOf(content)
            .map((part) => stringField(part, "text") ?? "")
            .join("");
    this.#textBefore = text.length;
    Object.assign(this.first.message, { content: text }, defined({ reasoning_content, reasoning_details }));
    this.#choices.set(0, this.first);
    this.#isOrdered = false;
  }

  /** Drops characters at the beginning of the text, that of the reply before left aside. */
  dropText(length: number): void {
    const { message } = this.first;
    const { content } = message;
    const cut = (text: string): string => text.slice(0, this.#textBefore) + text.slice(this.#textBefore + length);
    const [part] = listOf(content);
    if (typeof content === "string") message["content"] = cut(content);
    else if (isObject(part) && typeof part["text"] === "string") part["text"] = cut(part["text"]);
  }

  /** Adds what an event says: a chunk, or a reply that came whole. */
  apply(event: JsonObject): void {
    this.content = this.thinking = "";
    this.updates = NO_UPDATES;
    if (!this.#hasBegun) this.progress++;
    this.#hasBegun = true;
    for (const key of Object.keys(event)) {
      if (key === "choices" || key === "usage" || key === "obfuscation" || key === "error") continue;
      const value = event[key];
      if (assign(this.#message, key, key === "object" ? wholeObject(value) : value)) this.progress++;
    }
    const { usage, x_groq, choices } = event;
    const places = [
      usage,
      isObject(x_groq) && x_groq["usage"],
      ...listOf(choices).map((choice) => isObject(choice) && choice["usage"]),
    ];
    this.#count(places.find(isObject));
    for (const choice of listOf(choices)) if (isObject(choice)) this.#choose(choice);
  }

  #choose(given: JsonObject): void {
    const { index } = given;
    const place = typeof index === "number" ? index : 0;
    let choice = this.#choices.get(place);
    if (choice === undefined) {
      choice = place === 0 ? this.first : new OpenChoice(place, this);
      this.#choices.set(place, choice);
      this.#isOrdered = false;
      this.progress++;
    }
    const wasFinished = choice.isFinished;
    choice.add(given);
    if (!wasFinished && choice.isFinished) this.#finished++;
    if (choice !== this.first) return;
    this.content += choice.content;
    this.thinking += choice.thinking;
    // An event may have a choice twice.
    if (this.updates.length === 0) this.updates = choice.updates;
    else for (const update of choice.updates) this.updates.push(update);
  }

  /** The latest usage is that of all. One without counts says nothing once there is another. */
  #count(usage: JsonObject | undefined): void {
    if (usage === undefined) return;
    const isCounted = [usage["prompt_tokens"], usage["completion_tokens"]].some(
      // Some servers write them as text.
      (count) => (typeof count === "number" || typeof count === "string") && Number(count) > 0,
    );
    if (!isCounted && this.#message["usage"] !== undefined) return;
    this.hasUsage ||= isCounted;
    this.#message["usage"] = usage;
    this.progress++;
  }
}

function byIndex({ index: a }: JsonObject, { index: b }: JsonObject): number {
  return Number(a) - Number(b);
}

/** What a whole reply is called, by the name of an event. */
function wholeObject(name: unknown): unknown {
  return typeof name === "string" && name.startsWith("chat.completion.") ? "chat.completion" : name;
}
