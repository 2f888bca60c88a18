import { isObject, type JsonObject } from "../json/object.ts";
import { convertInput } from "./convert.ts";
import { isSelfDescribing, type JsonSchema, liftDefinition } from "./json-schema.ts";
import { SchemaError } from "./schema-error.ts";
import type { StandardSchema } from "./standard-schema.ts";

/** What a reply has to look like, as JSON Schema of an object. */
export interface ResponseFormat {
  readonly schema: JsonSchema;
  /** The model is no object: it is the field `value` of one, since providers take nothing else. */
  readonly isWrapped: boolean;
}

/**
 * The format that a response model asks for.
 *
 * @param explicit - JSON Schema, for a model that cannot put itself as such.
 * @throws {SchemaError} If there is no JSON Schema, or JSON cannot hold what it describes.
 */
export function responseFormat(model: StandardSchema, explicit: object | undefined): ResponseFormat {
  const described: unknown = explicit ?? describe(model);
  const { $schema: _, ...schema } = liftDefinition(isObject(described) ? described : {});
  if (schema["type"] === "object") return { schema: { ...schema, type: "object" }, isWrapped: false };
  const { $defs, definitions, ...value } = moved(schema);
  const wrapper = {
    type: "object",
    properties: { value },
    required: ["value"],
    additionalProperties: false,
    ...($defs !== undefined && { $defs }),
    ...(definitions !== undefined && { definitions }),
  } as const;
  return { schema: wrapper, isWrapped: true };
}

function describe(model: StandardSchema): unknown {
  if (isSelfDescribing(model)) return convertInput(model["~standard"], "responseModel");
  const { vendor } = model["~standard"];
  throw new SchemaError("responseModel", `schemas of ${vendor} give no JSON Schema: give responseSchema as well.`);
}

/** The schema as it is in its wrapper: what refers to the whole has to find it there. */
function moved(schema: JsonObject): JsonObject {
  const inWrapper = (key: string, part: unknown): unknown =>
    key === "$ref" && part === "#" ? "#/properties/value" : part;
  return JSON.parse(JSON.stringify(schema, inWrapper)) as JsonObject;
}
