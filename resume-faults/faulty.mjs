/**
 * Gives a function that wraps an object of methods, such as a log. They work until `fault.kind` is `throws`, when they
 * reject, or `hangs`, when they never settle.
 */
export function faultyWith(fault) {
  return (object) =>
    new Proxy(object, {
      get(target, name) {
        const value = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        return (...args) => {
          if (fault.kind === "throws") return Promise.reject(new Error("The log is out of order."));
          if (fault.kind === "hangs") return new Promise(() => {});
          return value.apply(target, args);
        };
      },
    });
}
