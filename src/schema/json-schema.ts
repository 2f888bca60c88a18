/** Schemas of any library, put as the JSON Schema that a provider takes. */

import { field, isObject, type JsonObject } from "../json/object.ts";
import { convertInput } from "./convert.ts";
import { SchemaError } from "./schema-error.ts";
import type { StandardJsonSchema, StandardSchema } from "./standard-schema.ts";

/** JSON Schema (draft 2020-12) of an object. */
export interface JsonSchema {
  readonly type: "object";
  readonly [keyword: string]: unknown;
}

/** Whether a schema can put itself as JSON Schema. */
export function isSelfDescribing<S extends StandardSchema>(schema: S): schema is S & StandardJsonSchema {
  return isObject(field(schema["~standard"], "jsonSchema"));
}

/**
 * What a schema takes, as JSON Schema. `option` is where the schema was given: the start of an error's path.
 *
 * @throws {SchemaError} If the schema has a part that JSON cannot hold, or describes something else than an object.
 */
export function toJsonSchema(schema: StandardSchema & StandardJsonSchema, option: string): JsonSchema {
  return toObjectSchema(convertInput(schema["~standard"], option), option);
}

/**
 * JSON Schema that was written by hand or by another library, as it is sent: a copy, without what JSON does not keep.
 *
 * @throws {SchemaError} If it is no JSON Schema, or not that of an object.
 */
export function checkJsonSchema(schema: object, option: string): JsonSchema {
  if (isValidator(schema)) throw new SchemaError(option, "this is no JSON Schema but a validator: give it as input.");
  let copy: unknown;
  try {
    copy = JSON.parse(JSON.stringify(schema));
  } catch (cause) {
    throw new SchemaError(option, "it is not plain JSON.", { cause });
  }
  return toObjectSchema(copy, option);
}

/** Some that validate look like JSON Schema: valibot's and zod's have `type: "object"`, and zod's JSON Schema validates. */
function isValidator(schema: object): boolean {
  if (!("~standard" in schema)) return false;
  return Object.getPrototypeOf(schema) !== Object.prototype || Object.keys(schema).includes("~standard");
}

function toObjectSchema(schema: unknown, option: string): JsonSchema {
  const { $schema: _, ...rest } = liftDefinition(isObject(schema) ? schema : {});
  const { type } = rest;
  if (type === "object") return { ...rest, type };
  const found = type === undefined ? (Object.keys(rest)[0] ?? "no type") : `type ${JSON.stringify(type)}`;
  throw new SchemaError(option, `it must describe an object, and has ${found}. Wrap it in one.`);
}

/** A schema with a name of its own is a reference to its definition: providers want the object itself. */
export function liftDefinition(schema: JsonObject): JsonObject {
  const { $ref, ...rest } = schema;
  const name = typeof $ref === "string" ? /^#\/\$defs\/([^/~%]+)$/.exec($ref)?.[1] : undefined;
  const definition = name === undefined ? undefined : field(schema["$defs"], name);
  return isObject(definition) ? { ...definition, ...rest } : schema;
}
