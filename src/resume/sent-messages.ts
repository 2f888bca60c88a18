import { commonMessages, conversationOf, messagesFor } from "../call/messages-for.ts";
import { stringField } from "../json/object.ts";
import type { CommonMessage } from "../prompt/common-message.ts";
import type { Native } from "../provider/native.ts";
import type { Provider } from "../provider/provider.ts";

/** The messages of a request, without instructions that open them. */
export interface SentMessages<N extends Native> {
  /** Of a neutral message, the items that it carries; one without items stays as it is, which its provider takes too. */
  readonly items: readonly N["item"][];
  common(): readonly CommonMessage[];
}

/** The messages that a request had which was not logged. @param author - The provider of the call, whose items they are. */
export function sentMessages<N extends Native>(
  messages: readonly N["promptMessage"][],
  author: Provider<N>,
  provider: Provider<N>,
): SentMessages<N> {
  const authored = { author, messages };
  const all: readonly N["item"][] = messagesFor(provider, authored);
  const start = all.findIndex((item) => stringField(item, "role") !== "system");
  return {
    items: start === -1 ? [] : all.slice(start),
    common: () => conversationOf(commonMessages(authored)),
  };
}
