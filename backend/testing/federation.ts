import { type AttentionRule, clientIdSchema, type Metrics } from '@rondo/protocol';
import { AttentionFold } from '../src/insight/attention-fold.ts';
import { type Part, type StoredMeasure, storedMeasures, toColumns } from '../src/insight/columns.ts';
import type { Episode } from '../src/insight/episodes.ts';
import { makeNormal } from './random.ts';

export type Figures = Partial<Record<StoredMeasure, number>> & { readonly metrics?: Metrics };
type Outcome = 'failed' | 'no_reply' | 'unreported';

export interface Honest extends Record<'update_norm' | 'train_loss' | 'cosine_to_mean' | 'duration_ms', number> {
  readonly cosine_to_previous: number;
}

/** What one client does otherwise in a round than an honest one; undefined: nothing. */
export type Deed = (honest: Honest, round: number) => Figures | Outcome | undefined;

interface Federation {
  readonly rounds: number;
  readonly clients?: number;
  /** By client number. */
  readonly deeds: Readonly<Record<number, Deed>>;
}

/** The attention rules over honest clients that differ for good, but for the deeds of some. */
export function foldOf({ rounds, clients = 12, deeds }: Federation): AttentionFold {
  const normal = makeNormal(7);
  const lasting = Array.from({ length: clients }, () => Math.exp(0.5 * normal()));
  const ids = lasting.map((_, n) => clientIdSchema.parse(`c${n}`));
  const fold = new AttentionFold();
  for (let round = 1; round <= rounds; round++) {
    const parts = ids.map((client_id, n): Part => {
      const noise = () => Math.exp(0.1 * normal());
      const honest: Honest = {
        train_loss: (lasting[n] as number) * noise(),
        update_norm: 2 * (lasting[n] as number) * noise(),
        cosine_to_mean: Math.tanh(0.8 + 0.1 * normal()),
        cosine_to_previous: 0.1 * normal(),
        duration_ms: 10_000 * noise(),
      };
      const deed = deeds[n]?.(honest, round);
      const outcome = typeof deed === 'string' ? deed : 'complete';
      const figures: Figures = { sample_count: 100, bytes_up: 4_000, ...honest, ...(typeof deed === 'object' && deed) };
      const values = Object.fromEntries(
        storedMeasures.map((name) => [name, outcome === 'complete' ? (figures[name] ?? null) : null]),
      ) as Record<StoredMeasure, number | null>;
      return { client_id, outcome, attempt: 1, metrics: figures.metrics ?? {}, submitted_at: null, ...values } as Part;
    });
    fold.closeRound({ round, completed_at: null, columns: toColumns(parts, (id) => ids.indexOf(id), null) });
  }
  return fold;
}

export const episodeOf = (fold: AttentionFold, rule: AttentionRule, client: number): Episode | undefined =>
  [...fold.episodes.open()].find((each) => each.rule === rule && each.client === client);

/** The least value from which on `at` returns something, between one that does not and one that does. */
export function edgeOf<T>(at: (value: number) => T | undefined, without: number, having: number) {
  if (at(without) !== undefined || at(having) === undefined) throw new Error('there is no edge between these');
  let [below, above] = [without, having];
  for (let n = 0; n < 16; n++) {
    const middle = (below + above) / 2;
    if (at(middle) === undefined) below = middle;
    else above = middle;
  }
  return { below, above, found: at(above) as T };
}
