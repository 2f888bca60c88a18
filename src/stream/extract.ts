import type { Native } from "../provider.ts";
import { user } from "../prompt/message.ts";
import type { CallPlan } from "./plan.ts";
import { ResponseModelError } from "./response-model.ts";
import type { StructuredStream } from "./structured.ts";

/**
 * The validated model of a reply that is not streamed. If the reply is not what the model asks for, the provider is
 * told what is wrong with it and asked again, `retries` times at most; not so after a refusal.
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
    const { commonFinishReasons: reasons } = stream;
    if (!(error instanceof ResponseModelError) || retries <= 0 || reasons.includes("content_filter")) throw error;
    const answer = stream.history().slice(stream.messages.length);
    // A turn that was paused goes on where it stopped, and only there.
    const next = reasons.includes("pause") ? answer : [...answer, user(complaintOf(error))];
    return extract(plan.extend(next), open, retries - 1);
  }
}

function complaintOf({ issues }: ResponseModelError): string {
  const problems = issues.map(({ path, message }) => `- ${path.map(String).join(".") || "the whole"}: ${message}`);
  return `Your reply does not fit:\n${problems.join("\n")}\nReply again, corrected and whole.`;
}
