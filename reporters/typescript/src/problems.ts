export type ProblemCode =
  /** An event, or a part of one, cannot be said on the wire. */
  | 'invalid_event'
  /** The server refused an event. */
  | 'rejected_event'
  /** The server cannot be reached, or its response is unusable; retried without end. */
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
  readonly #reported = new Set<string>();

  constructor(onProblem: (problem: Problem) => void, secret: string) {
    this.#onProblem = onProblem;
    this.#secret = secret;
  }

  /** Reports a problem once per `key`, by default the message. */
  report(code: ProblemCode, message: string, key = message): void {
    const id = `${code} ${key}`;
    if (this.#reported.has(id) || this.#reported.size >= maxDistinct) return;
    this.#reported.add(id);
    try {
      this.#onProblem({ code, message: this.withoutSecret(message) });
    } catch {
      // The listener is the caller's; training goes on whatever it does. [R1]
    }
  }

  /** The problem is over: should it come back, it is news again. */
  forget(code: ProblemCode, key: string): void {
    this.#reported.delete(`${code} ${key}`);
  }

  withoutSecret(message: string): string {
    return this.#secret === '' ? message : message.replaceAll(this.#secret, '***');
  }
}
