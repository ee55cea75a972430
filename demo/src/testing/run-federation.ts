import { type Fact, factSchema } from '@rondo/protocol';
import type { ReportedFact } from '@rondo/reporter';
import type { Clock } from '../clock.ts';
import { Federation, type FederationOptions, type RoundSummary } from '../federation.ts';
import { makeSynthetic } from '../synthetic.ts';

/** Time that passes only by waiting: a run of minutes takes as long as its arithmetic. */
class VirtualClock implements Clock {
  nowMs = Date.UTC(2026, 0, 31, 12);

  now = (): number => this.nowMs;

  async wait(ms: number, signal?: AbortSignal): Promise<void> {
    await null;
    if (!signal?.aborted) this.nowMs += Math.max(0, ms);
  }
}

export interface Performance {
  readonly facts: Fact[];
  readonly rounds: RoundSummary[];
  readonly clock: VirtualClock;
}

/** Runs a federation to its end; `onFact` may intervene. Every fact must be one the protocol knows. */
export async function runFederation(
  options: Partial<FederationOptions> = {},
  onFact: (fact: Fact, federation: Federation) => void = () => {},
): Promise<Performance> {
  const clock = new VirtualClock();
  const facts: Fact[] = [];
  const rounds: RoundSummary[] = [];
  const federation = new Federation({
    world: makeSynthetic({ alpha: 1, beta: 1, clients: 12, seed: 1 }),
    rounds: 3,
    clientsPerRound: 8,
    local: { epochs: 1, batchSize: 10, learningRate: 0.01, mu: 0 },
    seed: 1,
    pace: 1,
    clock,
    report: (reported: ReportedFact) => {
      const fact = factSchema.parse({ at: new Date(clock.nowMs).toISOString(), ...reported, run_id: 'run-1' });
      facts.push(fact);
      onFact(fact, federation);
    },
    onRound: (summary) => rounds.push(summary),
    ...options,
  });
  await federation.run();
  return { facts, rounds, clock };
}
