import { outcomeCodes } from '@rondo/protocol';
import { bitsOf, type Columns, flag, isNotFinite } from './columns.ts';
import { Episodes, type Sign } from './episodes.ts';
import { madToSigma, median, medianInPlace, normalQuantile } from './statistics.ts';
import { type Seen, Watch } from './watch.ts';

/** Failures or silences in a row that are worth a look. */
export const inARow = 3;
/** Share of the peers' median: a smaller update norm counts as zero. */
const tinyNorm = 1e-8;
/** Multiple of the peers' median seconds per example, in so many consecutive rounds. */
const tooFast = 0.1;
/** cos(Δᵢ, Δ̄ₜ₋₁) above this, while half of the peers are below `freshCosine`, is the last round's update again. */
const replayCosine = 0.95;
const freshCosine = 0.5;
/** Cosines beyond it are alike: Fisher's z of a rounded 1 is without bound. */
const parallel = 0.99;
/** False marks among a run's clients by the bound of stragglers: each client has one usual speed. */
const falseStragglers = 0.002;
const roundsOfFigures = 16;

/** A round that is over, as the rules see it. */
export interface ClosedRound {
  readonly round: number;
  readonly completed_at: string | null;
  readonly columns: Columns;
}

const measures = [
  { name: 'update_norm', unusual: 'update_norm_unusual', drift: 'update_norm_drift', text: 'update norm' },
  { name: 'train_loss', unusual: 'train_loss_unusual', drift: 'train_loss_drift', text: 'training loss' },
  { name: 'cosine_to_mean', unusual: 'cosine_unusual', drift: 'cosine_drift', text: 'cosine to the mean update' },
] as const;

type Measure = (typeof measures)[number];

/**
 * Folds a run's closed rounds, oldest first, into episodes. Pure but for its own state; a round costs time in proportion
 * to its clients. [G4]
 */
export class AttentionFold {
  readonly episodes = new Episodes();
  fromRound: number | null = null;
  toRound: number | null = null;
  numClients = 0;
  numRounds = 0;
  readonly #watches = measures.map(() => new Watch({ measures: measures.length }));
  readonly #durations = new Watch({ measures: 1, freezes: false });
  /** By client: answers missing in a row, when that began, and whether the last was a failure. */
  readonly #rows = new Map<number, { count: number; since_round: number; since: string | null }>();
  readonly #fast = new Map<number, { count: number; since_round: number; since: string | null }>();
  /** By client: its last figures, to find them again. */
  readonly #figures = new Map<number, Figures>();

  closeRound(closed: ClosedRound): void {
    const { round, completed_at, columns } = closed;
    this.fromRound ??= round;
    this.toRound = round;
    this.numRounds += 1;
    const signs: Sign[] = [
      ...this.#answers(closed),
      ...notFinite(columns),
      ...zeroUpdates(columns),
      ...this.#duplicates(closed),
      ...replays(columns),
      ...this.#freeRiders(closed),
      ...this.#statistics(columns),
      ...this.#stragglers(columns),
    ];
    this.episodes.closeRound(round, completed_at, signs);
  }

