/** The folder that a runtime is installed in, and its program. Throws if it cannot be fetched. */
export function fetchRuntime(runtime: Runtime): { readonly folder: string; readonly program: string };

/** What there is in `runtimes.mjs`. */
export interface Runtime {
  readonly name: string;
  readonly package: string;
  readonly program: string;
}
