import type { WithResponse } from "../call/call.ts";
import { mergeParams } from "../call/options.ts";
import { withChanges } from "../call/single-request.ts";
import { shortened } from "../errors.ts";
import type { Message } from "../prompt/message.ts";
import type { Native } from "../provider/native.ts";
import type { CallPlan } from "../recovery/plan.ts";
import { pathText } from "../schema/validate.ts";
import type { CallResponse } from "../stream/response.ts";
import { ResponseModelError } from "./response-model.ts";
import type { StructuredStream } from "./structured-stream.ts";

/**
 * The validated model of a reply that is not streamed, and that reply. If the reply does not fit the model, the provider is told what is
 * wrong with it and asked again, at most `retries` times; except after a refusal. All of these requests together have
 * the budget of the call.
 *
 * @throws ResponseModelError, and the errors that end streams.
 */
export async function extract<N extends Native, Model>(
  plan: CallPlan<N>,
  open: (plan: CallPlan<N>) => StructuredStream<N, Model>,
  retries = 0,
): Promise<WithResponse<Model, CallResponse<N, never>>> {
  let callParams: N["callParams"] | undefined;
  for (let left = retries; ; left--) {
    const stream = open(withChanges(plan, { callParams }));
    try {
      return { model: await stream.parse(), response: stream.constructCallResponse() };
    } catch (error) {
      const { commonFinishReasons: reasons } = stream;
      if (!(error instanceof ResponseModelError) || left <= 0 || reasons.includes("content_filter")) throw error;
      const { provider } = stream["~reply"].shown;
      const answer = stream.history().slice(stream.messages.length);
      // A turn that was paused goes on where it stopped, and only there.
      const next = reasons.includes("pause") ? answer : [...answer, complaintAbout(error)];
      callParams = mergeParams(callParams, provider.nextParams?.(stream.message, stream.callParams));
      plan = plan.extend(next, provider, stream["~reply"].allAttempts);
    }
  }
}

/** How much of what is wrong the model is told: of a long list, one mistake is often made in every element. */
const MOST_ISSUES = 20;
const LONGEST_COMPLAINT = 4_000;

function complaintAbout({ issues }: ResponseModelError): Message {
  const told = issues.slice(0, MOST_ISSUES);
  const problems = told.map((issue) => `- ${pathText(issue) || "(root)"}: ${issue.message}`);
  if (issues.length > told.length) problems.unshift(`There are ${issues.length} problems. These are the first:`);
  const list = shortened(problems.join("\n"), LONGEST_COMPLAINT);
  const content = `Your reply does not fit:\n${list}\nReply again, corrected and complete.`;
  return { role: "user", content };
}
