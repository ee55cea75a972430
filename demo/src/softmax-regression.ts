import { classCount, type Dataset, featureCount } from './synthetic.ts';

/** W as 10 rows of 60, then b: 610 numbers, 2,440 bytes as float32. */
export type Parameters = Float32Array;

export const biasOffset = classCount * featureCount;
export const parameterCount = biasOffset + classCount;

export const zeroParameters = (): Parameters => new Float32Array(parameterCount);

export interface Evaluation {
  /** Mean cross-entropy in nats. */
  readonly loss: number;
  /** Share of rows whose most probable class is right, 0 to 1. */
  readonly accuracy: number;
}

/** Mean loss −ln softmax(Wx + b)_y and accuracy over a data set of at least one row. */
export function evaluate(parameters: Parameters, data: Dataset): Evaluation {
  const probabilities = new Float64Array(classCount);
  let loss = 0;
  let right = 0;
  for (let row = 0; row < data.size; row++) {
    loss += predict(parameters, data, row, probabilities);
    if (probabilities.indexOf(Math.max(...probabilities)) === data.y[row]) right++;
  }
  return { loss: loss / data.size, accuracy: right / data.size };
}

/**
 * Mean loss over the given rows; writes its gradient into `gradient` (610): ∂/∂W_c = mean((p_c − [y = c]) x),
 * ∂/∂b_c = mean(p_c − [y = c]) (Bishop, Pattern Recognition and Machine Learning, eq. 4.109).
 */
export function lossAndGradient(
  parameters: Parameters,
  data: Dataset,
  rows: ArrayLike<number>,
  gradient: Float64Array,
): number {
  const probabilities = new Float64Array(classCount);
  gradient.fill(0);
  let loss = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    loss += predict(parameters, data, row, probabilities);
    const start = row * featureCount;
    for (let c = 0; c < classCount; c++) {
      const error = ((probabilities[c] as number) - (data.y[row] === c ? 1 : 0)) / rows.length;
      const weights = c * featureCount;
      for (let j = 0; j < featureCount; j++) {
        (gradient[weights + j] as number) += error * (data.x[start + j] as number);
      }
      (gradient[biasOffset + c] as number) += error;
    }
  }
  return loss / rows.length;
}

/** Writes softmax(Wx + b) into `probabilities` and returns −ln of the true class's, without overflow for any score. */
function predict(parameters: Parameters, data: Dataset, row: number, probabilities: Float64Array): number {
  const start = row * featureCount;
  let largest = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < classCount; c++) {
    let score = parameters[biasOffset + c] as number;
    const weights = c * featureCount;
    for (let j = 0; j < featureCount; j++) {
      score += (parameters[weights + j] as number) * (data.x[start + j] as number);
    }
    probabilities[c] = score;
    largest = Math.max(largest, score);
  }
  const trueScore = (probabilities[data.y[row] as number] as number) - largest;
  let total = 0;
  for (let c = 0; c < classCount; c++) total += probabilities[c] = Math.exp((probabilities[c] as number) - largest);
  for (let c = 0; c < classCount; c++) (probabilities[c] as number) /= total;
  return Math.log(total) - trueScore;
}
