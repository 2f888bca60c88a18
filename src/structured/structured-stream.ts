import { StreamNotConsumedError, StreamTruncatedError } from "../errors.ts";
import { isEqual } from "../json/own.ts";
import type { Step } from "../provider/decoder.ts";
import type { Native } from "../provider/native.ts";
import type { CallPlan } from "../recovery/plan.ts";
import { CallStream } from "../stream/call-stream.ts";
import { handled, leavable } from "../stream/leavable.ts";
import { ArrivingModel } from "./arriving-model.ts";
import { construct, type Constructed, modelOf, type ResponseModel } from "./response-model.ts";
import { stepsOf } from "./steps.ts";
import { withinLimits } from "./within-limits.ts";

const BEGUN_ANEW = "The reply was begun anew, and elements cannot be taken back.";

/**
 * The reply to a call with a response model, while it arrives: an iterable of the model so far.
 *
 * Each value is a snapshot that does not change any more; there is one only when something has been added. The last read
 * ends with the validation of the whole.
 *
 * @example
 * ```ts
 * import { call } from "millrace/anthropic/structured";
 * import * as z from "zod";
 *
 * const Book = z.object({ title: z.string(), author: z.string() });
 * const extractBook = call("claude-sonnet-5-5", { stream: true, responseModel: Book }, (text: string) => `Extract: ${text}`);
 * const extraction = extractBook("Mistborn, by Brandon Sanderson");
 * for await (const partial of extraction) console.log(partial.title ?? "");
 * console.log(extraction.constructedResponseModel.author);
 * ```
 */
