/** A caller's fault, one of a closed set; `plugins/error-handler.ts` maps each to HTTP. */
export abstract class CallerError extends Error {
  abstract readonly status: number;
  abstract readonly title: string;
}

/** The body cannot be read, or did not arrive completely. */
export class BadRequest extends CallerError {
  readonly status = 400;
  readonly title = 'Bad Request';
}

export class Unauthorized extends CallerError {
  readonly status = 401;
  readonly title = 'Unauthorized';
}

export class Forbidden extends CallerError {
  readonly status = 403;
  readonly title = 'Forbidden';
}

/** Why a key may not report to a run. It does not say that the run exists, or of which project it is. [O3] */
export const notYours = (runId: string): string =>
  `this API key may not report to a run of the id ${runId}: use another id, or a key of the run's project`;

export class NotFound extends CallerError {
  readonly status = 404;
  readonly title = 'Not Found';
}

export class Conflict extends CallerError {
  readonly status = 409;
  readonly title = 'Conflict';
}

export class LengthRequired extends CallerError {
  readonly status = 411;
  readonly title = 'Length Required';
}

export class TooLarge extends CallerError {
  readonly status = 413;
  readonly title = 'Content Too Large';
}

export interface FieldError {
  readonly path: string;
  readonly message: string;
}

export class Invalid extends CallerError {
  readonly status = 422;
  readonly title = 'Unprocessable Content';
  readonly errors: readonly FieldError[];

  constructor(errors: readonly FieldError[]) {
    super(errors.map(({ path, message }) => `${path}: ${message}`).join('; '));
    this.errors = errors;
  }
}

/** The same request is welcome again after `retryAfterS`. */
abstract class RetryLater extends CallerError {
  readonly retryAfterS: number;

  constructor(detail: string, retryAfterS: number, options?: ErrorOptions) {
    super(detail, options);
    this.retryAfterS = retryAfterS;
  }
}

export class TooMany extends RetryLater {
  readonly status = 429;
  readonly title = 'Too Many Requests';
}

/** The server cannot take it now. */
export class Busy extends RetryLater {
  readonly status = 503;
  readonly title = 'Service Unavailable';
}

/** The disk is full. */
export class NoRoom extends CallerError {
  readonly status = 507;
  readonly title = 'Insufficient Storage';
}
