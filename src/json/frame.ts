import type { JsonObject } from "./object.ts";

/** An array or an object. */
export type Container = unknown[] | JsonObject;

/** V8 keeps an object of more properties than that as a hash table, which spread copies at 0.3 us a key. */
const SPREAD_KEYS = 16;

const UNUSED: JsonObject = {};

/** An array or object that is still open; or the document, as an array around its one value. */
export class Frame {
  /** The array; null in an object. */
  declare readonly list: unknown[] | null;
  /** The object; of no use in an array. */
  declare readonly object: JsonObject;
  /** What it stands in; the document stands in itself. */
  declare readonly outer: Frame;
  declare readonly depth: number;
  /** What it costs to copy the frames around this one. */
  declare readonly outerWeight: number;
  /** Which value is read now, or next: 0, 1, … */
  declare index: number;
  /** The key of that value, in an object. */
  declare key: string;
  /** The array or object as it was at the last snapshot. */
  declare copied: Container | null;

  constructor(outer: Frame | null, list: unknown[] | null, outerWeight: number) {
    this.list = list;
    this.object = list === null ? {} : UNUSED;
    this.outer = outer ?? this;
    this.depth = outer === null ? 0 : outer.depth + 1;
    this.outerWeight = outerWeight;
    this.index = 0;
    this.key = "";
    this.copied = null;
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

function setOwn(object: JsonObject, key: string, value: unknown): void {
  if (key === "__proto__") setProto(object, value);
  else object[key] = value;
}

/** An assignment to `__proto__` would change the prototype. */
function setProto(object: JsonObject, value: unknown): void {
  Object.defineProperty(object, "__proto__", { value, writable: true, enumerable: true, configurable: true });
}
