import { madToSigma, medianInPlace, studentQuantile } from './statistics.ts';

/** Rounds of a client that say what is usual for it. */
export const windowRounds = 10;
/** Below so many of its own rounds nothing is said of a client. */
const leastHistory = 5;
/** Standard deviations from a client's usual place; raised where clients are many or the tails are heavy. */
export const unusualAt = 4.5;
/** Rounds by which the weight of the tails is judged. */
const tailRounds = 100;
const maxTailClients = 5_000;
/** Marks of honest clients that one measure may make in a round, by the threshold. */
const falseMarksPerRound = 0.0003;
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
  /** Whether an unusual value is kept out of what is usual, so that a lasting change stays in sight. */
  readonly freezes?: boolean;
}

/**
 * Watches one measure of all clients of a run, round by round, on a scale where noise adds up (ln, Fisher z).
 *
 * Incremental two-way median polish (Tukey, Exploratory Data Analysis, 1977): x_it = a_i + b_t + r_it, where a_i is the
 * median of the client's last ten x − b, from before this round, and b_t the median of x − a over the round's clients.
 * A plain cross-section accuses honest clients, because they differ for good; what is compared here is each with itself.
 * The scale is the median absolute residual of the last ten rounds, which contains the error of a_i.
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

  /** Where the client usually stands relative to the others, on the transformed scale; NaN below five rounds. */
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

  /** Of the last ten rounds; where this round alone is much wider, everybody has moved, and that accuses no one. */
  #scaleOf(residuals: Float64Array): number {
    this.#residuals.push(residuals.map(Math.abs));
    if (this.#residuals.length > windowRounds) this.#residuals.shift();
    const length = this.#residuals.reduce((sum, each) => sum + each.length, 0);
    this.#reserve(length);
    let at = 0;
    for (const each of this.#residuals) {
      this.#scratch.set(each, at);
      at += each.length;
    }
    const pooled = medianInPlace(this.#scratch, length);
    this.#scratch.set(this.#residuals.at(-1) as Float64Array);
    const ofRound = medianInPlace(this.#scratch, residuals.length);
    const trust = residuals.length < 20 ? 0.6 : 0.85;
    return Math.max(leastScale, madToSigma * Math.max(pooled, trust * ofRound));
  }

  /**
   * At least 4.5, and so far out that `falseMarksPerRound` honest clients are beyond it. How heavy a tail is is seen at
   * the largest residuals of the typical client, which no minority of attackers can move: the Student distribution that
   * has the same median of maxima. Each side has its own, because the logarithm of a measure is often skewed.
   */
  #thresholdFor(n: number, side: 1 | -1): number {
    let clients = 0;
    let rounds = 0;
    this.#reserve(Math.min(this.#capacity, maxTailClients));
    for (let client = 0; client < this.#capacity && clients < maxTailClients; client++) {
      const count = Math.min(tailRounds, this.#zCounts[client] as number);
      if (count < leastHistory) continue;
      let largest = 0;
      for (let at = client * tailRounds; at < client * tailRounds + count; at++) {
        const size = side * (this.#zs[at] as number);
        if (size > largest) largest = size;
      }
      this.#scratch[clients++] = largest;
      rounds += count;
    }
    const p = falseMarksPerRound / n;
    if (clients < 3) return Number.POSITIVE_INFINITY;
    // The median of few clients' maxima is itself uncertain: that alone must not look like a heavy tail.
    const largest = medianInPlace(this.#scratch, clients) / (1 + 0.45 / Math.sqrt(clients));
    const typicalRounds = Math.round(rounds / clients);
    const threshold = tailThreshold(largest, typicalRounds, p);
    // Few rounds do not show what a tail does further out.
    const early = Math.max(1, 2.25 - typicalRounds / (2 * windowRounds));
    return early * Math.max(unusualAt, threshold);
  }

  /** At least 1: a client that has always been noisier than the others is judged by its own noise. */
  #ownSpread(client: number): number {
    const count = Math.min(tailRounds, this.#zCounts[client] as number);
    if (count < windowRounds) return 1;
    const own = Float64Array.from(this.#zs.subarray(client * tailRounds, client * tailRounds + count), Math.abs);
    const spread = madToSigma * medianInPlace(own, count);
    // Its own noise is known from few rounds: one standard error is added where it is clearly above the others'.
    return spread < 1.25 ? 1 : spread * (1 + 1.6 / Math.sqrt(count));
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

  /** Half of the clients are below it. Where all drift, as a model does that converges, no single one stands out. */
  #usualSum(clients: Uint32Array, present: readonly number[]): number {
    let n = 0;
    for (const j of present) {
      const client = clients[j] as number;
      this.#scratch[n++] = Math.max(this.#up[client] as number, this.#down[client] as number);
    }
    return medianInPlace(this.#scratch, n);
  }

  /**
   * h with at most `falseDriftsPerRound` false marks: the mean of rounds to a false one of the two-sided sum is about
   * e^b − b − 1 for b = h + 1.166 (Siegmund's approximation at k = ½); the test measures it.
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
const expectedLargest = new Map<string, number>();

/** The threshold that `p` of the residuals pass, on the scale of their median absolute deviation. */
function tailThreshold(largest: number, rounds: number, p: number): number {
  let best: number = Number.POSITIVE_INFINITY;
  let leastGap = Number.POSITIVE_INFINITY;
  for (const degrees of degreesTried) {
    const gap = Math.abs(Math.log(largest / typicalLargest(degrees, rounds)));
    if (gap >= leastGap) continue;
    leastGap = gap;
    best = degrees;
  }
  return cachedQuantile(p, best) / unitOf(best);
}

/** Half of the clients have no larger residual in so many rounds. */
function typicalLargest(degrees: number, rounds: number): number {
  const key = `${degrees} ${rounds}`;
  const known = expectedLargest.get(key);
  if (known !== undefined) return known;
  const value = studentQuantile(Math.min(1, 2 * (1 - 0.5 ** (1 / rounds))), degrees) / unitOf(degrees);
  expectedLargest.set(key, value);
  return value;
}

const units = new Map<number, number>();
/** What the scaled median absolute deviation of a Student distribution is. */
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
