/**
 * A deep copy for someone who may change it: of arrays, plain objects, sets, maps, dates, buffers and typed arrays.
 * Everything else in them (instances of other classes, functions) is shared, and a part that occurs twice, or contains
 * itself, does so in the copy too.
 *
 * It keeps a list instead of recursing, so that no depth overflows the stack.
 *
 * @internal
 */
export function copyOf<T>(value: T): T;
export function copyOf(value: unknown): unknown {
  const copies = new Map<unknown, object>();
  const copyPart = (part: unknown): unknown => {
    const copy = copies.get(part) ?? shallowCopy(part);
    if (copy === null) return part;
    copies.set(part, copy);
    return copy;
  };
  const whole = copyPart(value);
  // The map grows while it is read: the parts of each copy are copied in turn.
  for (const copy of copies.values()) copyParts(copy, copyPart);
  return whole;
}

/** Replaces what a shallow copy shares with its original. */
function copyParts(copy: object, copyPart: (part: unknown) => unknown): void {
  if (Array.isArray(copy)) {
    for (let at = 0; at < copy.length; at++) copy[at] = copyPart(copy[at]);
  } else if (copy instanceof Set) {
    const parts = [...copy];
    copy.clear();
    for (const part of parts) copy.add(copyPart(part));
  } else if (copy instanceof Map) {
    const entries = [...copy];
    copy.clear();
    for (const [key, part] of entries) copy.set(copyPart(key), copyPart(part));
  } else if (isPlain(copy)) {
    for (const [key, part] of Object.entries(copy)) {
      const value = copyPart(part);
      // Not an assignment, which would run the setter of `__proto__`.
      if (value !== part) Object.defineProperty(copy, key, { value });
    }
  }
}

/** Null for what is not copied. */
function shallowCopy(original: unknown): object | null {
  if (typeof original !== "object" || original === null) return null;
  const prototype: unknown = Object.getPrototypeOf(original);
  if (Array.isArray(original)) return prototype === Array.prototype ? [...original] : null;
  if (original instanceof Set) return prototype === Set.prototype ? new Set(original) : null;
  if (original instanceof Map) return prototype === Map.prototype ? new Map(original) : null;
  if (original instanceof Date) return prototype === Date.prototype ? new Date(original) : null;
  if (original instanceof DataView || original instanceof ArrayBuffer) return structuredClone(original);
  // All kinds of typed arrays have it. Node's buffers have another of their own, which does not copy.
  if (ArrayBuffer.isView(original)) return Uint8Array.prototype.slice.call(original);
  if (!isPlain(original)) return null;
  const copy: object = { ...original };
  return prototype === null ? Object.setPrototypeOf(copy, null) : copy;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
