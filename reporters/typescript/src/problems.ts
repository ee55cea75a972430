export type ProblemCode =
  /** An event, or a part of one, cannot be said on the wire. */
  | 'invalid_event'
  /** The server refused an event. */
  | 'rejected_event'
  /** The server cannot be reached or does not answer sensibly; retried for ever. */
  | 'unreachable'
  /** Wrong key or address; tried again once a minute. */
  | 'misconfigured'
  /** Events were lost: the queue or the spool was full, a batch was refused, or the reporter closed with some in memory alone. */
  | 'events_dropped'
  /** Events cannot be kept on disk; they wait in memory. */
  | 'spool_failed'
  /** A model will not be uploaded. */
  | 'upload_failed'
  /** `onCommand` threw. */
  | 'command_failed';

export interface Problem {
  readonly code: ProblemCode;
  readonly message: string;
}

// A training process that is wrong in ever new ways must not fill its disk with our messages.
const maxDistinct = 1_000;

/** Tells each distinct problem once, to a listener that may itself be broken. */
export class Problems {
  readonly #onProblem: (problem: Problem) => void;
  readonly #secret: string;
  readonly #told = new Set<string>();

  constructor(onProblem: (problem: Problem) => void, secret: string) {
    this.#onProblem = onProblem;
    this.#secret = secret;
  }

  /** `key` says what makes it the same problem; the message, unless given. */
  tell(code: ProblemCode, message: string, key = message): void {
    const id = `${code} ${key}`;
    if (this.#told.has(id) || this.#told.size >= maxDistinct) return;
    this.#told.add(id);
    try {
      this.#onProblem({ code, message: this.withoutSecret(message) });
    } catch {
      // The listener is the caller's; training goes on whatever it does. [R1]
    }
  }

  /** The problem is over: should it come back, it is news again. */
  forget(code: ProblemCode, key: string): void {
    this.#told.delete(`${code} ${key}`);
  }

  withoutSecret(message: string): string {
    return this.#secret === '' ? message : message.replaceAll(this.#secret, '***');
  }
}
