/** Size limits of a response, in bytes. Exceeding one is a LimitExceededError. */
export interface Limit {
  /** One frame of the stream. Default 32 MiB. */
  readonly frame?: number | undefined;
  /** The whole body. Default: none. */
  readonly response?: number | undefined;
}
