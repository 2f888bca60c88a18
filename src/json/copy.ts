/**
 * A deep copy of arrays and plain objects, for someone who may change it. Everything else in them (dates, instances of
 * classes, functions) is shared, and a part that occurs twice, or contains itself, does so in the copy too.
 *
 * It keeps a list instead of recursing, so that no depth overflows the stack.
 *
 * @internal
 */
export function copyOf<T>(value: T): T;
export function copyOf(value: unknown): unknown {
  const copies = new Map<object, object>();
  const copyPart = (part: unknown): unknown => {
    if (!isPlain(part)) return part;
    const copy = copies.get(part) ?? shallowCopy(part);
    copies.set(part, copy);
    return copy;
  };
  const whole = copyPart(value);
  // The map grows while it is read: the parts of each copy are copied in turn.
  for (const copy of copies.values()) {
    if (Array.isArray(copy)) {
      for (let at = 0; at < copy.length; at++) copy[at] = copyPart(copy[at]);
    } else {
      for (const [key, part] of Object.entries(copy)) {
        // Not an assignment, which would run the setter of `__proto__`.
        if (isPlain(part)) Object.defineProperty(copy, key, { value: copyPart(part) });
      }
    }
  }
  return whole;
}

function shallowCopy(original: object): object {
  if (Array.isArray(original)) return [...original];
  const copy: object = { ...original };
  return Object.getPrototypeOf(original) === null ? Object.setPrototypeOf(copy, null) : copy;
}

function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === Array.prototype || prototype === null;
}
