import { type Random, sample } from './random.ts';
import { lossAndGradient, type Parameters, parameterCount } from './softmax-regression.ts';
import type { Dataset } from './synthetic.ts';

export interface LocalOptions {
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** FedProx's pull back to the global model; 0 is FedAvg. */
  readonly mu: number;
}

export interface LocalUpdate {
  readonly parameters: Parameters;
  /** Mean loss in nats over the last epoch, as training saw it. */
  readonly trainLoss: number;
}

/**
 * One client's part: mini-batch SGD from the global model on F_k(w) + μ/2 ‖w − w_global‖² (Li et al., MLSys 2020, eq. 2).
 */
export function trainLocally(global: Parameters, data: Dataset, options: LocalOptions, random: Random): LocalUpdate {
  const { epochs, batchSize, learningRate, mu } = options;
  const parameters = global.slice();
  const gradient = new Float64Array(parameterCount);
  let trainLoss = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = sample(random, [...data.y.keys()], data.size);
    trainLoss = 0;
    for (let start = 0; start < order.length; start += batchSize) {
      const rows = order.slice(start, start + batchSize);
      trainLoss += (lossAndGradient(parameters, data, rows, gradient) * rows.length) / data.size;
      for (let i = 0; i < parameterCount; i++) {
        const pull = mu * ((parameters[i] as number) - (global[i] as number));
        (parameters[i] as number) -= learningRate * ((gradient[i] as number) + pull);
      }
    }
  }
  return { parameters, trainLoss };
}

export interface WeightedParameters {
  readonly parameters: Parameters;
  readonly sampleCount: number;
}

/** Σ_k (n_k / n) w_k over at least one update (McMahan et al., AISTATS 2017, algorithm 1). */
export function aggregate(updates: readonly WeightedParameters[]): Parameters {
  const total = updates.reduce((sum, { sampleCount }) => sum + sampleCount, 0);
  const mean = new Float64Array(parameterCount);
  for (const { parameters, sampleCount } of updates) {
    for (let i = 0; i < parameterCount; i++) {
      (mean[i] as number) += ((parameters[i] as number) * sampleCount) / total;
    }
  }
  return Float32Array.from(mean);
}

export const subtract = (a: Parameters, b: Parameters): Parameters => a.map((value, i) => value - (b[i] as number));

export const norm = (vector: Parameters): number => Math.sqrt(dot(vector, vector));

/** Cosine of the angle between two vectors, −1 to 1; 0 where one of them has no direction. */
export function cosine(a: Parameters, b: Parameters): number {
  const lengths = norm(a) * norm(b);
  return lengths === 0 ? 0 : dot(a, b) / lengths;
}

function dot(a: Parameters, b: Parameters): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
