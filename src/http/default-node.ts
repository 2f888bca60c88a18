/** The default transport of Node: builds for other runtimes have `default-web.ts` in its place. */
export { sendByNode as defaultTransport } from "./node.ts";
