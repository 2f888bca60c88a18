import { field } from "../json/object.ts";
import { shownAs } from "../json/inspectable.ts";
import type { AgentToolResult } from "../provider/chunk.ts";
import type { Native } from "../provider/native.ts";
import type { PairTypes } from "../tool/pair.ts";
import { isError, jsonData } from "../tool/plain-data.ts";
import type { AgentTurn } from "./options.ts";
import type { AnsweredCall } from "./turn.ts";

/** The chunk of a pair that reports what a tool gave. @internal */
export function resultChunk<N extends Native, T extends PairTypes>(
  { id, name, toolCall }: AnsweredCall,
  output: unknown,
  { stream }: AgentTurn<N, T>,
): N["chunk"] {
  const result: AgentToolResult = { id, name, output, isError: isError(output) };
  const value = shownAs(
    result,
    "AgentToolResult",
    (shown) => ({ ...shown }),
    (shown) => ({ ...shown, output: jsonData(output) }),
  );
  const parts = { event: null, content: "", thinking: "", recovery: null };
  const chunk = stream["~reply"].shown.provider.createChunk(parts);
  return Object.defineProperties(chunk, {
    toolResult: { value, enumerable: true },
    "~answered": { value: toolCall },
  });
}

/** The block of the call whose result a chunk reports: several calls may have the same id. @internal */
export function answeredBlock(chunk: object): unknown {
  return field(chunk, "~answered");
}
