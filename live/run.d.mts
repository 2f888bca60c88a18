/** What a case found at the API. */
export interface LiveResult {
  readonly name: string;
  readonly failures: readonly string[];
  readonly differences: readonly string[];
  /** In dollars. */
  readonly cost: number;
}

export function tryOut(options: { model: string; print?: (line: string) => void }): Promise<LiveResult[]>;
