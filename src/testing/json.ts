/** A JSON object whose fields have not been validated. */
export type JsonObject = { readonly [key: string]: unknown };

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The objects in what should be an array of them. Anything else is left out. */
export function objectsOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

/** A value that should be text, for use in a message: as JSON if it is something else. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "undefined");
}

/** A value that should be a number; NaN if it is something else. */
export function numberOf(value: unknown): number {
  return typeof value === "number" ? value : Number.NaN;
}

/** Whether arrays and objects are nested more than `levels` deep. Works level by level, so it copes with any depth. */
export function isDeeperThan(levels: number, value: unknown): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > levels) return true;
    level = level.flatMap(nestedIn);
  }
  return false;
}

function nestedIn(value: unknown): readonly unknown[] {
  if (typeof value !== "object" || value === null) return [];
  const parts: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  return parts.filter((part) => typeof part === "object" && part !== null);
}
