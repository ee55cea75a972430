import { createRandom, normal, type Random, sample } from './random.ts';

export const featureCount = 60;
export const classCount = 10;

/** `size` rows of 60 features, row by row, and their classes 0 to 9. */
export interface Dataset {
  readonly size: number;
  readonly x: Float32Array;
  readonly y: Uint8Array;
}

export interface ClientData {
  readonly client_id: string;
  readonly train: Dataset;
  readonly test: Dataset;
}

export interface SyntheticOptions {
  /** How much the clients' true models differ. */
  readonly alpha: number;
  /** How much the clients' inputs differ. */
  readonly beta: number;
  readonly clients: number;
  readonly seed: number;
}

// The authors' sizes are exp(N(4, 2²)) + 50: a few clients would have 100,000 rows and take minutes of CPU per round.
const mostRows = 1_000;
const trainShare = 0.9;

/**
 * The Synthetic(α, β) benchmark of FedProx (Li et al., MLSys 2020, arXiv 1812.06127, section 5.1 and appendix C.1):
 *
 *   u_k ~ N(0, α), B_k ~ N(0, β);  W_k, b_k ~ N(u_k, 1);  v_k ~ N(B_k, 1);  x ~ N(v_k, Σ), Σ_jj = j^-1.2;  y = argmax(W_k x + b_k)
 *
 * α and β are standard deviations, as in the authors' code. Sizes follow their log-normal law, cut at 1,000 rows.
 */
export function makeSynthetic({ alpha, beta, clients, seed }: SyntheticOptions): ClientData[] {
  return Array.from({ length: clients }, (_, index) => {
    const random = createRandom(seed, `data ${index}`);
    const size = Math.min(mostRows, Math.floor(Math.exp(normal(random, 4, 2))) + 50);
    const data = makeClient(random, normal(random, 0, alpha), normal(random, 0, beta), size);
    const order = sample(random, [...data.y.keys()], size);
    const trainSize = Math.floor(size * trainShare);
    return {
      client_id: `client-${String(index + 1).padStart(2, '0')}`,
      train: pick(data, order.slice(0, trainSize)),
      test: pick(data, order.slice(trainSize)),
    };
  });
}

/** All rows of several data sets as one. */
export function pool(datasets: readonly Dataset[]): Dataset {
  const size = datasets.reduce((sum, dataset) => sum + dataset.size, 0);
  const x = new Float32Array(size * featureCount);
  const y = new Uint8Array(size);
  let row = 0;
  for (const dataset of datasets) {
    x.set(dataset.x, row * featureCount);
    y.set(dataset.y, row);
    row += dataset.size;
  }
  return { size, x, y };
}

function makeClient(random: Random, modelMean: number, inputMean: number, size: number): Dataset {
  const weights = Float64Array.from({ length: classCount * featureCount }, () => normal(random, modelMean));
  const biases = Float64Array.from({ length: classCount }, () => normal(random, modelMean));
  const centre = Float64Array.from({ length: featureCount }, () => normal(random, inputMean));
  const x = new Float32Array(size * featureCount);
  const y = new Uint8Array(size);
  for (let row = 0; row < size; row++) {
    const features = x.subarray(row * featureCount, (row + 1) * featureCount);
    for (let j = 0; j < featureCount; j++) features[j] = normal(random, centre[j], (j + 1) ** -0.6);
    y[row] = argmaxClass(weights, biases, features);
  }
  return { size, x, y };
}

/** Softmax keeps the order of its inputs, so the most probable class is the one with the largest score. */
function argmaxClass(weights: Float64Array, biases: Float64Array, features: Float32Array): number {
  let best = 0;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < classCount; c++) {
    let score = biases[c] as number;
    for (let j = 0; j < featureCount; j++) {
      score += (weights[c * featureCount + j] as number) * (features[j] as number);
    }
    if (score <= bestScore) continue;
    best = c;
    bestScore = score;
  }
  return best;
}

function pick(data: Dataset, rows: readonly number[]): Dataset {
  const x = new Float32Array(rows.length * featureCount);
  const y = new Uint8Array(rows.length);
  for (const [to, from] of rows.entries()) {
    x.set(data.x.subarray(from * featureCount, (from + 1) * featureCount), to * featureCount);
    y[to] = data.y[from] as number;
  }
  return { size: rows.length, x, y };
}
