export { sendByNode as defaultTransport } from "../http/node.ts";
