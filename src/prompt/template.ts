/** Prompt templates: a literal with roles and placeholders becomes a function from variables to messages. */

import { TemplateError } from "../errors.ts";
import { toMedia } from "./media.ts";
import type { Template } from "./dynamic-config.ts";
import { addPart, type Mark, type Marks } from "./mark.ts";
import type { ContentPart, Message, PromptMessage, SplicedMessage, TextPart } from "./message.ts";

const ROLES = ["system", "user", "assistant", "messages"] as const;
// What a format spec makes of a value; with an `s` after it, of each value of a list.
const KINDS = ["list", "text", "image", "audio", "document", "part"] as const;
const DETAILS = ["auto", "low", "high"] as const;

type PartKind = Exclude<(typeof KINDS)[number], "list">;

/** A template is parsed once, where it is defined; values never are. */
interface Section {
  readonly role: (typeof ROLES)[number];
  readonly nodes: readonly (string | Placeholder)[];
}

interface Placeholder {
  /** As written, with its braces. */
  readonly source: string;
  readonly path: readonly string[];
  /** Absent for plain text. */
  readonly kind?: (typeof KINDS)[number] | undefined;
  readonly plural?: boolean;
  readonly detail?: (typeof DETAILS)[number] | undefined;
  /** What the placeholder stands for, if it takes no variable. */
  readonly mark?: Mark;
}

const HEADING = /(?:^|\n)[ \t]*(SYSTEM|USER|ASSISTANT|MESSAGES):/;
const TOKEN = /(\{\{|\}\}|\{[^{}]*\}|[{}])/;
const ONE_NAME = "MESSAGES: takes one {name}, without a format spec";

/**
 * Makes a function of a template. What it takes is in `template-variables.ts`, which reads the same grammar.
 *
 * @param marks - Those that a format spec may stand for.
 * @throws TemplateError if the template is malformed.
 */
export function parseTemplate(template: string, marks: Marks): Template {
  const sections = parseSections(template, marks);
  const render = (variables: object = {}): readonly PromptMessage[] =>
    sections.flatMap((section) => renderSection(section, variables, marks));
  return Object.assign(render, { template });
}

function parseSections(template: string, marks: Marks): readonly Section[] {
  const [preamble = "", ...rest] = template.replaceAll("\r\n", "\n").split(HEADING);
  if (rest.length === 0) return [parseSection("user", preamble, marks)];
  if (!isBlank(preamble)) throw new TemplateError(`Text before the first role at ${firstLine(preamble.trim())}`);
  const sections: Section[] = [];
  for (let i = 0; i < rest.length; i += 2) {
    const role = ROLES.find((name) => name.toUpperCase() === rest[i]) ?? "user";
    sections.push(parseSection(role, rest[i + 1] ?? "", marks));
  }
  return sections;
}

function parseSection(role: Section["role"], content: string, marks: Marks): Section {
  // Text and what TOKEN matched, in turn.
  const tokens = dedent(content).split(TOKEN);
  const start = tokens.findIndex((token) => !isBlank(token));
  const nodes = tokens.map((token, i) => {
    if (i % 2 === 0) return token;
    if (token === "{{" || token === "}}") return token.charAt(0);
    if (token.length > 1) return parsePlaceholder(token, role, i === start, marks);
    throw new TemplateError(`Unbalanced brace at ${firstLine(tokens.slice(i).join(""))}: write {{ or }} for a brace`);
  });
  if (role === "messages" && (nodes.length !== 3 || !isBlank(`${tokens[0]}${tokens[2]}`))) {
    throw new TemplateError(ONE_NAME);
  }
  return { role, nodes };
}

// As Python's inspect.cleandoc: the first line stands for itself, the others lose the indentation that all have.
function dedent(content: string): string {
  const [first, ...rest] = content.split("\n");
  const margin = rest.reduce((least, line) => (isBlank(line) ? least : Math.min(least, line.search(/\S/))), Infinity);
  return [first, ...rest.map((line) => line.slice(margin))].join("\n");
}

