import type { JsonObject } from "./object.ts";

/** V8 keeps an object of more properties than that as a hash table, which spread copies key by key, at 0.3 us each. */
const SPREAD_KEYS = 16;

/** A container that is still open: an array or an object, or around them all, the document. */
export class Frame {
  /** The array, or null in an object; and the other way round. */
  readonly list: unknown[] | null;
  readonly object: JsonObject | null;
  /** Where it stands. The document stands in itself. */
  readonly outer: Frame;
  readonly depth: number;
  /** What a copy of all frames around it costs, in elements of an array. */
  readonly outerWeight: number;
  /** The place that is written now, or next: in an array the index, which in an object counts the values. */
  index = 0;
  key = "";
  /** As it was at the last snapshot. */
  copied: unknown[] | JsonObject | null = null;

  constructor(outer: Frame | null, list: unknown[] | null, outerWeight: number) {
    this.list = list;
    this.object = list === null ? {} : null;
    this.outer = outer ?? this;
    this.depth = outer === null ? 0 : outer.depth + 1;
    this.outerWeight = outerWeight;
  }

  /** Writes the value at the current place, over what is there. */
  put(value: unknown): void {
    if (this.list !== null) this.list[this.index] = value;
    else if (this.object !== null) setOwn(this.object, this.key, value);
  }

  /** Keeps a copy, in which `inner`, if any, stands at the current place. */
  copy(inner: unknown[] | JsonObject | null): unknown[] | JsonObject {
    if (this.list !== null) {
      const list = this.list.slice();
      if (inner !== null) list[this.index] = inner;
      return (this.copied = list);
    }
    const object = this.index > SPREAD_KEYS ? copyByKey(this.object) : { ...this.object };
    if (inner !== null) setOwn(object, this.key, inner);
    return (this.copied = object);
  }
}

function copyByKey(object: JsonObject | null): JsonObject {
  const copy: JsonObject = {};
  for (const key in object) setOwn(copy, key, object[key]);
  return copy;
}

/** An assignment to `__proto__` would change the prototype. */
function setOwn(object: JsonObject, key: string, value: unknown): void {
  if (key !== "__proto__") object[key] = value;
  else Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}
