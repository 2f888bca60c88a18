/**
 * What the stream's types know of a tool. The phantom members carry the types of the pair's second half, so that no
 * conditional type is needed inside a class.
 */
export interface AnyTool {
  readonly name: string;
  /** Type only: the tool as a pair holds it once its input is complete. */
  readonly "~pair"?: unknown;
  /** Type only: the tool as a pair holds it while its input streams. */
  readonly "~partial"?: unknown;
}

/** The second half of a pair for the tools `T`: one that can be called, or null. */
export type PairTool<T extends AnyTool> = NonNullable<T["~pair"]> | null;
