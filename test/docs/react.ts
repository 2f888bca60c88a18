/** What an example takes from React, whose types are too large to be installed for three functions (@types/react 19.3.3). */
export declare function useEffect(effect: () => void | (() => void), deps?: readonly unknown[]): void;
export declare function useMemo<T>(calculateValue: () => T, dependencies: readonly unknown[]): T;
export declare function useSyncExternalStore<Snapshot>(
  subscribe: (onStoreChange: () => void) => () => void,
  getSnapshot: () => Snapshot,
  getServerSnapshot?: () => Snapshot,
): Snapshot;
