import fc from "fast-check";

/** Spaces as JSON knows them: mostly none. */
const space = fc.oneof(
  { weight: 6, arbitrary: fc.constant("") },
  { weight: 1, arbitrary: fc.string({ unit: fc.constantFrom(" ", "\t", "\n", "\r"), maxLength: 3 }) },
);

const hex = fc.string({ unit: fc.constantFrom(..."0123456789abcdefABCDEF"), minLength: 4, maxLength: 4 });

/** One character of a string literal, as it may be written; escaped surrogates need not come in pairs. */
const character = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(..."abc def,:[]{}/'0-true") },
  { weight: 1, arbitrary: fc.integer({ min: 0x20, max: 0xffff }).map(plain) },
  { weight: 1, arbitrary: fc.constantFrom("😀", "\u2028", "\x7f", "é", "\ud83d", "\ude00") },
  { weight: 2, arbitrary: fc.constantFrom(...'"\\/bfnrt').map((letter) => `\\${letter}`) },
  { weight: 1, arbitrary: hex.map((digits) => `\\u${digits}`) },
  { weight: 1, arbitrary: fc.constantFrom("\\ud83d", "\\uDE00", "\\ud83d\\ude00", "\\u0000", "\\u0022", "\\u005c") },
);

const string = fc.array(character, { maxLength: 14 }).map((characters) => `"${characters.join("")}"`);

const digits = fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 1, maxLength: 20 });
const maybe = (text: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.oneof(fc.constant(""), text);

const number = fc
  .tuple(
    maybe(fc.constant("-")),
    fc.oneof(
      fc.constant("0"),
      fc.tuple(fc.constantFrom(..."123456789"), maybe(digits)).map((part) => part.join("")),
    ),
    maybe(digits.map((part) => `.${part}`)),
    maybe(
      fc
        .tuple(fc.constantFrom("e", "E"), fc.constantFrom("", "+", "-"), fc.nat({ max: 400 }))
        .map((part) => part.join("")),
    ),
  )
  .map((part) => part.join(""));

/** Few keys, so that some come twice. */
const key = fc.oneof(
  fc.constantFrom('"a"', '"b"', '"\\u0061"', '"0"', '"10"', '""', '"__proto__"', '"\\u005f_proto__"', '"constructor"'),
  string,
);

/** The text of a JSON document, in any way that the grammar allows to write it. */
export const document: fc.Arbitrary<string> = fc.letrec<{ document: string; value: string }>((tie) => {
  const padded = fc.tuple(space, tie("value"), space).map((part) => part.join(""));
  const member = fc.tuple(space, key, space, padded).map(([before, name, after, value]) => {
    return `${before}${name}${after}:${value}`;
  });
  const empty = (open: string, close: string) => ({ weight: 1, arbitrary: space.map((inner) => open + inner + close) });
  const filled = (open: string, part: fc.Arbitrary<string>, close: string) => ({
    weight: 5,
    arbitrary: fc.array(part, { minLength: 1, maxLength: 5, size: "+1" }).map((parts) => open + parts.join() + close),
  });
  const list = fc.oneof(empty("[", "]"), filled("[", padded, "]"));
  const object = fc.oneof(empty("{", "}"), filled("{", member, "}"));
  const scalar = fc.oneof(string, number, fc.constantFrom("true", "false", "null"));
  return {
    value: fc.oneof({ depthSize: "small", withCrossShrink: true }, scalar, list, object),
    document: fc.oneof(
      { weight: 1, arbitrary: scalar },
      { weight: 4, arbitrary: list },
      { weight: 4, arbitrary: object },
    ),
  };
}).document;

/** A document with spaces around it. */
export const paddedDocument = fc.tuple(space, document, space).map((part) => part.join(""));

/** Where to cut a text: as many pieces, and where, as the numbers say. */
export const cuts = fc.array(fc.nat(), { maxLength: 12 });

export function split(text: string, places: readonly number[]): string[] {
  const sorted = [...new Set(places.map((place) => place % (text.length + 1)))].toSorted((a, b) => a - b);
  return [0, ...sorted].map((start, i) => text.slice(start, sorted[i] ?? text.length));
}

/** A document with one or two faults put in: some are still JSON. */
export const mutated = fc
  .tuple(
    paddedDocument,
    fc.array(fc.tuple(fc.nat(), fc.nat({ max: 3 }), fc.constantFrom(...FAULTS())), { minLength: 1, maxLength: 2 }),
  )
  .map(([text, faults]) => faults.reduce((faulty, fault) => withFault(faulty, ...fault), text));

function FAULTS(): string[] {
  return [
    ..."\"\\[]{},:-+.eE01truefalsn/\0\n\x1f \u00a0\ufeff\u2028'`N",
    "\\u",
    "\\x",
    "//",
    "NaN",
    "00",
    "",
    "}",
    "]",
  ];
}

function withFault(text: string, at: number, removed: number, added: string): string {
  const place = at % (text.length + 1);
  return text.slice(0, place) + added + text.slice(place + removed);
}

function plain(unit: number): string {
  const written = String.fromCharCode(unit);
  return written === '"' || written === "\\" ? "x" : written;
}
