/** Decides when the requests of many calls may be sent. */
export interface Limiter {
  /** Queues a request. @throws where the queue is full. */
  enter(): Turn;
  /** Learns from the headers of a response. */
  observe(status: number, header: (name: string) => string | null): void;
}

/** A request's place with a limiter. */
export interface Turn {
  /** Settles when the request may be sent. */
  readonly ready: Promise<void>;
  /** Gives the place back, whether or not it was had. */
  leave(): void;
}
