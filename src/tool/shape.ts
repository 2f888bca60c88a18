import { isObject } from "../json/object.ts";

/** Whether a value has a certain form. */
export type Check = (value: unknown) => boolean;

/** The checks of an object's fields. A field whose name ends in "?" may be missing. */
export type Fields = Readonly<Record<string, Check>>;

export const isText = (value: unknown): value is string => typeof value === "string";

export function oneOf(...values: readonly unknown[]): Check {
  return (value) => values.includes(value);
}

export function anyOf(...checks: readonly Check[]): Check {
  return (value) => checks.some((check) => check(value));
}

export function nullOr(check: Check): Check {
  return (value) => value === null || check(value);
}

export function listOf(check: Check): Check {
  return (value) => Array.isArray(value) && value.every(check);
}

/** An object with these fields and no others. Made when it is first used, since most programs never do. */
export function shape(fields: Fields): Check {
  let made: Check | null = null;
  return (value) => isObject(value) && (made ??= fieldCheck(fields))(value);
}

function fieldCheck(fields: Fields): Check {
  const checks = new Map(Object.entries(fields).map(([name, check]) => [name.replace("?", ""), check]));
  const required = Object.keys(fields).filter((name) => !name.endsWith("?"));
  return (value) =>
    isObject(value) &&
    Object.entries(value).every(([name, part]) => checks.get(name)?.(part)) &&
    required.every((name) => Object.hasOwn(value, name));
}

/** An object of this `type`, with these fields and no others. */
export function typed(type: string, fields: Fields): Check {
  const hasFields = shape({ type: isText, ...fields });
  return (value) => isObject(value) && value["type"] === type && hasFields(value);
}
