import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { TemplateError } from "../../src/errors.ts";
import { assistant, cacheControl, document, image, system, text, user } from "../../src/index.ts";
import { promptTemplate } from "../../src/index.ts";
import { isPromptTemplate } from "../../src/prompt/dynamic-config.ts";

const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const pdf = new TextEncoder().encode("%PDF-1.7");
const mp3 = new TextEncoder().encode("ID3");

describe("roles", () => {
  test("without roles a template is one user message", () => {
    expect(promptTemplate("Recommend a {genre} book")({ genre: "fantasy" })).toEqual([
      user("Recommend a fantasy book"),
    ]);
  });

  test("SYSTEM:, USER: and ASSISTANT: begin messages, MESSAGES: splices them in", () => {
    const prompt = promptTemplate(`
      SYSTEM: You are a librarian.
      MESSAGES: {history}
      USER: Recommend a {genre} book
      ASSISTANT: I recommend`);
    const history = [user("Hi"), { role: "assistant", content: [{ type: "text", text: "Hello", citations: null }] }];
    const messages = prompt({ genre: "fantasy", history });
    expect(messages).toEqual([
      system("You are a librarian."),
      ...history,
      user("Recommend a fantasy book"),
      assistant("I recommend"),
    ]);
    expect(messages[2]).toBe(history[1]);
  });

  test("MESSAGES: takes its placeholder from the next line, may stand anywhere, and may be empty", () => {
    const prompt = promptTemplate(`
      MESSAGES:
        {chat.before}
      USER: And now?
      MESSAGES:{chat.after}`);
    const chat = { before: [], after: [assistant("Now!")] };
    expect(prompt({ chat })).toEqual([user("And now?"), assistant("Now!")]);
  });

  test("roles may repeat", () => {
    expect(promptTemplate("USER: a\nASSISTANT: b\nUSER: c\nSYSTEM: d")()).toEqual([
      user("a"),
      assistant("b"),
      user("c"),
      system("d"),
    ]);
  });

  test("are written in capitals, at the start of a line", () => {
    expect(promptTemplate("user: a\nUser: b\n  c USER: d")()).toEqual([user("user: a\nUser: b\n  c USER: d")]);
  });

  test("messages without content are dropped", () => {
    const prompt = promptTemplate("SYSTEM:\nUSER: {question}\nASSISTANT: {answer}\nUSER: {images:images}");
    expect(prompt({ question: "Why?", answer: " \n", images: [] })).toEqual([user("Why?")]);
    expect(prompt({ question: "", answer: "", images: [] })).toEqual([]);
  });
});

describe("white space", () => {
  test("that all lines share is removed, in each message on its own", () => {
    const prompt = promptTemplate(`
      SYSTEM:
        You are a librarian.

          Be brief.
      USER:
      if a:
        b
    `);
    expect(prompt()).toEqual([system("You are a librarian.\n\n  Be brief."), user("if a:\n  b")]);
  });

  test("of the first line does not count", () => {
    expect(promptTemplate("SYSTEM: One\n    two\n      three")()).toEqual([system("One\ntwo\n  three")]);
    expect(promptTemplate("Recommend\n    a book")()).toEqual([user("Recommend\na book")]);
  });

  test("of a value is left as it is", () => {
    const code = "    if a:\n\tb\r\n";
    expect(promptTemplate("USER:\n  {code}\n")({ code })).toEqual([user(code)]);
    expect(promptTemplate("USER:\n  Fix this:\n  {code}")({ code })).toEqual([user(`Fix this:\n${code}`)]);
    expect(promptTemplate("{code:text}")({ code })).toEqual([user(code)]);
  });

  test("around empty values is removed with them", () => {
    const prompt = promptTemplate("{context}\n\nQuestion: {question}\n\n{hint}\n");
    expect(prompt({ context: "", question: "Why?", hint: "" })).toEqual([user("Question: Why?")]);
  });

  test("line breaks of the template are LF, those of values stay", () => {
    const template: string = "SYSTEM: a\r\n  b\r\nUSER: {x}\r\n";
    expect(promptTemplate(template)({ x: "c\r\nd" })).toEqual([system("a\nb"), user("c\r\nd")]);
  });
});

