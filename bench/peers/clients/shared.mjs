export { deletion } from "../../../faults/deletion.mjs";

/** What a promise came to, or null: it was rejected, or did not settle soon. */
export const settled = (promise) =>
  Promise.race([Promise.resolve(promise).catch(() => null), new Promise((resolve) => setTimeout(resolve, 500, null))]);
