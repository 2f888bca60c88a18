import { field } from "../json/object.ts";
import { SchemaError } from "./schema-error.ts";
import type { StandardConverter, StandardJsonSchema, StandardSchema } from "./standard-schema.ts";

const TARGET = "draft-2020-12";
const ADVICE = "The model writes JSON: take text, or what else JSON has, and transform it.";

/**
 * Has a schema put what it takes as JSON Schema.
 *
 * The standard says nothing of where a conversion failed. zod and arktype are asked for it in their own ways; of other
 * libraries the error has their words alone.
 *
 * @throws {SchemaError} If a part of the schema is something that JSON cannot hold: its path names the part.
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
    return fail(steps, cause instanceof Error ? cause.message : String(cause), cause);
  }
  const mark = vendor === "arktype" ? findMark(converted, []) : null;
  return mark === null ? converted : fail(mark.steps, `${mark.what} cannot be represented in JSON Schema`);
}

/** The names in the input that lead to a part of its JSON Schema: `.published[].date`. */
function toPath(steps: readonly unknown[]): string {
  let path = "";
  for (let at = 0; at < steps.length; at++) {
    const step = steps[at];
    if (step === "properties") path += `.${String(steps[++at])}`;
    else if (step === "prefixItems") path += `[${String(steps[++at])}]`;
    else if (step === "items") path += "[]";
    else if (step === "additionalProperties") path += ".*";
    // What is left are numbers of alternatives, and where definitions stand.
  }
  return path;
}

// The types of zod schemas that are refused. Literals are if they are a bigint or undefined.
const ZOD_TYPES = /^(?:bigint|symbol|undefined|void|date|nan|custom|function|transform|map|set)$/;

/** zod stops at what it cannot convert, and does not say where. Told to go on, it shows each schema and its path. */
function findInZod(converter: StandardConverter): readonly unknown[] {
  let found: readonly unknown[] = [];
  const override = ({ zodSchema, path }: { zodSchema?: unknown; path?: unknown }): void => {
    const def = field(field(zodSchema, "_zod"), "def");
    const values = field(def, "values");
    const isRefused =
      ZOD_TYPES.test(String(field(def, "type"))) ||
      (Array.isArray(values) && values.some((value) => value === undefined || typeof value === "bigint"));
    // From the last to the first: that is where zod had stopped.
    if (isRefused && Array.isArray(path)) found = path;
  };
  try {
    converter.input({ target: TARGET, libraryOptions: { unrepresentable: "any", override } });
  } catch {
    // As before; then there is no path.
  }
  return found;
}

const MARK = "x-millrace-unrepresentable";

// arktype puts {} for what JSON cannot hold, unless told otherwise. What only narrows the type may be left out.
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
