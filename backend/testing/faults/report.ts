import type { PostgresServer } from '../postgres.ts';
import type { Site } from './site.ts';

export interface FaultOptions {
  readonly seed: number;
  readonly count: number;
  readonly say: (progress: string) => void;
  /** A PostgreSQL to share with other faults; without it each starts its own. */
  readonly postgres?: PostgresServer | undefined;
  /** A site to share with other faults, in whatever order; without it each opens its own. */
  readonly site?: Site | undefined;
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
