/** A server that was started. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  readonly pid: number;
  /** Ends it at once. */
  stop(): Promise<void>;
}

export function startRedis(options?: readonly string[], at?: number): Promise<RedisServer>;
export function startRedisCluster(): Promise<{ readonly ports: readonly number[]; stop(): Promise<unknown> }>;
