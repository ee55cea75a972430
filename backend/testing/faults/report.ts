export interface FaultOptions {
  readonly seed: number;
  readonly count: number;
  readonly say: (progress: string) => void;
}

export interface FaultReport {
  readonly injected: number;
  readonly acknowledged: number;
  /** Acknowledged and absent afterwards. */
  readonly lost: number;
  /** Present more than once. */
  readonly doubled: number;
  /** Anything else that must not be. */
  readonly troubles: readonly string[];
  readonly notes?: readonly string[];
}

/** A fault that this machine cannot make. */
export class NotPossible extends Error {}
