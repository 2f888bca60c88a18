/** The deepest nesting of values that are received. Deeper ones could not be written again: that takes a stack as deep as they are. */
export const DEEPEST = 1_000;

/**
 * Whether a value nests arrays and objects deeper than `limit` levels. It works level by level, without recursion, so
 * that no depth overflows the stack.
 *
 * @internal
 */
export function isDeeper(value: unknown, limit: number): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    const next: unknown[] = [];
    for (const container of level) {
      if (typeof container !== "object" || container === null) continue;
      if (depth === limit) return true;
      const parts: readonly unknown[] = Array.isArray(container) ? container : Object.values(container);
      for (const part of parts) if (typeof part === "object" && part !== null) next.push(part);
    }
    level = next;
  }
  return false;
}
