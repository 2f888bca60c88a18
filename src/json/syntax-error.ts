import { MillraceError } from "../errors.ts";

export class JsonSyntaxError extends MillraceError {
  readonly code = "json_syntax";
  readonly reason: string;
  readonly position: number;
  readonly #value: unknown;
  constructor(reason: string, position: number, character: string, value: unknown) {
    super(`Invalid JSON at position ${position}: ${JSON.stringify(character)}`);
    this.reason = reason;
    this.position = position;
    this.#value = value;
  }
  get value(): unknown {
    return this.#value;
  }
}
