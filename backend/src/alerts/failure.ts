interface About {
  /** Another attempt cannot help. */
  readonly isFinal?: boolean;
  readonly retryAfterMs?: number | undefined;
  /** The message may have been received all the same. */
  readonly mayHaveArrived?: boolean;
}

/** Why a message was not delivered, in words that an admin of a project may read. */
export class Failure extends Error {
  readonly isFinal: boolean;
  readonly retryAfterMs: number | undefined;
  readonly mayHaveArrived: boolean;

  constructor(message: string, { isFinal = false, retryAfterMs, mayHaveArrived = false }: About = {}) {
    super(message);
    this.isFinal = isFinal;
    this.retryAfterMs = retryAfterMs;
    this.mayHaveArrived = mayHaveArrived;
  }
}
