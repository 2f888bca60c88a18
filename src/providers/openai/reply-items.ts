import { field, type JsonObject, isObject } from "../../json/object.ts";
import { pushTo, type ReplyItem } from "./reply-item.ts";
import { typeOf } from "./type-of.ts";

/** The items of a reply, each at its place. Events name them by that (`output_index`), by an id, or by their type alone. */
export class ReplyItems {
  readonly #before: readonly ReplyItem[];
  readonly #own: ReplyItem[] = [];
  /** The items that events refer to: of an index that was used twice, the later one. */
  readonly #byIndex = new Map<unknown, ReplyItem>();
  readonly #byId = new Map<unknown, ReplyItem>();
  /** The first place after all items. */
  #next = 0;
  #isOrdered = true;

  /** @param before - The items of a reply that this one continues. They come before all others. */
  constructor(before: readonly ReplyItem[]) {
    this.#before = before;
  }

  /** All items, those of the reply before among them. */
  get all(): readonly ReplyItem[] {
    return [...this.#before, ...this.#own];
  }

  /** The items of this reply. */
  get own(): readonly ReplyItem[] {
    return this.#own;
  }

  /** Puts the items, and the parts of each, in their order. @returns Whether the order of the items has changed. */
  order(): boolean {
    for (const item of this.#own) item.order();
    if (this.#isOrdered) return false;
    this.#isOrdered = true;
    this.#own.sort((a, b) => a.index - b.index);
    return true;
  }

  add(item: ReplyItem): void {
    const { index, block } = item;
    if ((this.#own.at(-1)?.index ?? index) > index) this.#isOrdered = false;
    this.#own.push(item);
    this.#byIndex.set(index, item);
    this.name(item, block["id"]);
    if (index >= this.#next) this.#next = Math.floor(index) + 1;
  }

  /** Events may name it by this id as well. */
  name(item: ReplyItem, id: unknown): void {
    this.#byId.set(id, item);
  }

  /** The place for an item that events name by an index: that one, unless it is taken, or none that counts. */
  placeFor(index: unknown): number {
    return isIndex(index) && !this.#byIndex.has(index) ? index : this.#next;
  }

  /** The item that an event belongs to: by its place, else by its id, else the last open one of its type. */
  find({ output_index: index, item_id: id }: JsonObject, type: string): ReplyItem | undefined {
    const isFit = (item: ReplyItem | undefined): item is ReplyItem => item?.type === type;
    return [this.#byIndex.get(index), this.#named(id)].find(isFit) ?? this.#lastOpen(type);
  }

  /** The item that is the same as one that begins, or is done, although its id may be another. */
  findSame(index: unknown, given: JsonObject, isDone: boolean): ReplyItem | undefined {
    const { id } = given;
    const type = typeOf(given);
    const isPlace = isIndex(index);
    const named = this.#named(id);
    // Some servers name one item by two places.
    const isTwin = named?.type === type && named.block["call_id"] === given["call_id"];
    const placed = (isPlace ? this.#byIndex.get(index) : named) ?? (isTwin ? named : undefined);
    if (isPlace && placed !== undefined) this.#byIndex.set(index, placed);
    const known = placed ?? (isPlace || !isDone ? undefined : this.#lastOpen(type));
    const isSame = known !== undefined && known.type === type && (!known.isDone || known.block["id"] === id);
    return isSame ? known : undefined;
  }

  /**
   * Goes through the items of the terminal event, each with the one that was streamed: by its id, its place, or its type.
   *
   * @param take - Gives the item that this one is; `index` is the place for one that is new.
   */
  match(
    output: readonly unknown[],
    take: (given: JsonObject, known: ReplyItem | undefined, index: number) => ReplyItem,
  ): void {
    const taken = new Set<ReplyItem | undefined>();
    // An item whose id the output names belongs to that entry alone, wherever the entry stands.
    const named = new Set(output.map((given) => this.#named(field(given, "id"))));
    const byType = new Map<string, ReplyItem[]>();
    for (const item of this.#own) if (!named.has(item)) pushTo(byType, item.type, item);
    let last = -1;
    output.forEach((given: unknown, place) => {
      if (!isObject(given)) return;
      const type = typeOf(given);
      const isFree = (item: ReplyItem | undefined): item is ReplyItem => item?.type === type && !taken.has(item);
      const placed = this.#byIndex.get(place);
      const same = placed?.block["id"] === given["id"] ? placed : this.#named(given["id"]);
      const alike = byType.get(type) ?? [];
      while (taken.has(alike[0])) alike.shift();
      const known = [same, named.has(placed) ? undefined : placed, alike[0]].find(isFree);
      const item = take(given, known, placed === undefined ? place : last + 0.5);
      taken.add(item);
      last = item.index;
    });
  }

  #named(id: unknown): ReplyItem | undefined {
    return typeof id === "string" && id !== "" ? this.#byId.get(id) : undefined;
  }

  #lastOpen(type: string): ReplyItem | undefined {
    return this.#own.findLast((item) => item.type === type && !item.isDone);
  }
}

/** A place that events may name. Others are as good as none. */
export function isIndex(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}
