import type { Runtime } from "./fetch.mjs";

/** The runtimes, each as an npm package. */
export const runtimes: readonly Runtime[];