  /** Failed or absent in a row. */
  *#answers({ round, completed_at, columns: { client, outcome } }: ClosedRound): Iterable<Sign> {
    for (let at = 0; at < client.length; at++) {
      const id = client[at] as number;
      this.numClients = Math.max(this.numClients, id + 1);
      if (outcome[at] === outcomeCodes.complete) {
        if (this.#rows.delete(id)) {
          this.episodes.end('failed_in_a_row', id, round);
          this.episodes.end('absent_in_a_row', id, round);
        }
        continue;
      }
      // A client that is not reported has neither failed nor been absent.
      if (outcome[at] !== outcomeCodes.failed && outcome[at] !== outcomeCodes.no_reply) continue;
      const row = this.#rows.get(id) ?? { count: 0, since_round: round, since: completed_at };
      row.count += 1;
      this.#rows.set(id, row);
      if (row.count < inARow) continue;
      const hasFailed = outcome[at] === outcomeCodes.failed;
      this.episodes.end(hasFailed ? 'absent_in_a_row' : 'failed_in_a_row', id, round);
      yield {
        rule: hasFailed ? 'failed_in_a_row' : 'absent_in_a_row',
        client: id,
        since_round: row.since_round,
        since: row.since,
        detail: `it ${hasFailed ? 'failed' : 'did not reply'} in ${row.count} rounds in a row`,
        evidence: { rounds_in_a_row: row.count, normal_up_to: inARow - 1 },
      };
    }
  }

  /** The same figures again: of its own earlier round, or of another client in this one. */
  *#duplicates({ round, columns: { client, values } }: ClosedRound): Iterable<Sign> {
    const { update_norm, train_loss, cosine_to_mean } = values;
    const seen = new Map<number, number[]>();
    for (let at = 0; at < client.length; at++) {
      const [norm, loss] = [fingerprint(update_norm[at] as number), fingerprint(train_loss[at] as number)];
      if (Number.isNaN(norm) || Number.isNaN(loss)) continue;
      const id = client[at] as number;
      const evidence = () => ({ update_norm: update_norm[at] as number, train_loss: train_loss[at] as number });
      let known = this.#figures.get(id);
      if (known === undefined) {
        known = new Figures();
        this.#figures.set(id, known);
      }
      const before = known.roundOf(norm, loss);
      if (before !== undefined) {
        yield {
          rule: 'free_rider',
          client: id,
          detail: `suspicion: its update norm and loss are those of its round ${before}, to six digits`,
          evidence: { test: 'repeated_figures', ...evidence(), earlier_round: before },
        };
      }
      known.add(round, norm, loss);
      const alike = seen.get(norm);
      const other = alike?.find(
        (place) =>
          fingerprint(train_loss[place] as number) === loss && Object.is(cosine_to_mean[place], cosine_to_mean[at]),
      );
      if (alike === undefined) seen.set(norm, [at]);
      else if (other === undefined) alike.push(at);
      else
        yield {
          rule: 'duplicate_update',
          client: id,
          detail: 'its update norm, loss and cosine are those of another client in the same round, to six digits',
          evidence: { ...evidence(), other_client: client[other] as number },
        };
    }
  }

  /** An update without training: a vanishing norm, or examples faster than they can be computed. */
  *#freeRiders({ round, completed_at, columns: { client, values } }: ClosedRound): Iterable<Sign> {
    const norms = [...values.update_norm].filter((norm) => norm > 0 && Number.isFinite(norm));
    const usual = median(norms);
    const { duration_ms, sample_count, bytes_up, update_norm } = values;
    const perExample = Array.from(duration_ms, (ms, at) => ms / (sample_count[at] as number));
    const logs = perExample.filter((each) => each > 0 && Number.isFinite(each)).map(Math.log);
    const usualLog = median(logs);
    const sigma = madToSigma * median(logs.map((each) => Math.abs(each - usualLog)));
    const usualBytes = median([...bytes_up].filter(Number.isFinite));
    for (let at = 0; at < client.length; at++) {
      const id = client[at] as number;
      const norm = update_norm[at] as number;
      if (norms.length >= 3 && norm > 0 && norm <= tinyNorm * usual) {
        yield {
          rule: 'free_rider',
          client: id,
          detail: `suspicion: its update norm is ${figure(norm)}, of a median of ${figure(usual)}`,
          evidence: { test: 'tiny_update', update_norm: norm, median: usual, normal_from: tinyNorm * usual },
        };
      }
      const log = Math.log(perExample[at] as number);
      const sentAsMuch = Number.isNaN(usualBytes) || (bytes_up[at] as number) >= 0.5 * usualBytes;
      const isFast =
        logs.length >= 5 && sentAsMuch && log < usualLog + Math.log(tooFast) && log < usualLog - 4.5 * sigma;
      if (!isFast) {
        if (Number.isFinite(log)) this.#fast.delete(id);
        continue;
      }
      const row = this.#fast.get(id) ?? { count: 0, since_round: round, since: completed_at };
      row.count += 1;
      this.#fast.set(id, row);
      if (row.count < inARow) continue;
      const share = Math.exp(log - usualLog);
      yield {
        rule: 'free_rider',
        client: id,
        since_round: row.since_round,
        since: row.since,
        detail: `suspicion: it takes ${figure(share)}× the median time for an example, in ${row.count} rounds in a row`,
        evidence: {
          test: 'too_fast',
          share_of_median: share,
          normal_from: Math.min(tooFast, Math.exp(-4.5 * sigma)),
          rounds_in_a_row: row.count,
        },
      };
    }
  }

  *#statistics({ client, values, outcome }: Columns): Iterable<Sign> {
    for (const [index, measure] of measures.entries()) {
      const column = values[measure.name];
      const scaled = Float64Array.from(column, (value, at) => {
        // A zero update has no direction, and its norm is a fact already.
        if (outcome[at] !== outcomeCodes.complete || values.update_norm[at] === 0) return Number.NaN;
        if (measure.name !== 'cosine_to_mean') return value > 0 ? Math.log(value) : Number.NaN;
        return Math.abs(value) <= 1.000_001 ? Math.atanh(Math.max(-parallel, Math.min(parallel, value))) : Number.NaN;
      });
      const seen = (this.#watches[index] as Watch).step(client, scaled);
      yield* this.#signsOf(measure, seen, column, client);
    }
  }

  *#signsOf(measure: Measure, seen: Seen, column: Float32Array, client: Uint32Array): Iterable<Sign> {
    const marked = new Set<number>();
    const values = new Map<number, number>();
    if (seen.marks.length > 0) for (const [at, id] of client.entries()) values.set(id, column[at] as number);
    for (const { client: id, z, threshold, residual, bound, isProvisional } of seen.marks) {
      marked.add(id);
      const value = values.get(id) as number;
      const isCosine = measure.name === 'cosine_to_mean';
      const compared = isProvisional ? 'that of the other clients' : 'its usual one';
      const detail = isCosine
        ? `its ${measure.text} is ${figure(value)}, ${figure(Math.abs(z))} standard deviations from ${compared} (normal up to ${figure(threshold)})`
        : `its ${measure.text} is ${figure(Math.exp(residual))}× ${compared} (normal ${residual > 0 ? 'up to' : 'from'} ${figure(Math.exp(residual > 0 ? Math.abs(bound) : -Math.abs(bound)))}×)`;
      yield {
        rule: measure.unusual,
        client: id,
        isProvisional,
        detail,
        evidence: {
          value,
          z,
          threshold,
          provisional: isProvisional,
          ...(!isCosine && { ratio: Math.exp(residual), normal_up_to: Math.exp(Math.abs(bound)) }),
        },
      };
    }
    for (const { client: id, sum, bound, isUpward } of seen.drifts) {
      // The louder sign says it already.
      if (marked.has(id) || this.episodes.has(measure.unusual, id)) continue;
      yield {
        rule: measure.drift,
        client: id,
        detail: `its ${measure.text} has drifted ${isUpward ? 'up' : 'down'} against the other clients: cumulative sum ${figure(sum)} (normal up to ${figure(bound)})`,
        evidence: { cumulative_sum: sum, normal_up_to: bound, direction: isUpward ? 'up' : 'down' },
      };
    }
  }

  /** Clients that are always slow, by bounds from the run itself: k = exp(z·σ̂). */
  *#stragglers({ client, values, outcome }: Columns): Iterable<Sign> {
    const logs = Float64Array.from(values.duration_ms, (ms, at) =>
      outcome[at] === outcomeCodes.complete && ms > 0 ? Math.log(ms) : Number.NaN,
    );
    this.#durations.step(client, logs);
    const usual = new Float64Array(client.length);
    let n = 0;
    for (const id of client) {
      const place = this.#durations.usualOf(id);
      if (!Number.isNaN(place)) usual[n++] = place;
    }
    if (n < 5) return;
    const centre = medianInPlace(usual, n);
    for (let at = 0; at < n; at++) usual[at] = Math.abs((usual[at] as number) - centre);
    const sigma = Math.max(0.05, madToSigma * medianInPlace(usual, n));
    const k = Math.exp(Math.max(4.5, normalQuantile((2 * falseStragglers) / n)) * sigma);
    for (const [at, id] of client.entries()) {
      const ratio = Math.exp(this.#durations.usualOf(id) - centre);
      if (!(ratio > k) || outcome[at] !== outcomeCodes.complete) continue;
      yield {
        rule: 'straggler',
        client: id,
        detail: `it usually takes ${figure(ratio)}× the median duration (normal up to ${figure(k)}×)`,
        evidence: { ratio, normal_up_to: k, sigma },
      };
    }
  }
}