export abstract class StructuredStream<out N extends Native, out Model = unknown, out Arriving = unknown>
  extends CallStream<N, never>
  implements AsyncIterable<Arriving>
{
  readonly #model: ResponseModel;
  #arriving: ArrivingModel;
  /** The text that it was read from. */
  #text = "";
  /** How often the reply was begun anew. */
  #restarts = 0;
  #constructed: Constructed | Promise<Constructed> | null = null;

  /** How many restarts its log is known to have: elements of what they replaced are not shown. @internal */
  get "~restartsAhead"(): number {
    return 0;
  }

  /** @internal */
  constructor(plan: CallPlan<N>, model: ResponseModel) {
    super(plan);
    this.#model = model;
    this.#arriving = new ArrivingModel(model.format);
  }

  /**
   * The validated model, once the stream was read to its end. (With an asynchronous schema, and a stream that
   * `response()` has read, only after {@link parse}.)
   *
   * @throws StreamNotConsumedError while the stream is pending, and its own error unless it is complete;
   * ResponseModelError if the reply does not fit the model.
   */
  get constructedResponseModel(): Model {
    const constructed = this.#construct();
    if ("then" in constructed) throw new StreamNotConsumedError();
    // The model's type stands for what its schema puts out.
    return modelOf(constructed) as Model;
  }

  /**
   * Whether the part of the model at a path has arrived completely, and will not change any more.
   *
   * @param path - Keys and indices that lead to the part; `[]` is the whole model.
   * @example
   * ```ts
   * import { call } from "millrace/anthropic/structured";
   * import * as z from "zod";
   *
   * const Book = z.object({ title: z.string(), author: z.string() });
   * const extraction = call("claude-sonnet-5-5", { stream: true, responseModel: Book }, () => "Recommend a book")();
   * for await (const book of extraction) {
   *   const title = extraction.isComplete(["title"]) ? book.title : `${book.title ?? ""}…`;
   * }
   * ```
   */
  isComplete(path: readonly (string | number)[]): boolean {
    return this.#arriving.isComplete(path);
  }

  /**
   * The model so far, whenever it has grown.
   *
   * @throws StreamConsumedError if the stream has an owner already; ResponseModelError at the end of a reply that does
   * not fit the model.
   */
  [Symbol.asyncIterator](): AsyncGenerator<Arriving, void, undefined> {
    let last: unknown;
    this["~own"]();
    return this.#iterate(() => {
      const snapshot = this.#snapshot;
      // After a restart there is nothing at first. What came may have added nothing to the model.
      if (snapshot === undefined || isEqual(snapshot, last)) return [];
      last = snapshot;
      // `Arriving` stands for what has arrived of the model.
      return [snapshot as Arriving];
    });
  }

  /**
   * For a model that is a list: its elements, each as soon as it is complete. They are validated with the whole list,
   * once that has arrived. An interrupted stream is not restarted: elements cannot be taken back.
   *
   * @throws As the iteration does, which it replaces.
   * @example
   * ```ts
   * import { call } from "millrace/anthropic/structured";
   * import * as z from "zod";
   *
   * const Books = z.array(z.object({ title: z.string() }));
   * const list = call("claude-sonnet-5-5", { stream: true, responseModel: Books }, () => "Recommend ten books");
   * for await (const book of list().elements()) console.log(book.title);
   * ```
   */
  elements(): AsyncGenerator<Arriving extends readonly (infer Element)[] ? Element : never, void, undefined> {
    type Element = Arriving extends readonly (infer E)[] ? E : never;
    this["~own"]().mayRestart = false;
    let given = 0;
    let restarts = this["~restartsAhead"];
    return this.#iterate(() => {
      if (this.#restarts < restarts) return [];
      // That of a log alone: what nobody has seen yet can begin anew.
      if (this.#restarts > restarts && given > 0) throw new StreamTruncatedError({ cause: new Error(BEGUN_ANEW) });
      restarts = this.#restarts;
      const elements = this.#arriving.elements(given, this.#fromJson) as readonly Element[];
      given += elements.length;
      return elements;
    });
  }

  /** What `console.log` shows, and `JSON.stringify` gives. The model is shown as it has arrived, not validated. */
  override toJSON(): object {
    const { id, model, outcome, content, error } = this;
    if (outcome === "complete") this.#readWhole();
    const arrived = this.#snapshot ?? null;
    return { id, model, outcome, content, arrived, ...this["~figures"], ...(error && { error: String(error) }) };
  }

  /**
   * Reads the stream to its end, unless it was read, and gives the validated model.
   *
   * @throws ResponseModelError; StreamConsumedError while an iteration is under way; the stream's own error unless it is
   * complete.
   */
  parse(): Promise<Model> {
    return handled(this.#parse());
  }

  async #parse(): Promise<Model> {
    if (this.outcome === "pending") await this.response();
    await withinLimits(this["~reply"], this.#construct());
    return this.constructedResponseModel;
  }

  get #fromJson(): ((json: unknown) => unknown) | undefined {
    return this["~reply"].prepared?.fromJson;
  }

  get #snapshot(): unknown {
    return this.#arriving.snapshot(this.#fromJson);
  }

  /** @param take - Gives the new values after an event. */
  #iterate<V>(take: () => readonly V[]): AsyncGenerator<V, void, undefined> {
    return leavable(this.#values(take), (reason) => this.abort(reason));
  }

  async *#values<V>(take: () => readonly V[]): AsyncGenerator<V, void, undefined> {
    for await (const step of stepsOf(this["~reply"])) {
      this.#absorb(step);
      yield* take();
    }
    // The iteration was left while a read was under way.
    if (this.outcome !== "complete") return;
    const constructed = this.#construct();
    yield* take();
    modelOf(await withinLimits(this["~reply"], constructed));
  }

  /** Takes what an event adds to the model. */
  #absorb({ chunk, tools }: Step<N>): void {
    if (chunk.recovery?.type === "restart") {
      this.#restarts += 1;
      this.#restart();
    }
    const jsonTool = this["~reply"].prepared?.jsonTool ?? null;
    if (jsonTool === null) return this.#read(chunk.content);
    for (const { input, fragment } of tools) {
      if (input.name === jsonTool && fragment !== null) this.#read(fragment);
    }
  }

  #restart(): void {
    this.#arriving = new ArrivingModel(this.#model.format);
    this.#text = "";
  }

  #read(text: string): void {
    this.#text += text;
    this.#arriving.push(text);
  }

  /** Reads the model if the stream was drained, or the events that added to it did not come to what the reply says. */
  #readWhole(): void {
    const { prepared, shown } = this["~reply"];
    const jsonTool = prepared?.jsonTool ?? null;
    const inputs = shown.decoder.toolInputs.filter(({ name }) => name === jsonTool);
    const whole = jsonTool === null ? this.content : inputs.map(({ text }) => text).join("");
    if (whole === this.#text) return;
    this.#restart();
    this.#read(whole);
  }

  /** @throws As {@link constructCallResponse}. */
  #construct(): Constructed | Promise<Constructed> {
    const response = this.constructCallResponse();
    if (this.#constructed !== null) return this.#constructed;
    this.#readWhole();
    const constructed = construct(this.#model, this.#arriving, response);
    if ("then" in constructed) void constructed.then((settled) => (this.#constructed = settled));
    return (this.#constructed = constructed);
  }
}
