import { reader } from "./millrace-tool.mjs";

/** Makes a reader of one stream after another: the arguments so far at every fragment, and the finished tool. */
export const open = (baseURL) => reader(baseURL, { partialTools: true });
