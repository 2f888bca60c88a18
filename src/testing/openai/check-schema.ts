import { isJsonObject, type JsonObject, objectsOf } from "../json.ts";

/** Keywords that strict schemas may not have: openai 7.59.0, src/lib/transform.ts. */
const REFUSED = new Set(
  (
    "$anchor $dynamicAnchor $dynamicRef $recursiveAnchor $recursiveRef allOf contains contentEncoding contentMediaType " +
    "contentSchema dependentRequired dependentSchemas dependencies else if maxContains maxProperties minContains " +
    "minProperties not oneOf patternProperties prefixItems propertyNames then unevaluatedItems unevaluatedProperties " +
    "uniqueItems default"
  ).split(" "),
);

/**
 * What the API says of a schema that strict formats do not take; null if it takes it.
 *
 * @param what - Which schema it is: `response_format 'x'` or `function 'x'`.
 */
export function strictProblem(schema: unknown, what: string): string | null {
  const said = problemIn(schema, [], schema);
  return said === null ? null : `Invalid schema for ${what}: ${said}`;
}

function problemIn(schema: unknown, path: readonly string[], root: unknown): string | null {
  const context = `In context=${contextOf(path)}`;
  if (!isJsonObject(schema)) return `${context}, schema must be an object.`;
  const { $ref, type, properties, required, additionalProperties, items, anyOf } = schema;
  if (path.length === 0) {
    if (type !== "object") return `schema must be a JSON Schema of 'type: "object"', got 'type: "${kindOf(type)}"'.`;
    if (anyOf !== undefined) return `schema must have type 'object' and not have 'anyOf' at the top level.`;
  }
  const refused = Object.keys(schema).find((keyword) => REFUSED.has(keyword));
  if (refused !== undefined) return `${context}, '${refused}' is not permitted.`;
  if ($ref !== undefined) return refProblem(schema, context, root);
  if (type === undefined && anyOf === undefined) return `${context}, schema must have a 'type' key.`;
  if (properties !== undefined || kindOf(type).split(",").includes("object")) {
    if (additionalProperties !== false) {
      return `${context}, 'additionalProperties' is required to be supplied and to be false.`;
    }
    const missing = Object.keys(Object(properties)).find(
      (name) => !(Array.isArray(required) && required.includes(name)),
    );
    if (missing !== undefined) {
      return `${context}, 'required' is required to be supplied and to be an array including every key in properties. Missing '${missing}'.`;
    }
  }
  if (kindOf(type).split(",").includes("array") && items === undefined)
    return `${context}, array schema missing items.`;
  return (
    partsProblem(properties, [...path, "properties"], root) ??
    partsProblem(schema["$defs"], [...path, "$defs"], root) ??
    partsProblem(schema["definitions"], [...path, "definitions"], root) ??
    (items === undefined ? null : problemIn(items, [...path, "items"], root)) ??
    (Array.isArray(anyOf) ? partsProblem({ ...objectsOf(anyOf) }, [...path, "anyOf"], root) : null)
  );
}

function partsProblem(parts: unknown, path: readonly string[], root: unknown): string | null {
  for (const [name, part] of Object.entries(Object(parts))) {
    const problem = problemIn(part, [...path, name], root);
    if (problem !== null) return problem;
  }
  return null;
}

function refProblem(schema: JsonObject, context: string, root: unknown): string | null {
  const beside = Object.keys(schema).filter((name) => !/^(\$ref|\$defs|definitions)$/.test(name));
  if (beside.length > 0) return `${context}, $ref cannot have keywords {'${beside.join("', '")}'}.`;
  const steps = String(schema["$ref"]).split("/");
  const found = steps.reduce<unknown>(
    (at, step) => (step === "#" ? root : isJsonObject(at) ? at[step] : undefined),
    null,
  );
  return found === undefined
    ? `${context}, reference to component '${String(schema["$ref"])}' which was not found in the schema.`
    : null;
}

function kindOf(type: unknown): string {
  return type === undefined ? "None" : String(type);
}

/** A path as Python writes a tuple. */
function contextOf(path: readonly string[]): string {
  const names = path.map((name) => `'${name}'`).join(", ");
  return path.length === 1 ? `(${names},)` : `(${names})`;
}
