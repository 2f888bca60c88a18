/** The tools of a request, in the wire's own names: platform.openai.com/docs/guides/function-calling. */

/** One of your functions. */
export interface FunctionToolParam {
  readonly type: "function";
  /** Its name, what it does, and the schema of its arguments. */
  readonly function: {
    /** `^[a-zA-Z0-9_-]{1,64}$` */
    readonly name: string;
    readonly description?: string | undefined;
    /** JSON Schema. Without it, the function takes nothing. */
    readonly parameters?: { readonly [keyword: string]: unknown } | undefined;
    /** Holds the model to the schema, which must then be of the strict subset. */
    readonly strict?: boolean | null | undefined;
  };
}

/** A tool whose input is free text, or of a grammar. Calls of it are in the message alone. */
export interface CustomToolParam {
  readonly type: "custom";
  /** Its name, what it does, and the format of its input. */
  readonly custom: {
    readonly name: string;
    readonly description?: string | undefined;
    readonly format?:
      | { readonly type: "text" }
      | {
          readonly type: "grammar";
          readonly grammar: { readonly definition: string; readonly syntax: "lark" | "regex" };
        }
      | undefined;
  };
}

/** A tool in the API's own format. */
export type ToolParam = FunctionToolParam | CustomToolParam;

/** Whether the model may, must or must not use tools. */
export type ToolChoiceParam =
  | "none"
  | "auto"
  | "required"
  | { readonly type: "function"; readonly function: { readonly name: string } }
  | { readonly type: "custom"; readonly custom: { readonly name: string } }
  | {
      readonly type: "allowed_tools";
      readonly allowed_tools: {
        readonly mode: "auto" | "required";
        readonly tools: readonly { readonly [key: string]: unknown }[];
      };
    };
