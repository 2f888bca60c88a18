import type { Native } from "../provider/native.ts";
import { historyOf } from "../stream/history.ts";
import type { PairTypes } from "../tool/pair.ts";
import type { ToolCall } from "../tool/tool-call.ts";
import type { AgentTurn } from "./options.ts";
import { completeCalls, inputsOf } from "./turn.ts";

/** The calls of a run's last turn that have no output because a person has to agree first. */
export function waitingCalls<N extends Native, T extends PairTypes>({
  stream,
  outputs,
}: AgentTurn<N, T>): readonly ToolCall[] {
  const given = outputs.map(([call]) => call.toolCall);
  return completeCalls(stream).filter(({ toolCall }) => !given.includes(toolCall));
}

/** The conversation up to a turn, with its results. Calls that wait stay open in it. */
export function historyOfTurn<N extends Native, T extends PairTypes>(
  { stream, outputs }: AgentTurn<N, T>,
  waiting: readonly ToolCall[],
): readonly N["item"][] {
  if (waiting.length === 0) return stream.history(outputs);
  const { shown } = stream["~reply"];
  const toolInputs = inputsOf(stream).filter(({ block }) => waiting.every(({ toolCall }) => toolCall !== block));
  const { provider, toolCalls } = shown;
  const answered = {
    provider,
    toolCalls,
    decoder: { toolInputs },
    sendableItems: shown.sendableItems.bind(shown),
  };
  return historyOf<N>(answered, stream.messages, outputs);
}