describe("placeholders", () => {
  test("write scalars", () => {
    const prompt = promptTemplate("{a} {b} {c} {d}");
    expect(prompt({ a: "x", b: 1.5, c: false, d: 10n })).toEqual([user("x 1.5 false 10")]);
  });

  test("may repeat", () => {
    expect(promptTemplate("{a}{a} {a}")({ a: "x" })).toEqual([user("xx x")]);
  });

  test("read attributes, which must be fields or getters of the value", () => {
    const prompt = promptTemplate("{book.title} by {book.author.name}, {book.tags.0}");
    const book = { title: "Mistborn", author: { name: "Sanderson" }, tags: { 0: "fantasy" } };
    expect(prompt({ book })).toEqual([user("Mistborn by Sanderson, fantasy")]);
    class Work {
      readonly #title = "Elantris";
      get title(): string {
        return this.#title;
      }
      set pages(_: number) {}
      print(): string {
        return "";
      }
    }
    class Novel extends Work {}
    const title = promptTemplate("{book.title}");
    for (const work of [new Work(), new Novel()]) expect(title({ book: work })).toEqual([user("Elantris")]);
    for (const name of ["print", "pages", "constructor", "__proto__", "toString"]) {
      const read = promptTemplate(`{book.${name}}` as string);
      expect(() => read({ book: new Novel() })).toThrow(`{book.${name}}: "${name}" is missing`);
    }
    const foreign: object = runInNewContext("({ title: 1 })");
    expect(() => promptTemplate("{book.__proto__}" as string)({ book: foreign })).toThrow("is missing");
    expect(() => title({ book: Object.create({ title: "secret" }) })).toThrow(TemplateError);
    for (const template of ["{constructor}", "{__proto__}", "{toString}", "{book.constructor.name}"]) {
      expect(() => promptTemplate(template as string)({ book })).toThrow("is missing");
    }
  });

  test("{{ and }} are braces", () => {
    const prompt = promptTemplate('{{"genre": "{genre}"}} {{}} {{{genre}}} {{{{ }}}}');
    expect(prompt({ genre: "fantasy" })).toEqual([user('{"genre": "fantasy"} {} {fantasy} {{ }}')]);
  });

  test(":list is one item a line, :lists are groups", () => {
    const prompt = promptTemplate("Books:\n{books:list}\n\nShelves:\n{shelves:lists}");
    expect(prompt({ books: ["a", 2, true], shelves: [["a", "b"], [], [3]] })).toEqual([
      user("Books:\na\n2\ntrue\n\nShelves:\na\nb\n\n\n\n3"),
    ]);
  });
});

describe("parts", () => {
  test(":text and :texts make parts of their own; what is blank makes none", () => {
    const prompt = promptTemplate("Sum up: {article:text} {notes:texts} Thanks.");
    expect(prompt({ article: "Long", notes: ["a", "", 3] })).toEqual([user(["Sum up:", "Long", "a", "3", "Thanks."])]);
  });

  test(":image and :images", () => {
    const prompt = promptTemplate("Compare {a:image} with {others:images} please");
    expect(prompt({ a: png, others: ["https://example.com/b.png", image(png, { detail: "low" })] })).toEqual([
      user([
        "Compare",
        image(png),
        "with",
        image("https://example.com/b.png"),
        image(png, { detail: "low" }),
        "please",
      ]),
    ]);
    expect(prompt({ a: new URL("https://example.com/a.png"), others: [] })).toEqual([
      user(["Compare", image("https://example.com/a.png"), "with", "please"]),
    ]);
  });

  test(":image takes a detail; that of a part wins", () => {
    const prompt = promptTemplate("{a:image(detail=low)}{b:images(detail=high)}");
    expect(prompt({ a: png, b: [image(png), image(png, { detail: "auto" })] })).toEqual([
      user([image(png, { detail: "low" }), image(png, { detail: "high" }), image(png, { detail: "auto" })]),
    ]);
  });

  test(":audio, :audios, :document and :documents", () => {
    const prompt = promptTemplate("{a:audio}{b:audios}{c:document}{d:documents}");
    const report = document(pdf, { title: "Report" });
    expect(prompt({ a: mp3, b: [mp3], c: report, d: ["https://example.com/a.pdf"] })).toEqual([
      user([
        { type: "audio", data: mp3, mediaType: "audio/mpeg" },
        { type: "audio", data: mp3, mediaType: "audio/mpeg" },
        report,
        document("https://example.com/a.pdf"),
      ]),
    ]);
  });

  test(":part and :parts", () => {
    const prompt = promptTemplate("{a:part} and {b:parts}");
    expect(prompt({ a: image(png), b: [text("x"), cacheControl(), document(pdf)] })).toEqual([
      user([image(png), "and", text("x"), cacheControl(), document(pdf)]),
    ]);
  });

  test(":cache_control marks the part before it, and needs no variable", () => {
    const prompt = promptTemplate(`
      SYSTEM:
        {book:text}
        {:cache_control(ttl=1h)}
        Be brief.
      USER: {docs:documents} Sum up. {not_used:cache_control(type=ephemeral)}`);
    expect(prompt({ book: "Long", docs: [] })).toEqual([
      system([text("Long"), cacheControl({ ttl: "1h" }), "Be brief."]),
      user(["Sum up.", cacheControl()]),
    ]);
    expect(promptTemplate("a{:cache_control(type=ephemeral,ttl=5m)}")()).toEqual([
      user(["a", cacheControl({ ttl: "5m" })]),
    ]);
  });

  test(":cache_control with no part before it marks nothing", () => {
    expect(promptTemplate("{docs:documents}{:cache_control}Hi")({ docs: [] })).toEqual([user("Hi")]);
  });
});