function parsePlaceholder(source: string, role: Section["role"], isFirst: boolean, marks: Marks): Placeholder {
  const [, names = "", spec = ""] = /^\{([^:]*):?([^]*)\}$/.exec(source) ?? [];
  const path = names.split(".");
  const mark = role === "messages" ? null : marks.parse(spec);
  if (mark !== null) {
    if (isFirst) throw new TemplateError("marks the part before it, and there is none", source);
    return { source, path, mark };
  }
  if (/[ \t\r\n"'`()[\]!,]/.test(names)) {
    const rule = 'a name has no spaces, quotes, brackets, "!" or ",": write {{ or }} for a brace';
    throw new TemplateError(rule, source);
  }
  if (spec !== "" && role === "messages") throw new TemplateError(ONE_NAME, source);
  const detail = DETAILS.find((known) => spec.endsWith(`(detail=${known})`));
  const name = detail === undefined ? spec : spec.slice(0, -`(detail=${detail})`.length);
  const kind = KINDS.find((known) => name === known || name === `${known}s`);
  if (spec !== "" && (kind === undefined || (detail !== undefined && kind !== "image"))) {
    throw new TemplateError(`unknown format spec "${spec}"`, source);
  }
  if (path.includes("")) throw new TemplateError("a name is empty", source);
  return { source, path, kind, plural: kind !== name, detail };
}

function renderSection({ role, nodes }: Section, variables: object, marks: Marks): readonly PromptMessage[] {
  if (role !== "messages") {
    const content = renderContent(nodes, variables, marks);
    return content.length === 0 ? [] : [{ role, content }];
  }
  return nodes.flatMap((node) => {
    if (typeof node === "string") return [];
    const messages = toList(node, valueOf(node, variables));
    if (messages.every(isMessage)) return messages;
    throw new TemplateError("takes a list of messages with role and content", node.source);
  });
}

function renderContent(nodes: Section["nodes"], variables: object, marks: Marks): Message["content"] {
  const parts: ContentPart[] = [];
  let run = "";
  // White space of the template is layout where it begins or ends a text; what is up to here is not.
  let kept = 0;
  const add = (part: ContentPart | Mark): void => {
    // Providers refuse blank text.
    if (!isText(part) || !isBlank(part.text)) addPart(parts, part, marks);
  };
  const endRun = (): void => {
    add({ type: "text", text: run.slice(0, kept) + run.slice(kept).trimEnd() });
    run = "";
    kept = 0;
  };
  for (const node of nodes) {
    const value = typeof node === "string" ? node : toValue(node, variables);
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

function toValue(placeholder: Placeholder, variables: object): string | readonly (ContentPart | Mark)[] {
  const { kind, plural, mark } = placeholder;
  if (mark !== undefined) return [mark];
  const value = valueOf(placeholder, variables);
  if (kind === undefined) return toText(placeholder, value);
  if (kind !== "list") {
    return (plural ? toList(placeholder, value) : [value]).map((item) => toPart(placeholder, kind, item));
  }
  const lines = (items: unknown): string =>
    toList(placeholder, items)
      .map((item) => toText(placeholder, item))
      .join("\n");
  return plural ? toList(placeholder, value).map(lines).join("\n\n") : lines(value);
}

function valueOf({ path, source }: Placeholder, variables: object): unknown {
  let value: unknown = variables;
  for (const name of path) {
    const owner: object = Object(value ?? {});
    if (!isField(owner, name)) throw new TemplateError(`"${name}" is missing`, source);
    value = Reflect.get(owner, name);
  }
  return value;
}

/** Whether a name is an object's own property, or a getter of its class: not a method, nor what all objects inherit. */
function isField(owner: object, name: string): boolean {
  if (Object.hasOwn(owner, name)) return true;
  for (let at = parentOf(owner); at !== null && parentOf(at) !== null; at = parentOf(at)) {
    if (Object.hasOwn(at, name)) return Object.getOwnPropertyDescriptor(at, name)?.get !== undefined;
  }
  return false;
}

function parentOf(object: object): object | null {
  const parent: unknown = Object.getPrototypeOf(object);
  return typeof parent === "object" ? parent : null;
}

function toPart(placeholder: Placeholder, kind: PartKind, value: unknown): ContentPart | Mark {
  const { source, detail } = placeholder;
  if (kind === "text") return { type: kind, text: toText(placeholder, value) };
  if (isPart(value) && (kind === "part" || kind === value.type)) {
    const detailed = { detail, ...value };
    return value.type === "image" && detail !== undefined ? detailed : value;
  }
  if (kind === "part") throw new TemplateError(`takes a part, not ${nameOf(value)}`, source);
  try {
    const media = toMedia(kind, value);
    if (kind === "image") return { type: kind, ...media, ...(detail && { detail }) };
    // The same twice, since the compiler takes one literal at a time.
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

function isText(part: ContentPart | Mark): part is TextPart {
  return part.type === "text";
}

function isPart(value: unknown): value is ContentPart | Mark {
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

function isBlank(content: string): boolean {
  return !/\S/.test(content);
}
