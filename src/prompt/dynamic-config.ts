/** What a prompt function may return, and how it becomes the messages of a request. */

import { EmptyPromptError, InvalidOptionError } from "../errors.ts";
import { field, isObject } from "../json/object.ts";
import type { MessageLike, PromptMessage } from "./message.ts";

/**
 * What a prompt function returns if it decides more than the messages. `M` is what the provider takes as a message,
 * `P` its call parameters, `C` its clients, `D` its tools.
 *
 * @example
 * ```ts
 * import { call } from "millrace/anthropic";
 * const recommend = call("claude-sonnet-5-5", { stream: true }, (genre: string, brief: boolean) => ({
 *   messages: [{ role: "user", content: `Recommend a ${genre} book` }],
 *   callParams: { max_tokens: brief ? 256 : 4096 },
 * }));
 * ```
 */
export interface DynamicConfig<M = MessageLike, P = unknown, C = unknown, D = unknown> {
  /** The messages of the prompt. */
  readonly messages: readonly (M | PromptMessage)[];
  /** Replaces the tools of the options. */
  readonly tools?: readonly D[] | undefined;
  /** Parameters of this call. They are merged into those of the options, key by key, and win. */
  readonly callParams?: P | undefined;
  /** Replaces the metadata of the options. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /** The client, only for this call. */
  readonly client?: C | undefined;
  /** Aborts this call. */
  readonly signal?: AbortSignal | undefined;
}

/** What a prompt function may return, or promise: text (one user message), a message, messages, or a dynamic config. */
export type PromptResult<M = MessageLike, P = unknown, C = unknown, D = unknown> =
  | string
  | M
  | PromptMessage
  | readonly (M | PromptMessage)[]
  | DynamicConfig<M, P, C, D>;

/**
 * The prompt function of a call. `A` are its arguments, `R` is what it returns or promises, `P` are the provider's call
 * parameters, and `Roles` are those that its messages may have.
 *
 * TypeScript itself does not look for excess keys in what a function returns. Here they turn the type into a string that
 * names them, so that a misspelt key is a compile error; so do messages in the shape of another provider. Constrain `R` by
 * the provider's {@link PromptResult}: that also keeps the literals in it from widening.
 *
 * @example
 * ```ts
 * import type { PromptFunction, PromptResult } from "millrace";
 * declare function call<const A extends readonly unknown[], R extends PromptResult>(fn: PromptFunction<A, R>): void;
 * call((genre: string) => `Recommend a ${genre} book`);
 * ```
 */
export type PromptFunction<A extends readonly unknown[], R, P = unknown, Roles extends string = string> = [
  Mistake<R, P, Roles>,
] extends [never]
  ? (...args: A) => R | PromiseLike<R>
  : Mistake<R, P, Roles>;

type Mistake<R, P, Roles extends string> = ConfigMistake<ExcessKey<R, P>> | MessageMistake<MessageOf<R>, Roles>;
type ConfigMistake<Key extends string> = `"${Key}" is no key of a dynamic config`;

type MessageOf<R> = R extends readonly (infer M)[] ? M : R extends { readonly messages: readonly (infer M)[] } ? M : R;

type MessageMistake<M, Roles extends string> = 0 extends 1 & M
  ? never
  : M extends { readonly tool_calls: unknown } & ("tool" extends Roles ? never : unknown)
    ? `"tool_calls" is not a field of a message: take calls of tools, and their results, from stream.history(outputs)`
    : M extends { readonly role: infer Role extends string }
      ? string extends Role
        ? never
        : RoleMistake<Exclude<Role, Roles>>
      : never;
type RoleMistake<Role extends string> =
  `a message cannot have the role "${Role}": take the results of tools from stream.history(outputs)`;

// The keys of R that are none of a config, and those of its callParams that are none of P. Never for what is no config.
type ExcessKey<R, P> = 0 extends 1 & R
  ? never
  : R extends { readonly messages: unknown }
    ?
        | Exclude<keyof R & string, keyof DynamicConfig>
        | (R extends { readonly callParams?: infer Q } ? ExcessParam<Q, P> : never)
    : never;

