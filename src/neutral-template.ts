/** Prompt templates, with the parts and marks of all providers. */

import type {
  TemplateArguments as ArgumentsOf,
  TemplateVariables as VariablesOf,
  ValidTemplate as Valid,
} from "./prompt/template-variables.ts";
import { parseTemplate } from "./prompt/template.ts";
import {
  type AudioPart,
  type CacheControlPart,
  type ContentPart,
  type DocumentPart,
  type ImagePart,
  MARKS,
  type MessageLike,
  type PromptMessage,
} from "./neutral-message.ts";

// Options are matched as written, so that a misspelt one is an unknown spec.
type Ttl = `ttl=${"5m" | "1h"}`;

/** What placeholders take. */
export interface NeutralTypes {
  readonly message: MessageLike;
  readonly image: ImagePart;
  readonly audio: AudioPart;
  readonly document: DocumentPart;
  readonly part: ContentPart | CacheControlPart;
  readonly markSpec: "cache_control" | `cache_control(${"type=ephemeral" | Ttl | `type=ephemeral,${Ttl}`})`;
}

/**
 * The variables that a template takes: `{ readonly genre: Scalar }` for `"Recommend a {genre} book"`.
 *
 * @example
 * ```ts
 * import type { TemplateVariables } from "millrace";
 * const variables: TemplateVariables<"Recommend a {genre} book"> = { genre: "fantasy" };
 * ```
 */
export type TemplateVariables<T extends string> = VariablesOf<T, NeutralTypes>;

/** The arguments of a template's function: its variables, or none if it has none. */
export type TemplateArguments<T extends string> = ArgumentsOf<T, NeutralTypes>;

/** The template itself, or a string that says which placeholder is bad and why: the text of the compile error. */
export type ValidTemplate<T extends string> = Valid<T, NeutralTypes>;

/**
 * A prompt template: a function from its variables to messages, which remembers what it was made from.
 *
 * `Arguments` is `[]` for a template without variables, else one object: `[variables: { readonly genre: Scalar }]`.
 */
export interface PromptTemplate<Arguments extends readonly unknown[] = readonly [variables?: Record<string, unknown>]> {
  /**
   * Makes the messages.
   *
   * @param variables - An object with a value for each placeholder; nothing for a template without any.
   * @throws TemplateError if a value is missing, or does not fit its placeholder.
   */
  (...variables: Arguments): readonly PromptMessage[];
  /** The template as written. */
  readonly template: string;
}

/**
 * A function from the variables of a template to messages. The variables and their types are read from the literal.
 *
 * The template is split into messages by `SYSTEM:`, `USER:` and `ASSISTANT:` at the start of a line; without them it is
 * one user message. `MESSAGES: {history}` splices a list of messages in. Indentation that all lines share is removed,
 * and so are messages without content. `{{` and `}}` stand for braces.
 *
 * A placeholder is `{name}` or `{name.attribute}` (own properties and the getters of classes), with a format spec if it is not plain text:
 * `:list` (one item a line), `:lists` (groups of lines, a blank line between), `:text`, `:texts`, `:image`, `:images`
 * (option `detail`), `:audio`, `:audios`, `:document`, `:documents`, `:part`, `:parts`, and `{:cache_control}` (options
 * `type`, `ttl`), which marks the part before it. Values are data: they never become roles or placeholders, whatever
 * they contain, and nothing is read or fetched for them.
 *
 * @param template - A literal. A bad placeholder is a compile error that names it. If only `string` is known of the
 * template, its variables are not checked before it runs.
 * @throws TemplateError if the template is malformed.
 * @example
 * ```ts
 * import { promptTemplate } from "millrace";
 *
 * const prompt = promptTemplate(`
 *   SYSTEM: You are a librarian.
 *   USER: Recommend {count} {genre} books`);
 * const messages = prompt({ count: 3, genre: "fantasy" });
 * ```
 */
export function promptTemplate<const T extends string>(
  template: ValidTemplate<T>,
): PromptTemplate<TemplateArguments<T>>;
export function promptTemplate(template: string): PromptTemplate {
  return parseTemplate(template, MARKS);
}
