/** A choice of the reader that this browser keeps. */
export interface StoredChoice<T extends string> {
  readonly read: () => T;
  readonly choose: (value: T) => void;
  /** Calls back when another value was chosen here. */
  readonly subscribe: (listener: () => void) => () => void;
}

interface StoredChoiceOptions<T extends string> {
  readonly key: string;
  /** The usual one first: it is not stored. */
  readonly values: readonly [T, ...T[]];
  /** The `data-` attribute of the page that styles go by; `public/start.js` sets it before the first paint. */
  readonly attribute?: string;
}

export function storedChoice<T extends string>({ key, values, attribute }: StoredChoiceOptions<T>): StoredChoice<T> {
  const listeners = new Set<() => void>();
  const [usual] = values;
  return {
    read: () => values.find((value) => value === localStorage.getItem(key)) ?? usual,
    choose(value) {
      const { dataset } = document.documentElement;
      if (value === usual) {
        localStorage.removeItem(key);
        if (attribute !== undefined) delete dataset[attribute];
      } else {
        localStorage.setItem(key, value);
        if (attribute !== undefined) dataset[attribute] = value;
      }
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
