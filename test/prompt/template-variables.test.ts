import { describe, expect, expectTypeOf, test } from "vitest";
import type { MediaSource } from "../../src/prompt/media.ts";
import type {
  AudioPart,
  CacheControlPart,
  ContentPart,
  DocumentPart,
  ImagePart,
  MessageLike,
  PromptMessage,
} from "../../src/index.ts";
import { promptTemplate } from "../../src/index.ts";
import type { PromptTemplate } from "../../src/index.ts";
import type { Scalar, TemplateVariables, ValidTemplate } from "../../src/index.ts";

describe("the variables of a template", () => {
  test("are read from the literal", () => {
    const prompt = promptTemplate(`
      SYSTEM: You are a {{librarian}}.
      MESSAGES: {history}
      USER: Recommend a {genre} book`);
    expectTypeOf(prompt).parameters.toEqualTypeOf<
      [variables: { readonly history: readonly MessageLike[]; readonly genre: Scalar }]
    >();
    expectTypeOf(prompt).returns.toEqualTypeOf<readonly PromptMessage[]>();
    expectTypeOf(prompt.template).toEqualTypeOf<string>();
  });

  test("have the types of their format specs", () => {
    type Variables = TemplateVariables<`
      {a} {b:list} {c:lists} {d:text} {e:texts} {f:image} {g:images(detail=low)} {h:audio} {i:audios}
      {j:document} {k:documents} {l:part} {m:parts} {n:cache_control} {:cache_control(type=ephemeral,ttl=1h)} {o:}`>;
    expectTypeOf<Variables>().toEqualTypeOf<{
      readonly a: Scalar;
      readonly b: readonly Scalar[];
      readonly c: readonly (readonly Scalar[])[];
      readonly d: Scalar;
      readonly e: readonly Scalar[];
      readonly f: MediaSource | ImagePart;
      readonly g: readonly (MediaSource | ImagePart)[];
      readonly h: MediaSource | AudioPart;
      readonly i: readonly (MediaSource | AudioPart)[];
      readonly j: MediaSource | DocumentPart;
      readonly k: readonly (MediaSource | DocumentPart)[];
      readonly l: ContentPart | CacheControlPart;
      readonly m: readonly (ContentPart | CacheControlPart)[];
      readonly o: Scalar;
    }>();
  });

  test("may have attributes", () => {
    expectTypeOf<TemplateVariables<"{book.title} by {book.author.name}">>().branded.toEqualTypeOf<{
      readonly book: { readonly title: Scalar; readonly author: { readonly name: Scalar } };
    }>();
  });

  test("must fit all the places where they stand", () => {
    expectTypeOf<TemplateVariables<"{a} {a} {a:text}">>().toEqualTypeOf<{ readonly a: Scalar }>();
    expectTypeOf<TemplateVariables<"{a:image} {a:document}">>().toEqualTypeOf<{
      readonly a: (MediaSource | ImagePart) & (MediaSource | DocumentPart);
    }>();
    expectTypeOf<TemplateVariables<"{a} {a:list}">["a"]>().toEqualTypeOf<Scalar & readonly Scalar[]>();
  });

  test("are messages only below MESSAGES: at the start of a line", () => {
    type History = { readonly history: readonly MessageLike[] };
    expectTypeOf<TemplateVariables<"MESSAGES:{history}">>().toEqualTypeOf<History>();
    expectTypeOf<TemplateVariables<"\n\t MESSAGES:\n\n  {history}">>().toEqualTypeOf<History>();
    expectTypeOf<TemplateVariables<"my MESSAGES: {history}">>().toEqualTypeOf<{ readonly history: Scalar }>();
    expectTypeOf<TemplateVariables<"{x}MESSAGES: {history}">["history"]>().toEqualTypeOf<Scalar>();
    expectTypeOf<TemplateVariables<"{{MESSAGES: {history}}}">["history"]>().toEqualTypeOf<Scalar>();
    expectTypeOf<TemplateVariables<"MESSAGES\n: {history}">["history"]>().toEqualTypeOf<Scalar>();
  });

  test("are none if there are none", () => {
    const prompt = promptTemplate("Recommend a {{fantasy}} book{:cache_control}");
    expectTypeOf(prompt).parameters.toEqualTypeOf<[]>();
    // @ts-expect-error It takes no argument.
    expect(prompt({})).toHaveLength(1);
  });

  test("are unknown if the literal is", () => {
    const prompt = promptTemplate("Recommend a {genre} book" as string);
    expectTypeOf(prompt).parameters.toEqualTypeOf<[variables?: Record<string, unknown>]>();
    expect(prompt({ genre: "fantasy" })).toHaveLength(1);
    const rules: string = "Be brief.";
    expectTypeOf(promptTemplate(`${rules} {genre}`)).toEqualTypeOf(prompt);
  });

  test("may be named", () => {
    const prompt: PromptTemplate<[variables: { readonly genre: string }]> = promptTemplate("A {genre} book");
    expect(prompt({ genre: "fantasy" })).toHaveLength(1);
  });
});

