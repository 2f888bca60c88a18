/** Deeper values could be read, but neither written nor compared: that takes a stack as deep as they are. */
export const DEEPEST = 1_000;

/** Whether arrays and objects are nested deeper than {@link DEEPEST}. Does not recurse. */
export function isTooDeep(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST) return true;
    const next: unknown[] = [];
    for (const part of level) {
      if (typeof part !== "object" || part === null) continue;
      for (const inner of Object.values(part)) if (typeof inner === "object" && inner !== null) next.push(inner);
    }
    level = next;
  }
  return false;
}
