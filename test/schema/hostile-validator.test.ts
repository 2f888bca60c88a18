// oxlint-disable unicorn/no-thenable -- hostile thenables are a subject here
import { describe, expect, test } from "vitest";
import type { StandardSchema } from "../../src/schema/standard-schema.ts";
import { validate, type Validation } from "../../src/schema/validate.ts";

const throwing = (): never => {
  throw new Error("boom");
};
/** An object with a property that throws when it is read. */
const unreadable = (key: string, object = {}): object => Object.defineProperty(object, key, { get: throwing });
const bare: unknown = Object.create(null);
const revoked = (target: object): unknown => {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
};

/** A schema whose validator does what the types forbid. */
function schemaOf(check: () => unknown): StandardSchema {
  return { "~standard": { version: 1, vendor: "none", validate: check as () => never } };
}

async function issuesOf(check: () => unknown): Promise<NonNullable<Validation["issues"]>> {
  const { issues = [] } = await validate(schemaOf(check), {});
  for (const { message, path } of issues) {
    expect(message).toBeTypeOf("string");
    expect(message.length).toBeLessThanOrEqual(201);
    for (const key of path) expect(["string", "number", "symbol"]).toContain(typeof key);
  }
  expect(issues).not.toHaveLength(0);
  return issues;
}

/** Not test.each, which would print the values, and fail on proxies. */
function each<V>(cases: Readonly<Record<string, V>>, run: (value: V) => Promise<void>): void {
  for (const [what, value] of Object.entries(cases)) test(what, () => run(value));
}

describe("a validator that throws or rejects with", () => {
  const thrown = {
    "an object without a prototype": [bare, "an error without a readable message"],
    "a symbol": [Symbol("s"), "Symbol(s)"],
    undefined: [undefined, "undefined"],
    "an error whose message throws": [unreadable("message", new Error("x")), "an error without a readable message"],
    "a proxy that throws": [
      new Proxy({}, { get: throwing, getPrototypeOf: throwing }),
      "an error without a readable message",
    ],
    "a revoked proxy": [revoked({}), "an error without a readable message"],
    "a very long message": [new Error("x".repeat(1e6)), `${"x".repeat(178)}…`],
  } as const;
  each(thrown, async ([cause, message]) => {
    const now = (): never => {
      throw cause;
    };
    for (const check of [now, () => Promise.reject(cause)]) {
      const validation = await validate(schemaOf(check), {});
      expect(validation.issues?.[0]?.message).toBe(`The validator failed: ${message}`);
      expect("cause" in validation && Object.is(validation.cause, cause)).toBe(true);
    }
  });
});

describe("a validator that returns or resolves to", () => {
  const results: Record<string, unknown> = {
    undefined: undefined,
    null: null,
    "a string": "valid",
    true: true,
    "an object with neither value nor issues": {},
    "an object without a prototype": bare,
    "an empty list of issues": { issues: [] },
    "issues that are a string": { issues: "bad" },
    "issues that are a number": { value: 1, issues: 5 },
    "issues that are a generator": { issues: (function* () {})() },
    "issues that throw": unreadable("issues"),
    "a value that throws": unreadable("value"),
    "issues that are a revoked proxy": { issues: revoked([]) },
    "a revoked proxy": revoked({}),
    "issues that are nonsense": { issues: [null, undefined, 5, "bad", bare, Symbol("s"), revoked({})] },
    "issues whose messages throw": {
      issues: [unreadable("message")],
    },
    "issues without messages": { issues: [{}, { message: null }, { message: { a: 1 } }] },
    "issues with odd paths": {
      issues: [
        { message: "a", path: 5 },
        { message: "b", path: "abc" },
        { message: "c", path: [null, undefined, bare, { key: bare }, {}, Symbol("s"), { key: Symbol("s") }, true] },
        { message: "d", path: [new Proxy({}, { get: throwing, has: throwing })] },
        unreadable("path"),
      ],
    },
    "a thenable whose then throws": { then: throwing },
    "a thenable whose then is a getter that throws": unreadable("then"),
    "a thenable that resolves to itself": new (class {
      then(resolve: (value: unknown) => void): void {
        resolve(this);
      }
    })(),
    "a thenable that rejects with nothing": new (class {
      then(_: unknown, reject: () => void): void {
        reject();
      }
    })(),
  };
  each(results, async (result) => {
    await issuesOf(() => result);
    await issuesOf(() => ({ then: (resolve: (value: unknown) => void) => resolve(result) }));
  });
});

test("a schema whose members throw counts as an issue", () => {
  const schema = unreadable("~standard") as StandardSchema;
  expect(validate(schema, {})).toMatchObject({ issues: [{ message: "The validator failed: boom", path: [] }] });
});

test("one unreadable issue does not hide the others", async () => {
  expect(
    await issuesOf(() => ({ issues: [unreadable("message"), { message: "too long", path: ["title", { key: 0 }] }] })),
  ).toEqual([
    { message: "The issue cannot be read: boom", path: [] },
    { message: "too long", path: ["title", 0] },
  ]);
});

test("symbols stay in a path, and other steps become text", async () => {
  const key = Symbol("s");
  const path = [key, { key }, null, {}, bare];
  expect((await issuesOf(() => ({ issues: [{ message: "a", path }] })))[0]?.path).toEqual([
    key,
    key,
    "null",
    "[object Object]",
    "an error without a readable message",
  ]);
});

test.each([undefined, null, false])("a value beside issues that are %s is valid", (issues) => {
  expect(
    validate(
      schemaOf(() => ({ value: 5, issues })),
      {},
    ),
  ).toEqual({ value: 5 });
});

test("a property that is called then does not make a result a promise", () => {
  expect(
    validate(
      schemaOf(() => ({ value: 5, then: "later" })),
      {},
    ),
  ).toEqual({ value: 5 });
});
