import type { JsonObject } from "./object.ts";

/** An array or an object. */
export type Container = unknown[] | JsonObject;

/** V8 keeps an object of more properties than that as a hash table, which spread copies at 0.3 us a key. */
const SPREAD_KEYS = 16;

/** An array or object that is still open; or the document, as an array around its one value. */
export class Frame {
  /** The array; null in an object. */
  readonly list: unknown[] | null;
  /** The object; unused in an array. */
  readonly object: JsonObject = {};
  /** What it stands in; the document stands in itself. */
  readonly outer: Frame;
  readonly depth: number;
  /** What it costs to copy the frames around this one. */
  readonly outerWeight: number;
  /** Which value is read now, or next: 0, 1, … */
  index = 0;
  /** The key of that value, in an object. */
  key = "";
  /** The array or object as it was at the last snapshot. */
  copied: Container | null = null;

  constructor(outer: Frame | null, list: unknown[] | null, outerWeight: number) {
    this.list = list;
    this.outer = outer ?? this;
    this.depth = outer === null ? 0 : outer.depth + 1;
    this.outerWeight = outerWeight;
  }

  /** Writes the value that is read now, over what is there. */
  put(value: unknown): void {
    if (this.list === null) setOwn(this.object, this.key, value);
    else this.list[this.index] = value;
  }

  /** Copies the array or object, with `inner`, if any, as the value that is read now. */
  copy(inner: Container | null): Container {
    if (this.list === null) {
      const object = this.index > SPREAD_KEYS ? copyByKey(this.object) : { ...this.object };
      if (inner !== null) setOwn(object, this.key, inner);
      return (this.copied = object);
    }
    const list = this.list.slice();
    if (inner !== null) list[this.index] = inner;
    return (this.copied = list);
  }
}

function copyByKey(object: JsonObject): JsonObject {
  const copy: JsonObject = {};
  for (const key in object) setOwn(copy, key, object[key]);
  return copy;
}

/** An assignment to `__proto__` would change the prototype. */
function setOwn(object: JsonObject, key: string, value: unknown): void {
  if (key !== "__proto__") object[key] = value;
  else Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}
