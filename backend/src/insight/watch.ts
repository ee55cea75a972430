import { madToSigma, medianInPlace, select, studentQuantile } from './statistics.ts';

/** Rounds of a client that say what is usual for it. */
export const windowRounds = 10;
/** Below so many of its own rounds nothing is said of a client. */
const leastHistory = 5;
/** Standard deviations from a client's usual place; raised where the tails are heavy. */
export const unusualAt = 4.5;
/** Rounds by which the weight of the tails is judged. */
const tailRounds = 100;
const maxTailClients = 5_000;
const maxTailValues = 20_000;
/** Residuals that a scale needs, from at most so many rounds. */
const leastForScale = 200;
const maxScaleRounds = 40;
/** One round's own scale counts from so many clients. */
const leastToTrust = 30;
/** Fewer residuals say nothing about a tail. */
const leastTail = 200;
const tailShare = 0.97;
/** The relative standard error of a normal distribution's 97th percentile of |z|, times √m. */
const tailError = 1.03;
/** That percentile is 2.17 in a normal distribution; slightly above it means little, especially with few residuals. */
const normalTail = (residuals: number): number => (residuals < 1_000 ? 2.4 : 2.2);
/** Marks of honest clients that one measure may make in a round, where the tails are heavy. */
const falseMarksPerRound = 0.001;
/** False marks of slow drift in a round, of all measures together. */
const falseDriftsPerRound = 0.0005;
// On a log scale this is one per cent: what differs less is not worth a look, however alike the others are.
const leastScale = 0.01;

export interface Mark {
  readonly client: number;
  /** Standard deviations from its usual place, with its sign. */
  readonly z: number;
  readonly threshold: number;
  /** Distance on the transformed scale, and the one from which it counts. */
  readonly residual: number;
  readonly bound: number;
  /** By comparison with the others in one round, while no history exists. */
  readonly isProvisional: boolean;
}

export interface Drift {
  readonly client: number;
  readonly sum: number;
  readonly bound: number;
  readonly isUpward: boolean;
}

export interface Seen {
  readonly marks: readonly Mark[];
  readonly drifts: readonly Drift[];
}

interface Options {
  /** How many measures share the budget of false marks. */
  readonly measures: number;
  /** True if an unusual value is left out of the baseline, so that a lasting change stays visible. */
  readonly freezes?: boolean;
}

/**
 * Watches one measure of all clients of a run, round by round, on a scale where noise adds up (ln, Fisher z).
 *
 * Incremental two-way median polish (Tukey, J. W. (1977). Exploratory Data Analysis. Reading, Massachusetts: Addison-Wesley; the
 * source that R names for `medpolish`): x_it = a_i + b_t + r_it, where a_i is the
 * median of the client's last ten x − b, from before this round, and b_t the median of x − a over the round's clients.
 * A plain cross-section accuses honest clients, because they differ for good: here each is compared with itself.
 * The scale is the median absolute residual of the last ten rounds or more, which contains the error of a_i.
 *
 * Slow drift is a two-sided cumulative sum (k = ½) of each value against the mean of all the client's earlier ones,
 * (x − x̄)/(σ√(1 + 1/m)): independent and standard normal while nothing changes, however few the earlier ones are.
 */
export class Watch {
  readonly #options: Options;
  #capacity = 0;
  #offsets = new Float32Array(0);
  #counts = new Uint32Array(0);
  #usual = new Float64Array(0);
  #zs = new Float32Array(0);
  #zCounts = new Uint32Array(0);
  #isMarked = new Uint8Array(0);
  #means = new Float64Array(0);
  #meanCounts = new Uint32Array(0);
  #squares = new Float64Array(0);
  #up = new Float32Array(0);
  #down = new Float32Array(0);
  readonly #residuals: Float64Array[] = [];
  #scratch = new Float64Array(64);
  #spread = 1;

  constructor(options: Options) {
    this.#options = options;
  }

