import { resolve } from "node:path";
import { describe } from "vitest";

const page = resolve(import.meta.dirname, "../../docs/testing-your-code.md");

// The page's own tests.
describe("the tests of the page on testing", async () => {
  await import(resolve(page, "recommend.test.ts"));
});
