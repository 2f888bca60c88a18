import { isObject, type JsonObject } from "../../json/object.ts";
import { getOwn, isEqual, setOwn } from "../../json/own.ts";

/**
 * Sets a field of a message. A value that says nothing does not replace one that does, and objects are merged: servers
 * send both again and again. Gives whether the message has changed.
 */
export function assign(target: JsonObject, key: string, value: unknown): boolean {
  const known = getOwn(target, key);
  // Readers may keep events, which must not change then: everything that changes is a copy.
  if (isObject(value)) {
    const merged = isObject(known) ? known : {};
    if (merged !== known) setOwn(target, key, merged);
    return assignAll(merged, value) || merged !== known;
  }
  const saysNothing = value === null || value === "" || value === 0;
  if (value === undefined || (saysNothing && known !== undefined && known !== null) || isEqual(known, value)) {
    return false;
  }
  setOwn(target, key, value);
  return true;
}

/** Sets all fields of an object, as {@link assign} does. */
export function assignAll(target: JsonObject, fields: JsonObject): boolean {
  let hasChanged = false;
  for (const key of Object.keys(fields)) if (assign(target, key, fields[key])) hasChanged = true;
  return hasChanged;
}

/** Appends to a text that may not have begun. */
export function append(
  target: JsonObject,
  key: "refusal" | "reasoning" | "reasoning_content" | "text" | "summary" | "transcript",
  text: string,
): void {
  const known = target[key];
  target[key] = typeof known === "string" ? known + text : text;
}

/** The items of a value that may be anything. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
