/** The longest text that is shown. */
const LONGEST = 200;

type Inspect = (value: unknown, options: object) => string;

/** Makes `console.log` show what `toJSON` gives, with long texts cut. */
export function inspectable(object: { toJSON(): object }): void {
  const value = (depth: number, options: object, inspect: Inspect): string => {
    const { name } = object.constructor;
    return depth < 0 ? `[${name}]` : `${name} ${inspect(object.toJSON(), { ...options, maxStringLength: LONGEST })}`;
  };
  Object.defineProperty(object, Symbol.for("nodejs.util.inspect.custom"), { value });
}
