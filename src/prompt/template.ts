/** Prompt templates: a literal with roles and placeholders becomes a function from variables to messages. */

import { TemplateError } from "../errors.ts";
import { toMedia } from "./media.ts";
import { addPart, cacheControl, text } from "./message.ts";
import type { CacheControlPart, ContentPart, Message, PromptMessage, SplicedMessage } from "./message.ts";
import type { TemplateArguments, ValidTemplate } from "./template-variables.ts";

/**
 * A prompt template: a function from its variables to messages, which remembers what it was made from.
 *
 * `Arguments` is `[]` for a template without variables, else one object: `[variables: { readonly genre: Scalar }]`.
 */
export interface PromptTemplate<Arguments extends readonly unknown[] = readonly [variables?: Record<string, unknown>]> {
  /** @throws {TemplateError} If a value is missing, or does not fit its placeholder. */
  (...variables: Arguments): readonly PromptMessage[];
  /** The template as written. */
  readonly template: string;
}

// What a format spec makes of a value; with an `s` after it, of each value of a list.
const KINDS = ["list", "text", "image", "audio", "document", "part"] as const;
const DETAILS = ["auto", "low", "high"] as const;
const ROLES = ["system", "user", "assistant", "messages"] as const;

type Kind = (typeof KINDS)[number];
type PartKind = Exclude<Kind, "list">;

interface Placeholder {
  /** As written, with its braces. */
  readonly source: string;
  readonly path: readonly string[];
  /** Absent for plain text. */
  readonly kind: Kind | undefined;
  readonly plural: boolean;
  readonly detail: (typeof DETAILS)[number] | undefined;
}

interface Section {
  readonly role: (typeof ROLES)[number];
  readonly nodes: readonly Node[];
}

type Node = string | Placeholder | CacheControlPart;

const ONE_NAME = "MESSAGES: takes one {name}, without a format spec";
const HEADING = /(?:^|\n)[ \t]*(SYSTEM|USER|ASSISTANT|MESSAGES):/;
const TOKEN = /(\{\{|\}\}|\{[^{}]*\}|[{}])/;
const CACHE_CONTROL = /^cache_control(?:\((?:type=ephemeral|(?:type=ephemeral,)?ttl=(5m|1h))\))?$/;

/**
 * A function from the variables of a template to messages. The variables and their types are read from the literal.
 *
 * The template is split into messages by `SYSTEM:`, `USER:` and `ASSISTANT:` at the start of a line; without them it is
 * one user message. `MESSAGES: {history}` splices a list of messages in. Indentation that all lines share is removed,
 * and so are messages without content. `{{` and `}}` stand for braces.
 *
 * A placeholder is `{name}` or `{name.attribute}` (own properties only), with a format spec if it is not plain text:
 * `:list` (one item a line), `:lists` (groups of lines, a blank line between), `:text`, `:texts`, `:image`, `:images`
 * (option `detail`), `:audio`, `:audios`, `:document`, `:documents`, `:part`, `:parts`, and `{:cache_control}` (options
 * `type`, `ttl`), which marks the part before it. Values are data: they never become roles or placeholders, whatever
 * they contain, and nothing is read or fetched for them.
 *
 * @param template - A literal. A bad placeholder is a compile error that names it. If only `string` is known of the
 * template, its variables are not checked before it runs.
 * @throws {TemplateError} If the template is malformed.
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
  const sections = parseSections(template);
  const render = (variables: object = {}): readonly PromptMessage[] =>
    sections.flatMap((section) => renderSection(section, variables));
  return Object.assign(render, { template });
}

/**
 * Whether a prompt function is a template, made by {@link promptTemplate}.
 *
 * @internal
 */
export function isPromptTemplate(fn: unknown): fn is PromptTemplate {
  return typeof fn === "function" && "template" in fn && typeof fn.template === "string";
}

