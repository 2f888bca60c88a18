/** The longest text that is shown. */
const LONGEST = 200;

type Inspect = (value: unknown, options: object) => string;

/**
 * Makes `console.log` show what `toJSON` gives, with long texts cut.
 *
 * @param object - The object itself, or the prototype of its class.
 * @param name - What it is called. Default: the name of its class.
 */
export function inspectable(object: { toJSON(): object }, name?: string): void {
  show(object, (shown) => shown.toJSON(), name);
}

/**
 * Makes `console.log` and `JSON.stringify` show an object literal under a name.
 *
 * @param fieldsOf - What is shown.
 * @param jsonOf - What `JSON.stringify` gives, if the fields may hold what JSON cannot.
 */
export function shownAs<T extends object>(
  object: T,
  name: string,
  fieldsOf: (shown: T) => object,
  jsonOf = fieldsOf,
): T {
  show(object, fieldsOf, name);
  return Object.defineProperty(object, "toJSON", { value: () => jsonOf(object) });
}

function show<T extends object>(object: T, fieldsOf: (shown: T) => object, name?: string): void {
  function value(this: T, depth: number | null, given: object, inspect: Inspect): string {
    const title = name ?? this.constructor.name;
    if (depth !== null && depth < 0) return `[${title}]`;
    // Deeper than usual, since what a tool is called with should be seen.
    const options = { ...given, depth: depth && depth + 2, maxStringLength: LONGEST };
    return `${title} ${inspect(fieldsOf(this), options)}`;
  }
  Object.defineProperty(object, Symbol.for("nodejs.util.inspect.custom"), { value });
}
