import type { Locker, RequestRelease } from '@tus/server';

interface Held {
  readonly askToRelease: RequestRelease;
  readonly released: Promise<void>;
}

/**
 * One request at a time for each upload, in the order of their coming. The library's own locker waits in a loop that
 * leaves the processor no rest.
 */
export class UploadLocker implements Locker {
  readonly #held = new Map<string, Held>();

  newLock(id: string): ReturnType<Locker['newLock']> {
    let release = () => {};
    return {
      lock: async (signal, askToRelease) => {
        for (let holder = this.#held.get(id); holder; holder = this.#held.get(id)) {
          signal.throwIfAborted();
          // A client that reconnects knows that its last connection is dead, even if this server does not know yet.
          await holder.askToRelease();
          await holder.released;
        }
        const { promise, resolve } = Promise.withResolvers<void>();
        release = resolve;
        this.#held.set(id, { askToRelease, released: promise });
      },
      unlock: async () => {
        this.#held.delete(id);
        release();
      },
    };
  }
}
