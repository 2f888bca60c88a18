import { type CommonMessage, isCommonMessage } from "../prompt/common-message.ts";
import type { Native } from "../provider/native.ts";
import type { Provider } from "../provider/provider.ts";

/**
 * The messages as a provider takes them: items of its own as they are, and those of another one as data that belongs to
 * none.
 *
 * @param author - The provider whose items are among the messages.
 */
export function messagesFor<N extends Native>(
  provider: Provider<N>,
  author: Provider<N>,
  messages: readonly N["promptMessage"][],
): readonly N["promptMessage"][] {
  if (provider === author && !messages.some((message) => ownItems(message) !== null)) return messages;
  const taken: N["promptMessage"][] = [];
  let foreign: N["item"][] = [];
  const settle = (): void => {
    for (const message of author.common(foreign)) taken.push(withoutItems(message));
    foreign = [];
  };
  for (const message of messages) {
    const own = ownItems(message);
    const isNeutral = own !== null || isCommonMessage(message as object);
    if (provider !== author && !isNeutral) {
      foreign.push(message);
      continue;
    }
    settle();
    if (own === null) taken.push(message);
    else if (own.provider === provider.name) taken.push(...(own.items as readonly N["item"][]));
    else taken.push(withoutItems(message as CommonMessage));
  }
  settle();
  return taken;
}

/** The items beside a message. */
function ownItems(message: unknown): NonNullable<CommonMessage["native"]> | null {
  return (message as Partial<CommonMessage>).native ?? null;
}

function withoutItems({ role, content }: CommonMessage): CommonMessage {
  return { role, content };
}
