/** Whether the model may, must or must not call tools, and whether it may call several at once. */
export type ToolChoice<Name extends string = string> =
  | "auto"
  | "any"
  | "none"
  | { readonly type: "auto" | "any"; readonly parallel?: boolean | undefined }
  | { readonly type: "tool"; readonly name: Name; readonly parallel?: boolean | undefined };
