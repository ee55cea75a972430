/** The k-th smallest of the first `n` values, which it reorders. Hoare's selection: linear on average. */
export function select(values: Float64Array, n: number, k: number): number {
  let low = 0;
  let high = n - 1;
  while (low < high) {
    const pivot = values[(low + high) >> 1] as number;
    let [i, j] = [low, high];
    while (i <= j) {
      while ((values[i] as number) < pivot) i++;
      while ((values[j] as number) > pivot) j--;
      if (i > j) break;
      const swapped = values[i] as number;
      values[i++] = values[j] as number;
      values[j--] = swapped;
    }
    if (k <= j) high = j;
    else if (k >= i) low = i;
    else break;
  }
  return values[k] as number;
}

/** The median of the first `n` values, which it reorders; NaN of none. */
export function medianInPlace(values: Float64Array, n: number): number {
  if (n === 0) return Number.NaN;
  const upper = select(values, n, n >> 1);
  if (n % 2 === 1) return upper;
  let lower = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < n >> 1; i++) if ((values[i] as number) > lower) lower = values[i] as number;
  return (lower + upper) / 2;
}

export const median = (values: ArrayLike<number>): number => medianInPlace(Float64Array.from(values), values.length);

/** From sorted values, between neighbours linearly: type 7 of Hyndman and Fan, as NumPy and R do by default. */
export function quantileOf(sorted: ArrayLike<number>, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? Number.NaN;
  return low + (place - below) * (high - low);
}

/** Scales a median absolute deviation to the standard deviation of a normal distribution. */
export const madToSigma = 1.4826;

/** Jain's fairness index (Σx)² / (n Σx²): 1 when all are equal, 1/n when one has everything. */
export function jainIndex(values: ArrayLike<number>): number | null {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value < 0) return null;
    sum += value;
    squares += value * value;
  }
  return squares === 0 ? null : Math.min(1, (sum * sum) / (values.length * squares));
}

/** Gini's coefficient: 0 when all are equal, towards 1 when one has everything; null of none or of zeros. */
export function giniOf(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const total = sorted.reduce((sum, value) => sum + value, 0);
  if (total <= 0) return null;
  const weighted = sorted.reduce((sum, value, at) => sum + (at + 1) * value, 0);
  return Math.max(0, (2 * weighted) / (sorted.length * total) - (sorted.length + 1) / sorted.length);
}

/** Which of many tests stand when at most this share of those that do may be false (Benjamini and Hochberg, 1995). */
export function benjaminiHochberg(p: readonly number[], share: number): boolean[] {
  const order = p.map((_, at) => at).sort((a, b) => (p[a] as number) - (p[b] as number));
  const last = order.findLastIndex((at, rank) => (p[at] as number) <= (share * (rank + 1)) / p.length);
  const stands = new Array<boolean>(p.length).fill(false);
  for (const at of order.slice(0, last + 1)) stands[at] = true;
  return stands;
}

/** P(|Z| > z) of a normal distribution, by the incomplete gamma function's continued fraction or series. */
export function normalTwoSided(z: number): number {
  const x = (z * z) / 2;
  // P(χ²₁ > z²) = Q(1/2, x).
  if (x < 1.5) {
    let term = Math.sqrt(x) / (Math.sqrt(Math.PI) / 2);
    let sum = term;
    for (let n = 1; n < 200; n++) {
      term *= x / (n + 0.5);
      sum += term;
    }
    return Math.max(0, 1 - sum * Math.exp(-x));
  }
  let fraction = 0;
  for (let n = 200; n >= 1; n--) fraction = (n * (0.5 - n)) / (x + 2 * n + 0.5 + fraction);
  return (Math.exp(-x) * Math.sqrt(x)) / (Math.sqrt(Math.PI) * (x + 0.5 + fraction));
}

/** P(|T| > t) of Student's distribution with any number of degrees of freedom. */
export function studentTwoSided(t: number, degrees: number): number {
  if (!Number.isFinite(degrees) || degrees > 1e6) return normalTwoSided(t);
  return incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5);
}

/** The t ≥ 0 with P(|T| > t) = p. */
export function studentQuantile(p: number, degrees: number): number {
  let high = 1;
  while (studentTwoSided(high, degrees) > p && high < 1e12) high *= 2;
  let low = 0;
  for (let n = 0; n < 80; n++) {
    const middle = (low + high) / 2;
    if (studentTwoSided(middle, degrees) > p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

export const normalQuantile = (p: number): number => studentQuantile(p, Number.POSITIVE_INFINITY);

/** The regularised incomplete beta function, by Lentz's continued fraction. */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(a * Math.log(x) + b * Math.log(1 - x) + logGamma(a + b) - logGamma(a) - logGamma(b)) / a;
  const tiny = 1e-300;
  let c = 1;
  let d = 1 / guard(1 - ((a + b) * x) / (a + 1), tiny);
  let fraction = d;
  for (let m = 1; m <= 300; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / guard(1 + even * d, tiny);
    c = guard(1 + even / c, tiny);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / guard(1 + odd * d, tiny);
    c = guard(1 + odd / c, tiny);
    const step = d * c;
    fraction *= step;
    if (Math.abs(step - 1) < 1e-14) break;
  }
  return front * fraction;
}

const guard = (value: number, tiny: number): number => (Math.abs(value) < tiny ? tiny : value);

/** Lanczos' approximation (g = 7, nine terms), good to 15 digits. */
function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const terms = [
    0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
    12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
  ];
  const [first = 0, ...rest] = terms;
  const sum = rest.reduce((total, term, n) => total + term / (x + n), first);
  const t = x + 6.5;
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}

/** The two-sample Kolmogorov–Smirnov test with the asymptotic p value (Stephens' correction for few values). */
export function kolmogorovSmirnov(a: readonly number[], b: readonly number[]): { statistic: number; p_value: number } {
  const [x, y] = [[...a].sort((p, q) => p - q), [...b].sort((p, q) => p - q)];
  let [i, j, statistic] = [0, 0, 0];
  while (i < x.length && j < y.length) {
    const value = Math.min(x[i] as number, y[j] as number);
    while (i < x.length && (x[i] as number) <= value) i++;
    while (j < y.length && (y[j] as number) <= value) j++;
    statistic = Math.max(statistic, Math.abs(i / x.length - j / y.length));
  }
  const root = Math.sqrt((x.length * y.length) / (x.length + y.length));
  const lambda = (root + 0.12 + 0.11 / root) * statistic;
  // Below this the series does not converge, and the probability is 1 to ten digits.
  if (lambda < 0.27) return { statistic, p_value: 1 };
  let p = 0;
  for (let k = 1; k <= 100; k++) p += 2 * (-1) ** (k - 1) * Math.exp(-2 * k * k * lambda * lambda);
  return { statistic, p_value: Math.min(1, Math.max(0, p)) };
}