test("a value that is missing, misspelt or of the wrong type is a compile error", () => {
  const prompt = promptTemplate("Recommend a {genre} book like {books:list}");
  const attempts = [
    // @ts-expect-error Missing variables.
    () => prompt(),
    // @ts-expect-error A missing variable.
    () => prompt({ genre: "fantasy" }),
    // @ts-expect-error A misspelt variable.
    () => prompt({ gerne: "fantasy", books: [] }),
    // @ts-expect-error An object in a plain placeholder.
    () => prompt({ genre: { name: "fantasy" }, books: [] }),
    // @ts-expect-error A list in a plain placeholder.
    () => prompt({ genre: ["fantasy"], books: [] }),
    // @ts-expect-error A date in a plain placeholder.
    () => prompt({ genre: new Date(), books: [] }),
    // @ts-expect-error Null is no text.
    () => prompt({ genre: null, books: [] }),
    // @ts-expect-error Undefined is no text.
    () => prompt({ genre: undefined, books: [] }),
    // @ts-expect-error A scalar where a list belongs.
    () => prompt({ genre: "fantasy", books: "Mistborn" }),
    // @ts-expect-error A missing attribute.
    () => promptTemplate("{book.title}")({ book: { name: "Mistborn" } }),
    // @ts-expect-error Messages are a list.
    () => promptTemplate("MESSAGES: {history}")({ history: "Hi" }),
    // @ts-expect-error A number is no image.
    () => promptTemplate("{cover:image}")({ cover: 1 }),
    // @ts-expect-error A document is no image.
    () => promptTemplate("{cover:image}")({ cover: { type: "document", url: "https://example.com/a.pdf" } }),
  ];
  for (const attempt of attempts) expect(attempt).toThrow();
  // @ts-expect-error One variable too many. It does no harm where it runs.
  expect(prompt({ genre: "fantasy", books: [], author: "" })).toHaveLength(1);
});

test("a bad placeholder is a compile error that names it", () => {
  expectTypeOf<ValidTemplate<"a {x:lst} b">>().toEqualTypeOf<'{x:lst}: unknown format spec "lst"'>();
  expectTypeOf<ValidTemplate<"a {} b">>().toEqualTypeOf<"{}: a name is empty">();
  expectTypeOf<ValidTemplate<"a {b\nc">>().toEqualTypeOf<"Unbalanced brace at {b: write {{ or }} for a brace">();
  const attempts = [
    // @ts-expect-error An unknown format spec.
    () => promptTemplate("{x:lst}"),
    // @ts-expect-error An unknown option.
    () => promptTemplate("{x:image(detail=lo)}"),
    // @ts-expect-error No name.
    () => promptTemplate("{}"),
    // @ts-expect-error A brace that is not closed.
    () => promptTemplate("a { b"),
    // @ts-expect-error A brace that was not opened.
    () => promptTemplate("a } b"),
    // @ts-expect-error JSON whose braces are not doubled.
    () => promptTemplate('{"genre": "fantasy"}'),
    // @ts-expect-error MESSAGES: says already what its variable is.
    () => promptTemplate("MESSAGES: {history:list}"),
  ];
  for (const attempt of attempts) expect(attempt).toThrow();
});
