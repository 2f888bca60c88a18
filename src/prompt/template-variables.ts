/** The variables of a prompt template, read from its literal: types only. `template.ts` reads the same grammar. */

import type { MediaSource } from "./media.ts";

/** A value that a template can write as text. */
export type Scalar = string | number | boolean | bigint;

/** The types of an entry: its messages and parts, with the options of its providers, and its marks. */
export interface TemplateTypes {
  readonly message: unknown;
  readonly image: unknown;
  readonly audio: unknown;
  readonly document: unknown;
  /** A part or a mark. */
  readonly part: unknown;
  /** The format specs that stand for marks. */
  readonly markSpec: string;
}

/** What a placeholder takes, by its format spec. */
interface SpecValues<P extends TemplateTypes> {
  "": Scalar;
  list: readonly Scalar[];
  lists: readonly (readonly Scalar[])[];
  text: Scalar;
  texts: readonly Scalar[];
  image: MediaSource | P["image"];
  images: readonly (MediaSource | P["image"])[];
  audio: MediaSource | P["audio"];
  audios: readonly (MediaSource | P["audio"])[];
  document: MediaSource | P["document"];
  documents: readonly (MediaSource | P["document"])[];
  part: P["part"];
  parts: readonly P["part"][];
  /** A placeholder of a MESSAGES: section. No template can say this spec, since the brace would end it. */
  "}": readonly P["message"][];
}

// Options are matched as written, so that a misspelt one is an unknown spec.
type ImageSpec = `image${"" | "s"}(detail=${"auto" | "low" | "high"})`;
type NotInName = " " | "\t" | "\r" | "\n" | '"' | "'" | "`" | "(" | ")" | "[" | "]" | "!" | ",";

/** The variables that a template takes: `{ readonly genre: Scalar }` for `"Recommend a {genre} book"`. */
export type TemplateVariables<T extends string, P extends TemplateTypes> =
  IsOpen<T> extends true
    ? Record<string, unknown>
    : Scan<`\n${T}`, P["markSpec"]> extends infer Uses extends string
      ? { [Use in Uses as RootOf<Use>]: Taker<Use, P> } extends infer Takers
        ? { readonly [Name in keyof Takers]: Takers[Name] extends (value: infer Value) => void ? Value : never }
        : never
      : never;

/** The arguments of a template's function: its variables, or none if it has none. */
export type TemplateArguments<T extends string, P extends TemplateTypes> =
  IsOpen<T> extends true
    ? [variables?: Record<string, unknown>]
    : keyof TemplateVariables<T, P> extends never
      ? []
      : [variables: TemplateVariables<T, P>];

/** The template itself, or a string that says which placeholder is bad and why: the text of the compile error. */
export type ValidTemplate<T extends string, P extends TemplateTypes> =
  IsOpen<T> extends true ? T : Scan<`\n${T}`, P["markSpec"]> extends Fault<infer Problem> ? Problem : T;

// True for `string` and for literals with `${string}` in them, whose placeholders cannot be known.
type IsOpen<T extends string> = {} extends Record<T, 1> ? true : false;

// A placeholder that takes no variable; also what a scan begins with, since `never` cannot be inferred.
type NoVariable = ":";

interface Fault<Problem extends string> {
  readonly fault: Problem;
}

// One step for each opening brace. Gives the placeholders as a union, without their braces, or the first fault.
// It begins with a line break, so that a heading at the very start is one at the start of a line.
type Scan<
  T extends string,
  MarkSpec extends string,
  Uses extends string = NoVariable,
> = T extends `${infer Before}{${infer Rest}`
  ? StrayBrace<Before> extends infer Stray extends string
    ? Fault<Unbalanced<`${Stray}{${Rest}`>>
    : Rest extends `{${infer After}`
      ? Scan<After, MarkSpec, Uses>
      : Rest extends `${infer P}}${infer After}`
        ? Check<P, Rest, IsMessages<Before>, MarkSpec> extends infer Use extends string
          ? Scan<After, MarkSpec, Uses | Use>
          : Check<P, Rest, IsMessages<Before>, MarkSpec>
        : Fault<Unbalanced<`{${Rest}`>>
  : StrayBrace<T> extends infer Stray extends string
    ? Fault<Unbalanced<Stray>>
    : Uses;