describe("a template that is malformed throws where it is defined", () => {
  test.each([
    ["a {x:lst} b", "{x:lst}", '{x:lst}: unknown format spec "lst"'],
    ["{x:listss}", "{x:listss}", 'unknown format spec "listss"'],
    ["{x:LIST}", "{x:LIST}", 'unknown format spec "LIST"'],
    ["{x:.2f}", "{x:.2f}", 'unknown format spec ".2f"'],
    ["{x:image(detail=lo)}", "{x:image(detail=lo)}", "unknown format spec"],
    ["{x:list(detail=low)}", "{x:list(detail=low)}", "unknown format spec"],
    ["a{:cache_control(ttl=2h)}", "{:cache_control(ttl=2h)}", "unknown format spec"],
    ["a{x:cache_control(ttl=2h)}", "{x:cache_control(ttl=2h)}", "unknown format spec"],
    ["{}", "{}", "a name is empty"],
    ["{:list}", "{:list}", "a name is empty"],
    ["{:lst}", "{:lst}", 'unknown format spec "lst"'],
    ["{a..b}", "{a..b}", "a name is empty"],
    ["{.a}", "{.a}", "a name is empty"],
    ["{ x }", "{ x }", "a name has no spaces"],
    ["{x!r}", "{x!r}", "a name has no spaces"],
    ["{x[0]}", "{x[0]}", "a name has no spaces"],
    ['{"genre": "fantasy"}', '{"genre": "fantasy"}', "write {{ or }} for a brace"],
    ["a { b", null, "Unbalanced brace at { b: write {{ or }}"],
    ["a } b\nc", null, "Unbalanced brace at } b: write {{ or }}"],
    ["{a{b}", null, "Unbalanced brace at {a{b}"],
    ["{x}}", null, "Unbalanced brace at }"],
    ["{{x}", null, "Unbalanced brace at }"],
    ["Hello\nUSER: Hi", null, "Text before the first role at Hello"],
    ["MESSAGES: {a} {b}", null, "MESSAGES: takes one {name}, without a format spec"],
    ["MESSAGES: Hi", null, "MESSAGES: takes one {name}, without a format spec"],
    ["MESSAGES:", null, "MESSAGES: takes one {name}, without a format spec"],
    ["MESSAGES: {a:list}", "{a:list}", "MESSAGES: takes one {name}, without a format spec"],
    ["{:cache_control}Hi", "{:cache_control}", "marks the part before it, and there is none"],
    ["SYSTEM: a\nUSER:\n {:cache_control(ttl=1h)}", "{:cache_control(ttl=1h)}", "marks the part before it"],
  ])("%j", (template, placeholder, problem) => {
    expect(() => promptTemplate(template as string)).toThrow(problem);
    expect(() => promptTemplate(template as string)).toThrow(
      expect.objectContaining({ name: "TemplateError", code: "template", placeholder }),
    );
  });
});

describe("a value that does not fit throws when it is given", () => {
  const scalar = "takes a string, number, boolean or bigint, not";
  const source = "it must be bytes (Uint8Array), an https: URL or a data: URL. No file and no other URL is read.";
  test.each([
    ["{x}", undefined, `{x}: ${scalar} undefined`],
    ["{x}", null, `{x}: ${scalar} null`],
    ["{x}", { a: 1 }, `{x}: ${scalar} object`],
    ["{x}", ["a"], `{x}: ${scalar} list`],
    ["{x}", new Date(0), `{x}: ${scalar} object`],
    ["{x}", Symbol("a"), `{x}: ${scalar} symbol`],
    ["{x}", () => "a", `{x}: ${scalar} function`],
    ["{x.y}", null, '{x.y}: "y" is missing'],
    ["{x.y}", { z: 1 }, '{x.y}: "y" is missing'],
    ["{x:list}", "a", "{x:list}: takes a list, not string"],
    ["{x:list}", [{}], `{x:list}: ${scalar} object`],
    ["{x:list}", [undefined], `{x:list}: ${scalar} undefined`],
    ["{x:lists}", ["a"], "{x:lists}: takes a list, not string"],
    ["{x:text}", ["a"], `{x:text}: ${scalar} list`],
    ["{x:texts}", "a", "{x:texts}: takes a list, not string"],
    ["{x:image}", "/etc/passwd", `{x:image}: Invalid image source: ${source}`],
    ["{x:image}", undefined, `{x:image}: Invalid image source: ${source}`],
    ["{x:image}", document(pdf), `{x:image}: Invalid image source: ${source}`],
    ["{x:images}", png, "{x:images}: takes a list, not object"],
    ["{x:images}", ["http://example.com/a.png"], `{x:images}: Invalid image source: ${source}`],
    ["{x:audio}", png, "{x:audio}: Invalid audio source: it is image/png"],
    ["{x:document}", "a.pdf", `{x:document}: Invalid document source: ${source}`],
    ["{x:part}", "a", "{x:part}: takes a part, not string"],
    ["{x:parts}", [{}], "{x:parts}: takes a part, not object"],
    ["MESSAGES: {x}", "a", "{x}: takes a list, not string"],
    ["MESSAGES: {x}", ["a"], "{x}: takes a list of messages with role and content"],
    ["MESSAGES: {x}", [{ role: "user" }], "{x}: takes a list of messages with role and content"],
  ])("%s %j", (template, x, problem) => {
    expect(() => promptTemplate(template as string)({ x })).toThrow(problem);
    expect(() => promptTemplate(template as string)({ x })).toThrow(TemplateError);
  });

  test("or is missing", () => {
    expect(() => promptTemplate("{x}" as string)()).toThrow('{x}: "x" is missing');
    expect(() => promptTemplate("{x}" as string)({ y: 1 })).toThrow('{x}: "x" is missing');
  });
});

