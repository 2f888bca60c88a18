import { anthropicSubject } from "./anthropic-subject.ts";
import { openAIChatSubject } from "./openai-chat-subject.ts";
import { openAIBackgroundSubject, openAISubject } from "./openai-subject.ts";
import { folioSubject } from "./second/subject.ts";
import type { Subject } from "./subject.ts";

/** The providers that the contract suites run for. */
export const subjects: readonly Subject[] = [
  // A suite knows of no provider's types; each subject has been checked against its own.
  anthropicSubject as unknown as Subject,
  openAIChatSubject as unknown as Subject,
  openAISubject as unknown as Subject,
  folioSubject as unknown as Subject,
];

/** The same, and replies that go on without their connection. */
export const recoverable: readonly Subject[] = [...subjects, openAIBackgroundSubject as unknown as Subject];