function parseSections(template: string): readonly Section[] {
  const [preamble = "", ...rest] = template.replaceAll("\r\n", "\n").split(HEADING);
  if (rest.length === 0) return [parseSection("user", preamble)];
  if (/\S/.test(preamble)) {
    throw new TemplateError(`Text before the first role at ${firstLine(preamble.trim())}`);
  }
  const sections: Section[] = [];
  for (let i = 0; i < rest.length; i += 2) {
    const role = ROLES.find((name) => name.toUpperCase() === rest[i]) ?? "user";
    sections.push(parseSection(role, rest[i + 1] ?? ""));
  }
  return sections;
}

function parseSection(role: Section["role"], content: string): Section {
  const tokens = dedent(content).split(TOKEN);
  const nodes = tokens.map((token, i): Node => {
    // The odd ones are what TOKEN matched.
    if (i % 2 === 0) return token;
    if (token === "{{" || token === "}}") return token.charAt(0);
    if (token.length > 1) return parsePlaceholder(token, role);
    const line = firstLine(tokens.slice(i).join(""));
    throw new TemplateError(`Unbalanced brace at ${line}: write {{ or }} for a brace`);
  });
  const isWritten = (node: Node): boolean => typeof node !== "string" || /\S/.test(node);
  const first = nodes.findIndex(isWritten);
  const node = nodes[first];
  if (role === "messages" && (typeof node !== "object" || nodes.filter(isWritten).length > 1)) {
    throw new TemplateError(ONE_NAME);
  }
  if (typeof node === "object" && "type" in node) {
    throw new TemplateError("marks the part before it, and there is none", tokens[first]);
  }
  return { role, nodes };
}

// As Python's inspect.cleandoc: the first line stands for itself, the others lose the indentation that all have.
function dedent(content: string): string {
  const [first, ...rest] = content.split("\n");
  const indents = rest.filter((line) => /\S/.test(line)).map((line) => line.search(/\S/));
  const margin = Math.min(...indents);
  return [first, ...rest.map((line) => line.slice(margin))].join("\n");
}

