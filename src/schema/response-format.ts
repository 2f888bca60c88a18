import { isObject, type JsonObject } from "../json/object.ts";
import { convertInput } from "./convert.ts";
import { type JsonSchema, liftDefinition, plainJson, selfDescribing } from "./json-schema.ts";
import type { StandardSchema } from "./standard-schema.ts";

/** The form that a reply must have, as JSON Schema of an object. */
export interface ResponseFormat {
  readonly schema: JsonSchema;
  /** Whether the model is not an object. It is then the field `value` of one, since providers only take objects. */
  readonly isWrapped: boolean;
}

/**
 * The format that a response model requires.
 *
 * @param explicit - JSON Schema, for a model that cannot generate it.
 * @throws SchemaError if there is no JSON Schema, or JSON cannot represent the model.
 */
export function responseFormat(model: StandardSchema, explicit: object | undefined): ResponseFormat {
  const described =
    explicit === undefined
      ? plainJson(
          convertInput(selfDescribing(model, "responseModel", "responseSchema")["~standard"], "responseModel"),
          "responseModel",
        )
      : plainJson(explicit, "responseSchema");
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

/** The schema as a part of its wrapper: references to its root must lead to its new place. */
function moved(schema: JsonObject): JsonObject {
  const inWrapper = (key: string, part: unknown): unknown =>
    key === "$ref" && part === "#" ? "#/properties/value" : part;
  return JSON.parse(JSON.stringify(schema, inWrapper)) as JsonObject;
}