function* notFinite({ client, values, flags, outcome }: Columns): Iterable<Sign> {
  const watched = (['train_loss', 'update_norm', 'cosine_to_mean'] as const).map((name) => ({
    name: name as string,
    column: values[name],
    bits: bitsOf(values[name]),
  }));
  for (let at = 0; at < client.length; at++) {
    if (outcome[at] !== outcomeCodes.complete) continue;
    const names = watched.filter(({ column, bits }) => isNotFinite(column, bits, at)).map(({ name }) => name);
    if (((flags[at] as number) & flag.metricNotFinite) !== 0) names.push('a metric');
    if (names.length === 0) continue;
    const fields = names.join(', ');
    yield {
      rule: 'update_not_finite',
      client: client[at] as number,
      detail: `it reported NaN or infinity (${fields})`,
      evidence: { fields },
    };
  }
}

function* zeroUpdates({ client, values: { update_norm }, outcome }: Columns): Iterable<Sign> {
  // Where all updates are zero the measurement is, or the learning rate; the clients are not the cause.
  if (!update_norm.some((norm) => norm > 0)) return;
  for (let at = 0; at < client.length; at++) {
    if (update_norm[at] !== 0 || outcome[at] !== outcomeCodes.complete) continue;
    const detail = 'its update is exactly zero: it sent the model back as it came';
    yield { rule: 'zero_update', client: client[at] as number, detail, evidence: { update_norm: 0 } };
  }
}

