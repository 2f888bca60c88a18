import { field, type JsonObject, stringField } from "../../json/object.ts";

/** The string fields of a block that deltas append to. */
export type AppendedField = "text" | "thinking" | "partial_json";

/** Where a delta of the commonest kind goes. */
export interface DeltaTarget {
  readonly index: number;
  readonly field: AppendedField;
}

/** The type of the delta that appends to each field. */
const DELTA_TYPES: Readonly<Record<AppendedField, string>> = {
  text: "text_delta",
  thinking: "thinking_delta",
  partial_json: "input_json_delta",
};

const FIELDS = Object.keys(DELTA_TYPES) as AppendedField[];

/** The field that deltas of a type append to. */
export function appendedField(type: unknown): AppendedField | undefined {
  return FIELDS.find((name) => DELTA_TYPES[name] === type);
}

/** Where a delta appends, and what. */
export interface AppendedDelta {
  readonly target: DeltaTarget;
  readonly text: string;
}

/** Reads a `content_block_delta`; null if it does something else. */
export function appended({ index, delta }: JsonObject): AppendedDelta | null {
  const name = appendedField(field(delta, "type"));
  const text = name === undefined ? null : stringField(delta, name);
  return name === undefined || text === null || typeof index !== "number"
    ? null
    : { target: { index, field: name }, text };
}

/** How the frame of a delta of the commonest kind begins, up to its text. */
export function deltaPrefix({ index, field: name }: DeltaTarget): string {
  const delta = `{"type":"${DELTA_TYPES[name]}","${name}":"`;
  return `event: content_block_delta\ndata: {"type":"content_block_delta","index":${index},"delta":${delta}`;
}

/** A delta of the commonest kind, as the wire has it. */
export function deltaEvent({ index, field: name }: DeltaTarget, text: string): JsonObject {
  return { type: "content_block_delta", index, delta: { type: DELTA_TYPES[name], [name]: text } };
}
