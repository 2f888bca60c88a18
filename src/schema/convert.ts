import { messageOf } from "../errors.ts";
import { field } from "../json/object.ts";
import { SchemaError } from "./schema-error.ts";
import type { StandardConverter, StandardJsonSchema, StandardSchema } from "./standard-schema.ts";

const TARGET = "draft-2020-12";
const ADVICE = "The model writes JSON: take a type that JSON has, such as a string, and transform it.";

/**
 * Generates JSON Schema of the input that a schema takes.
 *
 * The standard has no way to tell where a conversion failed. For zod and arktype there are ways of their own to find out;
 * for other libraries, the error only has their message.
 *
 * @throws SchemaError if JSON cannot represent a part of the input. The error's path names the part.
 */
export function convertInput(
  { vendor, jsonSchema }: (StandardSchema & StandardJsonSchema)["~standard"],
  option: string,
): unknown {
  const fail = (steps: readonly unknown[], problem: string, cause?: unknown): never => {
    throw new SchemaError(option + toPath(steps), `${problem.replace(/\.?$/, ".")} ${ADVICE}`, { cause });
  };
  let converted: unknown;
  try {
    const libraryOptions = vendor === "arktype" ? arktypeOptions : undefined;
    converted = jsonSchema.input(libraryOptions ? { target: TARGET, libraryOptions } : { target: TARGET });
  } catch (cause) {
    const steps = vendor === "zod" ? findInZod(jsonSchema) : [];
    return fail(steps, messageOf(cause), cause);
  }
  const mark = vendor === "arktype" ? findMark(converted, []) : null;
  return mark === null ? converted : fail(mark.steps, `${mark.what} cannot be represented in JSON Schema`);
}

/** Turns the keys that lead to a part of JSON Schema into the path in the input: `.published[].date`. */
function toPath(steps: readonly unknown[]): string {
  let path = "";
  for (let at = 0; at < steps.length; at++) {
    const step = steps[at];
    if (step === "properties") path += `.${String(steps[++at])}`;
    else if (step === "prefixItems") path += `[${String(steps[++at])}]`;
    else if (step === "items") path += "[]";
    else if (step === "additionalProperties") path += ".*";
    // The other steps are indexes of alternatives and the places of definitions.
  }
  return path;
}

// The types of zod schemas that zod refuses to convert, besides literals that are a bigint or undefined.
const ZOD_TYPES = /^(?:bigint|symbol|undefined|void|date|nan|custom|function|transform|map|set)$/;

/** zod stops at a schema that it cannot convert, without saying where. When told to go on, it shows each one's path. */
function findInZod(converter: StandardConverter): readonly unknown[] {
  let found: readonly unknown[] = [];
  const override = ({ zodSchema, path }: { zodSchema?: unknown; path?: unknown }): void => {
    const def = field(field(zodSchema, "_zod"), "def");
    const values = field(def, "values");
    const isRefused =
      ZOD_TYPES.test(String(field(def, "type"))) ||
      (Array.isArray(values) && values.some((value) => value === undefined || typeof value === "bigint"));
    // zod goes from the last to the first, so the last assignment is where it had stopped.
    if (isRefused && Array.isArray(path)) found = path;
  };
  try {
    converter.input({ target: TARGET, libraryOptions: { unrepresentable: "any", override } });
  } catch {
    // The same failure as before: then the path stays unknown.
  }
  return found;
}

const MARK = "x-millrace-unrepresentable";

// By default, arktype writes {} for a type that JSON cannot hold. A predicate may go: it only narrows its base type.
const arktypeOptions = {
  fallback: {
    date: () => ({ [MARK]: "Date" }),
    proto: ({ proto }: { proto?: unknown }) => ({ [MARK]: nameOf(proto) }),
    domain: ({ domain }: { domain?: unknown }) => ({ [MARK]: String(domain) }),
    unit: ({ unit }: { unit?: unknown }) => ({ [MARK]: String(unit) }),
    predicate: ({ base }: { base?: unknown }) => base,
  },
};

function nameOf(constructor: unknown): string {
  return typeof constructor === "function" ? constructor.name : "An object of a class";
}

function findMark(schema: unknown, steps: readonly string[]): { what: string; steps: readonly string[] } | null {
  if (typeof schema !== "object" || schema === null) return null;
  for (const [step, value] of Object.entries(schema)) {
    if (step === MARK) return { what: String(value), steps };
    const found = findMark(value, [...steps, step]);
    if (found !== null) return found;
  }
  return null;
}