/** The delta-weights attack sends the change of the global model back (Lin et al., arXiv 1911.12560). */
function* replays({ client, values: { cosine_to_previous } }: Columns): Iterable<Sign> {
  const known = [...cosine_to_previous].filter(Number.isFinite);
  if (known.length < 3) return;
  const usual = median(known);
  if (usual >= freshCosine) return;
  for (let at = 0; at < client.length; at++) {
    const cosine = cosine_to_previous[at] as number;
    if (!(cosine > replayCosine)) continue;
    yield {
      rule: 'replayed_update',
      client: client[at] as number,
      detail: `suspicion: its update points where the last round's mean update did (cosine ${figure(cosine)}, median ${figure(usual)})`,
      evidence: { cosine_to_previous: cosine, median: usual, normal_up_to: replayCosine },
    };
  }
}

/** A client's last figures, to find them again. */
class Figures {
  readonly #rounds: number[] = [];
  readonly #norms = new Float64Array(roundsOfFigures);
  readonly #losses = new Float64Array(roundsOfFigures);
  #count = 0;

  /** The oldest with these figures. */
  roundOf(norm: number, loss: number): number | undefined {
    const kept = Math.min(roundsOfFigures, this.#count);
    for (let n = this.#count - kept; n < this.#count; n++) {
      const place = n % roundsOfFigures;
      if (this.#norms[place] === norm && this.#losses[place] === loss) return this.#rounds[place];
    }
    return undefined;
  }

  add(round: number, norm: number, loss: number): void {
    const place = this.#count++ % roundsOfFigures;
    this.#rounds[place] = round;
    this.#norms[place] = norm;
    this.#losses[place] = loss;
  }
}

/**
 * A number rounded to six significant digits, as one number; NaN with four digits or fewer, because only figures with more are
 * as good as a fingerprint. Values travel as 32-bit floats, which hold seven.
 */
function fingerprint(value: number): number {
  if (!Number.isFinite(value) || value === 0) return Number.NaN;
  const size = Math.abs(value);
  const exponent = Math.floor(Math.log10(size));
  const digits = Math.round(size * 10 ** (5 - exponent));
  return digits % 100 === 0 ? Number.NaN : Math.sign(value) * (digits + 10_000_000 * (exponent + 100));
}

/** Three significant digits, as people read them. */
export const figure = (value: number): string => {
  const rounded = Number(value.toPrecision(3));
  return Math.abs(rounded) >= 1e6 || (rounded !== 0 && Math.abs(rounded) < 1e-4)
    ? rounded.toExponential(1)
    : String(rounded);
};
