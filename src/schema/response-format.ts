import type { JsonObject } from "../json/object.ts";
import type { JsonSchema } from "./json-schema.ts";
import { SchemaError } from "./schema-error.ts";
import type { StandardJsonSchema, StandardSchema } from "./standard-schema.ts";

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
  const { $schema: _, ...schema } = explicit === undefined ? described(model) : (explicit as JsonObject);
  if (schema["type"] === "object") return { schema: { ...schema, type: "object" }, isWrapped: false };
  const { $defs, ...value } = schema;
  const rest = { properties: { value }, required: ["value"], additionalProperties: false };
  return { schema: { type: "object", ...rest, ...($defs === undefined ? {} : { $defs }) }, isWrapped: true };
}

function described(model: StandardSchema): JsonObject {
  const { vendor, jsonSchema } = model["~standard"] as StandardSchema["~standard"] &
    Partial<StandardJsonSchema["~standard"]>;
  if (jsonSchema === undefined) {
    throw new SchemaError("responseModel", `schemas of ${vendor} give no JSON Schema: give responseSchema as well.`);
  }
  try {
    return jsonSchema.input({ target: "draft-2020-12" }) as JsonObject;
  } catch (cause) {
    throw new SchemaError("responseModel", cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
