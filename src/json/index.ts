export { type IncrementalJson, incrementalJson, type IncrementalJsonOptions } from "./partial.ts";
export { type JsonErrorReason, JsonSyntaxError } from "./syntax-error.ts";
