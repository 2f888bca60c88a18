/** An address that stays, whatever becomes of the server behind it and of the connections. */
export interface Proxy {
  readonly port: number;
  /** The port that new connections are passed on to. */
  target: number;
  /** Resets all connections. */
  reset(): void;
  /** Resets all connections, and each new one, until `mend`. */
  cut(): void;
  /** Connections stay open, and nothing comes through, until `mend`. */
  silence(): void;
  mend(): void;
  close(): Promise<void>;
}

export function startProxy(to: number): Promise<Proxy>;
