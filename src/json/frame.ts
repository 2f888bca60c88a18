import type { JsonObject } from "./object.ts";

export class Frame {
  readonly parent: Frame | null;
  readonly list: unknown[] | null;
  readonly object: JsonObject | null;
  readonly weight: number;
  readonly depth: number;
  index = 0;
  key = "";
  listCopy: unknown[] | null = null;
  objectCopy: JsonObject | null = null;

  constructor(parent: Frame | null, list: unknown[] | null, object: JsonObject | null, weight: number) {
    this.parent = parent;
    this.list = list;
    this.object = object;
    this.weight = weight;
    this.depth = parent === null ? 0 : parent.depth + 1;
  }

  put(value: unknown): void {
    if (this.list !== null) this.list[this.index] = value;
    else if (this.object !== null) set(this.object, this.key, value);
  }
}
function set(o: JsonObject, key: string, value: unknown): void {
  if (key === "__proto__")
    Object.defineProperty(o, key, { value, writable: true, enumerable: true, configurable: true });
  else o[key] = value;
}
export function copyPath(top: Frame): void {
  let child: unknown[] | JsonObject | null = null;
  for (let frame: Frame | null = top; frame !== null; frame = frame.parent) {
    if (frame.list !== null) {
      frame.listCopy = frame.list.slice();
      if (child !== null) frame.listCopy[frame.index] = child;
      child = frame.listCopy;
    } else {
      frame.objectCopy = { ...frame.object };
      if (child !== null) set(frame.objectCopy, frame.key, child);
      child = frame.objectCopy;
    }
  }
}
