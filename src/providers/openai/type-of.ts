/** The `type` of an item or a part: text, whatever a server has put there. */
export function typeOf({ type }: { readonly type?: unknown }): string {
  return typeof type === "string" ? type : "";
}