function parsePlaceholder(source: string, role: Section["role"]): Placeholder | CacheControlPart {
  const colon = source.indexOf(":");
  const path = source.slice(1, colon < 0 ? -1 : colon);
  const spec = colon < 0 ? "" : source.slice(colon + 1, -1);
  const mark = role === "messages" ? null : CACHE_CONTROL.exec(spec);
  if (mark) return cacheControl(mark[1] === "5m" || mark[1] === "1h" ? { ttl: mark[1] } : {});
  const names = path.split(".");
  if (/[ \t\r\n"'`()[\]!,]/.test(path)) {
    const rule = 'a name has no spaces, quotes, brackets, "!" or ",": write {{ or }} for a brace';
    throw new TemplateError(rule, source);
  }
  if (role === "messages" && spec !== "") {
    throw new TemplateError(ONE_NAME, source);
  }
  const detail = DETAILS.find((known) => spec.endsWith(`(detail=${known})`));
  const name = detail === undefined ? spec : spec.slice(0, -`(detail=${detail})`.length);
  const kind = KINDS.find((known) => name === known || name === `${known}s`);
  if (spec !== "" && (kind === undefined || (detail !== undefined && kind !== "image"))) {
    throw new TemplateError(`unknown format spec "${spec}"`, source);
  }
  if (names.includes("")) throw new TemplateError("a name is empty", source);
  return { source, path: names, kind, plural: name.endsWith("s"), detail };
}

function renderSection({ role, nodes }: Section, variables: object): readonly PromptMessage[] {
  if (role !== "messages") {
    const content = renderContent(nodes, variables);
    return content.length === 0 ? [] : [{ role, content }];
  }
  return nodes.flatMap((node) => {
    if (typeof node === "string" || "type" in node) return [];
    const messages = toList(node, valueOf(node, variables));
    if (messages.every(isMessage)) return messages;
    throw new TemplateError("takes a list of messages with role and content", node.source);
  });
}

function renderContent(nodes: Section["nodes"], variables: object): Message["content"] {
  const parts: ContentPart[] = [];
  let run = "";
  // White space of the template is layout where it begins or ends a text; what is up to here is not.
  let kept = 0;
  const add = (part: ContentPart | CacheControlPart): void => {
    // Providers refuse blank text.
    if (part.type !== "text" || /\S/.test(part.text)) addPart(parts, part);
  };
  const endRun = (): void => {
    add(text(run.slice(0, kept) + run.slice(kept).trimEnd()));
    run = "";
    kept = 0;
  };
  for (const node of nodes) {
    const value = typeof node === "string" ? node : "type" in node ? [node] : toValue(node, valueOf(node, variables));
    if (typeof value !== "string") {
      endRun();
      value.forEach(add);
    } else if (typeof node === "string") {
      run += run === "" ? value.trimStart() : value;
    } else if (value !== "") {
      run += value;
      kept = run.length;
    }
  }
  endRun();
  const [only] = parts;
  // Providers take a plain string too, and it reads better in a log.
  return parts.length === 1 && only?.type === "text" && Object.keys(only).length === 2 ? only.text : parts;
}

function valueOf({ path, source }: Placeholder, variables: object): unknown {
  let value: unknown = variables;
  for (const name of path) {
    const owner: object = Object(value ?? {});
    if (!Object.hasOwn(owner, name)) throw new TemplateError(`"${name}" is missing`, source);
    value = Reflect.get(owner, name);
  }
  return value;
}

function toValue(placeholder: Placeholder, value: unknown): string | readonly (ContentPart | CacheControlPart)[] {
  const { kind, plural } = placeholder;
  const lines = (items: unknown): string =>
    toList(placeholder, items)
      .map((item) => toText(placeholder, item))
      .join("\n");
  if (kind === undefined) return toText(placeholder, value);
  if (kind === "list") return plural ? toList(placeholder, value).map(lines).join("\n\n") : lines(value);
  const items = plural ? toList(placeholder, value) : [value];
  return items.map((item) => toPart(placeholder, kind, item));
}

function toPart(placeholder: Placeholder, kind: PartKind, value: unknown): ContentPart | CacheControlPart {
  const { source, detail } = placeholder;
  if (kind === "text") return text(toText(placeholder, value));
  if (isPart(value)) {
    if (kind !== "part" && value.type !== kind) throw new TemplateError(`takes no part of type ${value.type}`, source);
    return value.type === "image" && detail !== undefined ? { detail, ...value } : value;
  }
  if (kind === "part") throw new TemplateError(`takes a part, not ${nameOf(value)}`, source);
  try {
    const media = toMedia(kind, value);
    if (kind === "image") return { type: kind, ...media, ...(detail && { detail }) };
    return kind === "audio" ? { type: kind, ...media } : { type: kind, ...media };
  } catch (error) {
    throw error instanceof Error ? new TemplateError(error.message, source) : error;
  }
}

function toText({ source }: Placeholder, value: unknown): string {
  if (["string", "number", "boolean", "bigint"].includes(typeof value)) return String(value);
  throw new TemplateError(`takes a string, number, boolean or bigint, not ${nameOf(value)}`, source);
}

function toList({ source }: Placeholder, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new TemplateError(`takes a list, not ${nameOf(value)}`, source);
}

function isPart(value: unknown): value is ContentPart | CacheControlPart {
  return hasKeys(value, "type");
}

function isMessage(value: unknown): value is SplicedMessage {
  return hasKeys(value, "role", "content");
}

function hasKeys(value: unknown, ...keys: readonly string[]): boolean {
  return typeof value === "object" && value !== null && keys.every((key) => key in value);
}

function nameOf(value: unknown): string {
  return Array.isArray(value) ? "list" : value === null ? "null" : typeof value;
}

function firstLine(content: string): string {
  return content.split("\n", 1)[0] ?? "";
}
