interface NewestRunDeps {
  /** Reads it for those who follow, and moves them. */
  readonly read: () => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/** Finds the newest run after each announcement of a new one, whichever server created it. One read at a time. [S9] */
export class NewestRun {
  readonly #deps: NewestRunDeps;
  /** Another run may have become the newest since the last read began. */
  #isStale = false;
  #isReading = false;

  constructor(deps: NewestRunDeps) {
    this.#deps = deps;
  }

  check(): void {
    this.#isStale = true;
    if (!this.#isReading) void this.#read();
  }

  /** Reads again if the last read failed. */
  retry(): void {
    if (this.#isStale) this.check();
  }

  async #read(): Promise<void> {
    const { read, onError } = this.#deps;
    this.#isReading = true;
    try {
      while (this.#isStale) {
        this.#isStale = false;
        await read();
      }
    } catch (error) {
      this.#isStale = true;
      onError(error);
    } finally {
      this.#isReading = false;
    }
  }
}