// Plain text from the first closing brace on that is not doubled, or false.
type StrayBrace<T extends string> = T extends `${string}}${infer Rest}`
  ? Rest extends `}${infer After}`
    ? StrayBrace<After>
    : `}${Rest}`
  : false;

type Unbalanced<T extends string> = `Unbalanced brace at ${FirstLine<T>}: write {{ or }} for a brace`;
type FirstLine<T extends string> = T extends `${infer Line}\n${string}` ? Line : T;

// Whether the text before a placeholder ends in `MESSAGES:` at the start of a line.
type IsMessages<Before extends string> =
  TrimEnd<Before> extends `${infer Head}MESSAGES:` ? (TrimIndent<Head> extends `${string}\n` ? true : false) : false;
type TrimEnd<T extends string> = T extends `${infer Head}${" " | "\n" | "\t" | "\r"}` ? TrimEnd<Head> : T;
type TrimIndent<T extends string> = T extends `${infer Head}${" " | "\t"}` ? TrimIndent<Head> : T;

// A placeholder without its braces, or its fault.
type Check<
  P extends string,
  Rest extends string,
  InMessages extends boolean,
  MarkSpec extends string,
> = P extends `${string}{${string}`
  ? Fault<Unbalanced<`{${Rest}`>>
  : P extends `${infer Path}:${infer Spec}`
    ? CheckSpec<P, Path, Spec, InMessages, MarkSpec>
    : CheckSpec<P, P, "", InMessages, MarkSpec>;

type CheckSpec<
  P extends string,
  Path extends string,
  Spec extends string,
  InMessages extends boolean,
  MarkSpec extends string,
> = [Spec, InMessages] extends [MarkSpec, false]
  ? NoVariable
  : Path extends `${string}${NotInName}${string}`
    ? Fault<`{${P}}: a name has no spaces, quotes, brackets, "!" or ",": write {{ or }} for a brace`>
    : [InMessages, Spec] extends [true, ""] | [false, Exclude<keyof SpecValues<TemplateTypes>, "}"> | ImageSpec]
      ? `.${Path}.` extends `${string}..${string}`
        ? Fault<`{${P}}: a name is empty`>
        : InMessages extends true
          ? `${Path}:}`
          : P
      : InMessages extends true
        ? Fault<`{${P}}: MESSAGES: takes one {name}, without a format spec`>
        : Fault<`{${P}}: unknown format spec "${Spec}"`>;

type RootOf<Use extends string> =
  PathOf<Use> extends `${infer Root}.${string}` ? Root : PathOf<Use> extends "" ? never : PathOf<Use>;
type PathOf<Use extends string> = Use extends `${infer Path}:${string}` ? Path : Use;

// One function for each use. Inferring from several intersects what they take: a variable must fit all its uses.
type Taker<Use extends string, P extends TemplateTypes> = Use extends unknown
  ? (value: ValueOf<Use, P>) => void
  : never;
type ValueOf<Use extends string, P extends TemplateTypes> = Use extends `${infer Path}:${infer Spec}`
  ? Within<Path, SpecValue<Spec, P>>
  : Within<Use, Scalar>;
type SpecValue<Spec extends string, P extends TemplateTypes> = Spec extends keyof SpecValues<P>
  ? SpecValues<P>[Spec]
  : Spec extends `${infer Name extends "image" | "images"}(${string}`
    ? SpecValues<P>[Name]
    : never;
type Within<Path extends string, Value> = Path extends `${string}.${infer Rest}` ? Nest<Rest, Value> : Value;
type Nest<Path extends string, Value> = Path extends `${infer Name}.${infer Rest}`
  ? { readonly [K in Name]: Nest<Rest, Value> }
  : { readonly [K in Path]: Value };