type ExcessParam<Q, P> = unknown extends P
  ? never
  : Q extends object
    ? `callParams.${Exclude<keyof Q & string, P extends unknown ? keyof P : never>}`
    : never;

/** A prompt as a request needs it: its messages, and what its function decided besides. */
export interface NormalizedPrompt<M = MessageLike, P = unknown, C = unknown, D = unknown> {
  readonly messages: readonly M[];
  /** What the function returned, if that was a dynamic config. */
  readonly config: DynamicConfig<M, P, C, D> | null;
}

const KEYS: readonly string[] = [
  "messages",
  "tools",
  "callParams",
  "metadata",
  "client",
  "signal",
] satisfies readonly (keyof DynamicConfig)[];

/**
 * What a prompt function returned, as a request needs it. Text becomes one user message; messages stay as they are.
 *
 * The shape is checked here. That messages and parameters are the provider's was checked where the call was defined:
 * the type arguments repeat it.
 *
 * @param isItem - Whether an object is a message of a provider that may lack `role` or `content`, or have none in it.
 * @throws EmptyPromptError if a message other than a system prompt is empty, or if all messages are. White space counts as empty.
 * @throws InvalidOptionError if it is neither text, nor messages, nor a dynamic config.
 * @internal
 */
export function normalizePrompt<M = MessageLike, P = unknown, C = unknown, D = unknown>(
  result: unknown,
  isItem?: IsItem,
): NormalizedPrompt<M, P, C, D>;
export function normalizePrompt(result: unknown, isItem: IsItem = () => false): NormalizedPrompt {
  const config = isDynamicConfig(result, isItem) ? result : null;
  const unknownKey = Object.keys(config ?? {}).find((key) => !KEYS.includes(key));
  if (unknownKey !== undefined) {
    throw invalid(`"${unknownKey}" is no key of a dynamic config, which has ${KEYS.join(", ")}.`);
  }
  const messages: unknown = config === null ? toList(result) : config.messages;
  if (!areMessages(messages, isItem)) {
    throw invalid("the function must return text, messages (each with role and content) or { messages }.");
  }
  // An empty system prompt is left out; any other empty message would be refused, and stay in the history.
  const isSaid = (message: Partial<MessageLike>): boolean => hasContent(message) || isItem(message);
  const empty = messages.findIndex((message) => !isSaid(message) && field(message, "role") !== "system");
  if (empty !== -1 || !messages.some(isSaid)) throw new EmptyPromptError(empty === -1 ? null : empty);
  return { messages, config };
}

type IsItem = (value: object) => boolean;

// An object that is no message, and no list of them.
function isDynamicConfig(result: unknown, isItem: IsItem): result is DynamicConfig {
  return isObject(result) && !("role" in result) && !isItem(result);
}

function toList(result: unknown): unknown {
  if (result === null || result === undefined) return [];
  if (typeof result === "string") return [{ role: "user", content: result }];
  return Array.isArray(result) ? result : [result];
}

function areMessages(value: unknown, isItem: IsItem): value is readonly MessageLike[] {
  const isMessage = (message: unknown): boolean =>
    isObject(message) && (("role" in message && "content" in message) || isItem(message));
  return Array.isArray(value) && value.every(isMessage);
}

function hasContent(message: Partial<MessageLike>): boolean {
  if (!("content" in message)) return true;
  const { content } = message;
  const parts: readonly unknown[] = Array.isArray(content) ? content : [content];
  return parts.some((part) => {
    const text: unknown = isObject(part) && "text" in part ? part.text : part;
    return typeof text === "string" ? /\S/.test(text) : isObject(text);
  });
}

function invalid(problem: string): InvalidOptionError {
  return new InvalidOptionError("prompt", problem);
}

/** A prompt template: a function from its variables to messages, which remembers what it was made from. */
export interface Template {
  /** @throws TemplateError if a value is missing, or does not fit its placeholder. */
  (variables?: object): readonly PromptMessage[];
  /** The template as written. */
  readonly template: string;
}

/**
 * Whether a prompt function is a template.
 *
 * @internal
 */
export function isPromptTemplate(fn: unknown): fn is Template {
  return typeof fn === "function" && "template" in fn && typeof fn.template === "string";
}
