import type { Native } from "../provider.ts";
import { user } from "../prompt/message.ts";
import type { CallPlan } from "./attempt.ts";
import { ResponseModelError } from "./response-model.ts";
import type { StructuredStream } from "./structured.ts";

/**
 * The validated model of a reply that is not streamed. If the reply is not what the model asks for, the provider is
 * told what is wrong with it and asked again, `retries` times at most.
 *
 * @throws ResponseModelError, and what ends the stream.
 */
export async function extract<N extends Native, Model>(
  plan: CallPlan<N>,
  open: (plan: CallPlan<N>) => StructuredStream<N, Model>,
  retries: number,
): Promise<Model> {
  const stream = open(plan);
  try {
    return await stream.parse();
  } catch (error) {
    if (!(error instanceof ResponseModelError) || retries <= 0) throw error;
    const issues = error.issues.map(
      ({ path, message }) => `- ${path.map(String).join(".") || "the whole"}: ${message}`,
    );
    const complaint = user(`Your reply does not fit:\n${issues.join("\n")}\nReply again, corrected and whole.`);
    const answer = stream.history().slice(stream.messages.length);
    return extract(plan.extend([...answer, complaint]), open, retries - 1);
  }
}