test("a template remembers what it was made from", () => {
  const prompt = promptTemplate("Recommend a {genre} book");
  expect(prompt.template).toBe("Recommend a {genre} book");
  expect(isPromptTemplate(prompt)).toBe(true);
  for (const other of [() => "", { template: "a" }, "a", null, undefined]) expect(isPromptTemplate(other)).toBe(false);
});

test("a template keeps no state between calls", () => {
  const prompt = promptTemplate("USER: {a} {b:images}");
  const first = prompt({ a: "x", b: [png] });
  expect(prompt({ a: "y", b: [] })).toEqual([user("y")]);
  expect(first).toEqual([user(["x", image(png)])]);
});

// What the documentation of Mirascope v1 shows of its prompt templates (mirascope.com/docs/v1/learn/prompts).
describe("as in Mirascope v1", () => {
  test("a template without roles", () => {
    const recommend = promptTemplate("Recommend a {genre} book");
    expect(recommend({ genre: "fantasy" })).toEqual([{ role: "user", content: "Recommend a fantasy book" }]);
  });

  test("multi-line prompts", () => {
    const recommend = promptTemplate(`
      SYSTEM:
      You are a librarian.
      You always mention the author.

      USER:
      Recommend a {genre} book.
      My favourite is {book.title}.
      `);
    expect(recommend({ genre: "fantasy", book: { title: "Mistborn" } })).toEqual([
      { role: "system", content: "You are a librarian.\nYou always mention the author." },
      { role: "user", content: "Recommend a fantasy book.\nMy favourite is Mistborn." },
    ]);
  });

  test("chat history", () => {
    const chat = promptTemplate(`
      SYSTEM: You are a helpful assistant.
      MESSAGES: {history}
      USER: {query}`);
    const history = [
      { role: "user", content: "Hi" },
      { role: "assistant", content: "Hello" },
    ];
    expect(chat({ history, query: "Bye" })).toEqual([
      { role: "system", content: "You are a helpful assistant." },
      ...history,
      { role: "user", content: "Bye" },
    ]);
  });

  test("lists", () => {
    const recommend = promptTemplate(`
      Recommend a book from one of the following genres:
      {genres:list}

      Examples:
      {examples:lists}`);
    const variables = { genres: ["fantasy", "mystery"], examples: [["a: 1", "b: 2"], ["c: 3"]] };
    expect(recommend(variables)).toEqual([
      {
        role: "user",
        content:
          "Recommend a book from one of the following genres:\nfantasy\nmystery\n\nExamples:\na: 1\nb: 2\n\nc: 3",
      },
    ]);
  });

  test("one text part alone is plain text", () => {
    expect(promptTemplate("Process these texts: {content:texts}")({ content: [] })).toEqual([
      { role: "user", content: "Process these texts:" },
    ]);
    expect(promptTemplate("{content:text}")({ content: "a" })).toEqual([{ role: "user", content: "a" }]);
  });
});

describe("a long template", () => {
  test("is read whole, in time that grows with its length alone", () => {
    const lines = "a\n".repeat(200_000);
    expect(promptTemplate(lines as string)()).toEqual([{ role: "user", content: lines.trim() }]);
    const start = performance.now();
    const [message] = promptTemplate("{a} ".repeat(50_000) as string)({ a: "b" });
    expect(message?.content).toBe("b ".repeat(50_000).trim());
    expect(performance.now() - start).toBeLessThan(900);
  });
});
