import type { JsonObject } from "../../json/object.ts";

/** The string fields of a block that deltas append to. */
export type AppendedField = "text" | "thinking" | "partial_json";

/** Where a delta of the commonest kind goes. */
export interface DeltaTarget {
  readonly index: number;
  readonly field: AppendedField;
}

/** The type of the delta that appends to each field. */
export const DELTA_TYPES: Readonly<Record<AppendedField, string>> = {
  text: "text_delta",
  thinking: "thinking_delta",
  partial_json: "input_json_delta",
};

const FIELDS = Object.keys(DELTA_TYPES) as AppendedField[];

/** The field that deltas of a type append to. */
export function appendedField(type: unknown): AppendedField | undefined {
  return FIELDS.find((field) => DELTA_TYPES[field] === type);
}

/** A delta of the commonest kind, as the wire has it. */
export function deltaEvent({ index, field }: DeltaTarget, text: string): JsonObject {
  return { type: "content_block_delta", index, delta: { type: DELTA_TYPES[field], [field]: text } };
}
