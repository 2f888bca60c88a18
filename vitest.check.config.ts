import tests from "./vitest.config.ts";

/** What `npm run check` runs by vitest: compiles and measures, but runs none of our code. */
export default { ...tests, test: { ...tests.test, include: ["test/**/*.check.ts"] } };
