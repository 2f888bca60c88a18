/** A small language for the names that a request may use, at every depth, and the search for one that it may not. */

import { isJsonObject, type JsonObject, textOf } from "../json.ts";

/** What a JSON value may look like. What is not said is not checked: `{}` is anything. */
export interface Shape {
  /** What the items of a list look like. */
  readonly items?: Shape | undefined;
  /** The fields that an object may have. */
  readonly fields?: Readonly<Record<string, Shape>> | undefined;
  /** The kinds of an object, which its `type` tells apart. Each has the field `type`. */
  readonly kinds?: Readonly<Record<string, Shape>> | undefined;
  /** The kind of an object without a `type`. If not given, it must have one. */
  readonly usualKind?: string | undefined;
  /** What the values of an object look like whose field names are made up. */
  readonly values?: Shape | undefined;
  /** The texts that a text may be. */
  readonly words?: Readonly<Record<string, Shape>> | undefined;
  /** How the betas begin that this takes, one of which must be asked for. If not given, it takes none. */
  readonly betas?: readonly string[] | undefined;
}

/** What else decides whether a name is known. */
export interface Acquaintance {
  /** The betas that the request asks for. */
  readonly betas: ReadonlySet<string>;
  /** Fields and kinds that the server was told to accept. */
  readonly fields: ReadonlySet<string>;
  /** The fields that this server has sent, by the kind of their object. The API takes back what it sends. */
  readonly sent: ReadonlyMap<string, ReadonlySet<string>>;
}

export const anything: Shape = {};

/** An object with fields that may hold anything, named in one text, and with others. */
export function fields(names: string, shapes: Readonly<Record<string, Shape>> = {}): Shape {
  const plain = names.split(" ").filter((name) => name !== "");
  return { fields: { ...Object.fromEntries(plain.map((name) => [name, anything])), ...shapes } };
}

/** Objects that their `type` tells apart. */
export function kinds(byType: Readonly<Record<string, Shape>>, usualKind?: string): Shape {
  return { kinds: byType, usualKind };
}

export function list(items: Shape): Shape {
  return { items };
}

/** What only a request with one of these betas may use. A beta may be cut short: `"compact-"` is all that begin so. */
export function beta(names: string, shape: Shape = anything): Shape {
  return { ...shape, betas: names.split(" ") };
}

/** The API's message about the first name in a value that is not known, or null. */
export function unknownName(value: unknown, shape: Shape, path: string, known: Acquaintance): string | null {
  if (Array.isArray(value) && shape.items !== undefined) {
    const { items } = shape;
    return firstOf(value.entries(), ([index, item]) => unknownName(item, items, `${path}.${index}`, known));
  }
  if (typeof value === "string" && shape.words !== undefined) {
    const words = namesIn(shape.words, known);
    return words.includes(value) ? null : `${path}: Input should be ${quoted(words)}`;
  }
  if (isJsonObject(value)) return unknownInObject(value, shape, path, known);
  const mayBeText = shape.items !== undefined && typeof value === "string";
  return shape.kinds !== undefined && value !== null && !mayBeText ? `${path}: Input should be an object` : null;
}

function unknownInObject(object: JsonObject, shape: Shape, path: string, known: Acquaintance): string | null {
  const { values } = shape;
  if (shape.kinds !== undefined) return unknownKind(object, shape, path, known);
  if (shape.fields !== undefined) return unknownField(object, shape.fields, path, known);
  if (values === undefined) return null;
  return firstOf(Object.entries(object), ([name, value]) => unknownName(value, values, `${path}.${name}`, known));
}

function unknownKind(object: JsonObject, { kinds: byType = {}, usualKind }: Shape, path: string, known: Acquaintance) {
  const type = object["type"] ?? usualKind;
  if (type === undefined) return `${path}.type: Field required`;
  const kind = textOf(type);
  const expected = namesIn(byType, known);
  if (expected.includes(kind)) {
    return unknownField(object, { type: anything, ...byType[kind]?.fields }, `${path}.${kind}`, known);
  }
  // A kind that a beta brings takes that beta, even if this server has sent it.
  if (known.fields.has(kind) || (known.sent.has(kind) && !Object.hasOwn(byType, kind))) return null;
  const what = `Input tag '${kind}' found using 'type'`;
  return `${path}: ${what} does not match any of the expected tags: ${quoted(expected)}`;
}

/** Looks into the known fields in the order of their shapes, and only then for others, as the API does. */
function unknownField(
  object: JsonObject,
  shapes: Readonly<Record<string, Shape>>,
  path: string,
  known: Acquaintance,
): string | null {
  const names = namesIn(shapes, known);
  const at = (name: string): string => (path === "" ? name : `${path}.${name}`);
  const within = firstOf(names, (name) => {
    const shape = shapes[name];
    return shape !== undefined && Object.hasOwn(object, name)
      ? unknownName(object[name], shape, at(name), known)
      : null;
  });
  if (within !== null) return within;
  const sent = known.sent.get(textOf(object["type"]));
  const extra = Object.keys(object).find(
    (name) => !names.includes(name) && !known.fields.has(name) && (Object.hasOwn(shapes, name) || !sent?.has(name)),
  );
  return extra === undefined ? null : `${at(extra)}: Extra inputs are not permitted`;
}

/** The names that take no beta, or one that the request asks for. */
function namesIn(shapes: Readonly<Record<string, Shape>>, { betas }: Acquaintance): string[] {
  const isAskedFor = (start: string): boolean => [...betas].some((name) => name.startsWith(start));
  return Object.keys(shapes).filter((name) => shapes[name]?.betas?.some(isAskedFor) ?? true);
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(", ");
}

/** The first result that is not null. */
function firstOf<T>(items: Iterable<T>, find: (item: T) => string | null): string | null {
  for (const item of items) {
    const found = find(item);
    if (found !== null) return found;
  }
  return null;
}