  /** The client's usual position relative to the others, on the transformed scale; NaN below five rounds. */
  usualOf(client: number): number {
    return (this.#counts[client] ?? 0) >= leastHistory ? (this.#usual[client] as number) : Number.NaN;
  }

  /** Takes the round's values: `values[j]` of client `clients[j]`; NaN where there is none. */
  step(clients: Uint32Array, values: Float64Array): Seen {
    const present: number[] = [];
    let highest = 0;
    for (let j = 0; j < clients.length; j++) {
      if (!Number.isFinite(values[j])) continue;
      present.push(j);
      highest = Math.max(highest, clients[j] as number);
    }
    const n = present.length;
    if (n < 3) return nothing;
    this.#grow(highest + 1, n);
    const scratch = this.#scratch;
    let known = 0;
    for (const j of present) {
      const client = clients[j] as number;
      if ((this.#counts[client] as number) >= leastHistory)
        scratch[known++] = (values[j] as number) - (this.#usual[client] as number);
    }
    // A round of newcomers says nothing about where those stand who are known.
    const isFirst = known < 3 || known * 2 < n;
    if (isFirst) for (const [at, j] of present.entries()) scratch[at] = values[j] as number;
    const centre = medianInPlace(scratch, isFirst ? n : known);
    return isFirst
      ? this.#begin(clients, values, present, centre)
      : this.#compare(clients, values, present, centre, known);
  }

  #begin(clients: Uint32Array, values: Float64Array, present: readonly number[], centre: number): Seen {
    const n = present.length;
    for (const [at, j] of present.entries()) this.#scratch[at] = Math.abs((values[j] as number) - centre);
    const scale = Math.max(leastScale, madToSigma * medianInPlace(this.#scratch, n));
    const threshold = crossSectionThreshold(n);
    const marks: Mark[] = [];
    for (const j of present) {
      const residual = (values[j] as number) - centre;
      this.#learn(clients[j] as number, residual);
      if (Math.abs(residual) <= threshold * scale) continue;
      const of = { client: clients[j] as number, residual, bound: threshold * scale };
      marks.push({ ...of, z: residual / scale, threshold, isProvisional: true });
    }
    return { marks, drifts: [] };
  }

  #compare(
    clients: Uint32Array,
    values: Float64Array,
    present: readonly number[],
    centre: number,
    known: number,
  ): Seen {
    const residuals = new Float64Array(known);
    let at = 0;
    for (const j of present) {
      const client = clients[j] as number;
      if ((this.#counts[client] as number) < leastHistory) continue;
      residuals[at++] = (values[j] as number) - centre - (this.#usual[client] as number);
    }
    const scale = this.#scaleOf(residuals);
    const [high, low] = [this.#thresholdFor(known, 1), this.#thresholdFor(known, -1)];
    const sigma = scale / Math.sqrt(1 + 1.57 / windowRounds);
    const limit = this.#driftLimit(known);
    const marks: Mark[] = [];
    const drifts: Drift[] = [];
    let squares = 0;
    at = 0;
    for (const j of present) {
      const client = clients[j] as number;
      const offset = (values[j] as number) - centre;
      if ((this.#counts[client] as number) < leastHistory) {
        this.#learn(client, offset);
        continue;
      }
      const residual = residuals[at++] as number;
      let z = residual / scale;
      const threshold = z > 0 ? high : low;
      if (Math.abs(z) > threshold) z /= this.#ownSpread(client);
      const isUnusual = Math.abs(z) > threshold && (this.#counts[client] as number) >= windowRounds;
      if (isUnusual)
        marks.push({ client, z, threshold, residual, bound: (threshold * residual) / z, isProvisional: false });
      if (!isUnusual || this.#isMarked[client] === 0) this.#pushZ(client, Math.max(-threshold, Math.min(threshold, z)));
      this.#isMarked[client] = Number(isUnusual);
      squares += this.#accumulate(client, offset, sigma) ** 2;
      if (!isUnusual || this.#options.freezes === false) this.#learn(client, offset);
    }
    // Heavy tails make the sums wander; half of the clients are enough to say so.
    this.#spread = Math.max(1, 0.95 * this.#spread + 0.05 * Math.sqrt(squares / known));
    const usualSum = this.#usualSum(clients, present);
    for (const j of present) {
      const client = clients[j] as number;
      const [up, down] = [this.#up[client] as number, this.#down[client] as number];
      const sum = Math.max(up, down);
      const bound = Math.max(limit, 6 * usualSum);
      if (sum > bound) drifts.push({ client, sum, bound, isUpward: up > down });
    }
    return { marks, drifts };
  }

  /**
   * The spread of the last ten rounds, or of up to forty with few clients. If only this round is much wider, all clients
   * have moved, and no single one is marked.
   */
  #scaleOf(residuals: Float64Array): number {
    const history = this.#residuals;
    history.push(residuals.map(Math.abs));
    let length = history.reduce((sum, each) => sum + each.length, 0);
    while (
      history.length > maxScaleRounds ||
      (history.length > windowRounds && length - (history[0] as Float64Array).length >= leastForScale)
    )
      length -= (history.shift() as Float64Array).length;
    this.#reserve(length);
    let at = 0;
    for (const each of history) {
      this.#scratch.set(each, at);
      at += each.length;
    }
    const pooled = medianInPlace(this.#scratch, length);
    if (residuals.length < leastToTrust) return Math.max(leastScale, madToSigma * pooled);
    this.#scratch.set(residuals.map(Math.abs));
    const ofRound = medianInPlace(this.#scratch, residuals.length);
    return Math.max(leastScale, madToSigma * Math.max(pooled, 0.85 * ofRound));
  }

  /**
   * 4.5, and further out only where the residuals clearly have heavier tails than a normal distribution: then so far that
   * `falseMarksPerRound` honest clients are beyond it. The 97th percentile of the clients' last residuals says how heavy
   * a tail is, less two standard errors; the Student distribution that has the same one serves. Each side has its own,
   * because the logarithm of a measure is often skewed.
   */
  #thresholdFor(n: number, side: 1 | -1): number {
    const clients = Math.min(this.#capacity, maxTailClients);
    const each = Math.max(1, Math.min(tailRounds, Math.floor(maxTailValues / Math.max(1, n))));
    this.#reserve(clients * each);
    let m = 0;
    for (let client = 0; client < clients; client++) {
      // An attacker that is marked at the moment may not widen the bound.
      if (this.#isMarked[client] === 1) continue;
      const count = this.#zCounts[client] as number;
      for (let back = 1; back <= Math.min(each, count); back++) {
        const size = side * (this.#zs[client * tailRounds + ((count - back) % tailRounds)] as number);
        if (size > 0) this.#scratch[m++] = size;
      }
    }
    if (m < leastTail) return unusualAt;
    const seen = select(this.#scratch, m, Math.floor(tailShare * m));
    const atLeast = seen * (1 - (2 * tailError) / Math.sqrt(m));
    return atLeast <= normalTail(m) ? unusualAt : Math.max(unusualAt, tailThreshold(atLeast, falseMarksPerRound / n));
  }

  /** At least 1: a client that has always been noisier than the others is judged by its own noise. */
  #ownSpread(client: number): number {
    const count = Math.min(tailRounds, this.#zCounts[client] as number);
    if (count < windowRounds) return 1;
    const own = Float64Array.from(this.#zs.subarray(client * tailRounds, client * tailRounds + count), Math.abs);
    const spread = madToSigma * medianInPlace(own, count);
    // Only what is clearly above the others' noise counts: two standard errors of a median absolute deviation.
    return spread * (1 - 1.7 / Math.sqrt(count)) <= 1 ? 1 : spread;
  }

  #accumulate(client: number, offset: number, sigma: number): number {
    const count = this.#meanCounts[client] as number;
    const mean = this.#means[client] as number;
    const t = (offset - mean) / (sigma * Math.sqrt(1 + 1 / count));
    // One wild value is the other rule's; here it may not count for more than a few steady ones.
    const step = Math.max(-2.5, Math.min(2.5, t));
    const squares = (this.#squares[client] as number) + step * step;
    this.#squares[client] = squares;
    // Its own variance, as if twenty rounds had had the others'.
    const own = Math.sqrt(Math.max(1, (20 + squares) / (20 + count - leastHistory + 1)));
    const scaled = step / Math.max(this.#spread, own);
    this.#up[client] = Math.max(0, (this.#up[client] as number) + scaled - 0.5);
    this.#down[client] = Math.max(0, (this.#down[client] as number) - scaled - 0.5);
    return step;
  }

  /** The median of all clients. If all drift, as in a converging model, no single client is marked. */
  #usualSum(clients: Uint32Array, present: readonly number[]): number {
    let n = 0;
    for (const j of present) {
      const client = clients[j] as number;
      this.#scratch[n++] = Math.max(this.#up[client] as number, this.#down[client] as number);
    }
    return medianInPlace(this.#scratch, n);
  }

  /**
   * h with at most `falseDriftsPerRound` false marks. Of a one-sided sum the mean number of rounds to a false mark is about
   * (e^(2kb) − 2kb − 1) / (2k²) with b = h + 1.166 (Siegmund, D. (1985). Sequential Analysis: Tests and Confidence Intervals. New
   * York: Springer; as textbooks of quality control repeat it), and half of that of a two-sided one: e^b − b − 1 for k = ½. The
   * test measures it.
   */
  #driftLimit(n: number): number {
    return Math.max(n < 10 ? 5 : 6, Math.log((n * this.#options.measures) / falseDriftsPerRound) - 1.166);
  }

  #learn(client: number, offset: number): void {
    const count = this.#counts[client] as number;
    this.#offsets[client * windowRounds + (count % windowRounds)] = offset;
    this.#counts[client] = count + 1;
    const known = Math.min(windowRounds, count + 1);
    for (let at = 0; at < known; at++) ring[at] = this.#offsets[client * windowRounds + at] as number;
    this.#usual[client] = medianInPlace(ring, known);
    const seen = (this.#meanCounts[client] as number) + 1;
    this.#meanCounts[client] = seen;
    this.#means[client] = (this.#means[client] as number) + (offset - (this.#means[client] as number)) / seen;
  }

  #pushZ(client: number, z: number): void {
    const count = this.#zCounts[client] as number;
    this.#zs[client * tailRounds + (count % tailRounds)] = z;
    this.#zCounts[client] = count + 1;
  }

  #reserve(length: number): void {
    if (this.#scratch.length >= length) return;
    const larger = new Float64Array(length * 2);
    larger.set(this.#scratch);
    this.#scratch = larger;
  }

  #grow(clients: number, present: number): void {
    this.#reserve(present);
    if (clients <= this.#capacity) return;
    const capacity = Math.max(16, clients, this.#capacity * 2);
    const longer = <A extends Float32Array | Float64Array | Uint32Array | Uint8Array>(known: A, each = 1): A => {
      const made = new (known.constructor as new (length: number) => A)(capacity * each);
      made.set(known);
      return made;
    };
    this.#offsets = longer(this.#offsets, windowRounds);
    this.#counts = longer(this.#counts);
    this.#usual = longer(this.#usual);
    this.#zs = longer(this.#zs, tailRounds);
    this.#zCounts = longer(this.#zCounts);
    this.#isMarked = longer(this.#isMarked);
    this.#means = longer(this.#means);
    this.#meanCounts = longer(this.#meanCounts);
    this.#squares = longer(this.#squares);
    this.#up = longer(this.#up);
    this.#down = longer(this.#down);
    this.#capacity = capacity;
  }
}

const nothing: Seen = { marks: [], drifts: [] };
const ring = new Float64Array(windowRounds);

/**
 * One round alone, while no client has a history: twice the threshold that one round in a hundred of honest clients
 * passes (simulated for 8 to 500 normal clients), and nothing at all below eight. Only gross values pass it.
 */
const crossSectionThreshold = (n: number): number => (n < 8 ? Number.POSITIVE_INFINITY : 2 * (4.2 + 270 / (n * n)));

const degreesTried = [Number.POSITIVE_INFINITY, 30, 15, 10, 7, 5, 4, 3, 2.5, 2] as const;

/** The threshold that `p` of the residuals pass, on the scale of their median absolute deviation. */
function tailThreshold(seen: number, p: number): number {
  let best: number = Number.POSITIVE_INFINITY;
  let leastGap = Number.POSITIVE_INFINITY;
  for (const degrees of degreesTried) {
    const gap = Math.abs(Math.log(seen / (cachedQuantile(1 - tailShare, degrees) / unitOf(degrees))));
    if (gap >= leastGap) continue;
    leastGap = gap;
    best = degrees;
  }
  return cachedQuantile(p, best) / unitOf(best);
}

const units = new Map<number, number>();
/** The scaled median absolute deviation of a Student distribution. */
function unitOf(degrees: number): number {
  const known = units.get(degrees) ?? madToSigma * studentQuantile(0.5, degrees);
  units.set(degrees, known);
  return known;
}

let lastQuantiles = new Map<string, number>();
function cachedQuantile(p: number, degrees: number): number {
  const key = `${p} ${degrees}`;
  const known = lastQuantiles.get(key);
  if (known !== undefined) return known;
  if (lastQuantiles.size > 1_000) lastQuantiles = new Map();
  const value = studentQuantile(p, degrees);
  lastQuantiles.set(key, value);
  return value;
}
