import { base64 } from "../prompt/base64.ts";
import { type CommonMessage, isCommonMessage } from "../prompt/common-message.ts";
import type { Native } from "../provider/native.ts";
import type { Provider } from "../provider/provider.ts";

/** Messages, and the provider whose items are among them. */
export interface Authored<N extends Native> {
  readonly author: Provider<N>;
  readonly messages: readonly N["promptMessage"][];
}

/** The messages as a provider takes them: items of its own as they are, and those of another one in words of neither. */
export function messagesFor<N extends Native>(
  provider: Provider<N>,
  { author, messages }: Authored<N>,
): readonly N["promptMessage"][] {
  const isOwn = provider === author;
  if (isOwn && !messages.some((message) => isCommonMessage(message as object))) return messages;
  return (isOwn ? messages : commonMessages({ author, messages })).flatMap((message) => {
    if (!isCommonMessage(message as object)) return [message];
    const { role, content, native } = message as CommonMessage;
    if (native?.provider === provider.name) return native.items as readonly N["item"][];
    if (typeof content === "string") return native === undefined ? [message] : [{ role, content }];
    // Of the parts that only one provider knows, it has its own.
    const parts = content.filter((part) => part.type !== "native" || part.provider === provider.name);
    if (native === undefined && parts.length === content.length) return [message];
    return parts.length === 0 ? [] : [{ role, content: parts }];
  });
}

/** The messages as data that belongs to no provider. Those that are that already stay as they are. */
export function commonMessages<N extends Native>({ author, messages }: Authored<N>): readonly CommonMessage[] {
  const common: CommonMessage[] = [];
  let items: N["item"][] = [];
  const settle = (): void => {
    // The items of one turn become one message.
    if (items.length > 0) common.push(...author.common(items));
    items = [];
  };
  for (const message of messages) {
    if (isCommonMessage(message as object)) {
      settle();
      common.push(storable(message as CommonMessage));
    } else {
      items.push(message);
    }
  }
  settle();
  return common;
}

/** The same message as JSON can hold it: bytes become base64. */
function storable(message: CommonMessage): CommonMessage {
  const { content } = message;
  if (typeof content === "string") return message;
  const parts = content.map((part) =>
    "data" in part && typeof part.data !== "string" ? { ...part, data: base64(part.data) } : part,
  );
  return { ...message, content: parts };
}

/** The messages without the instructions that open them. */
export function conversationOf(messages: readonly CommonMessage[]): readonly CommonMessage[] {
  const start = messages.findIndex(({ role }) => role !== "system");
  return start === -1 ? [] : messages.slice(start);
}
