import type { Model, ModelDetail, Tensor } from '@rondo/protocol';
import { numberOf } from '../../lib/values.ts';

/** A checkpoint's ancestors that the run still has, the oldest first, and what was trained from it. */
export interface Lineage {
  readonly ancestors: readonly string[];
  /** Named by the oldest ancestor, and not among the models of the run. */
  readonly missing: string | null;
  readonly children: readonly string[];
}

export function lineageOf(version: string, parent: string | null, models: readonly Model[]): Lineage {
  const parents = new Map(models.map((model) => [model.version as string, model.parent as string | null]));
  const ancestors: string[] = [];
  const seen = new Set([version]);
  let at = parent;
  // A parent is what the uploader said: it may name a model that is not there, or go round in a circle.
  while (at !== null && parents.has(at) && !seen.has(at)) {
    seen.add(at);
    ancestors.unshift(at);
    at = parents.get(at) ?? null;
  }
  return {
    ancestors,
    missing: at !== null && !seen.has(at) ? at : null,
    children: models.filter((model) => model.parent === version).map((model) => model.version),
  };
}

export interface MetricPair {
  readonly name: string;
  readonly own: number | null;
  readonly other: number | null;
}

export interface TensorChange {
  readonly name: string;
  /** The shape and the type, or null where the checkpoint has no tensor of the name. */
  readonly own: string | null;
  readonly other: string | null;
}

/** What two checkpoints measured, and in which tensors they differ. */
export function compareModels(own: ModelDetail, other: ModelDetail) {
  const names = [...new Set([...Object.keys(own.metrics), ...Object.keys(other.metrics)])].sort();
  const metrics = names.map(
    (name): MetricPair => ({ name, own: numberOf(own.metrics[name]), other: numberOf(other.metrics[name]) }),
  );
  const [a, b] = [own, other].map(({ tensors }) => new Map(tensors.map((tensor) => [tensor.name, formOf(tensor)])));
  const tensors = [...new Set([...(a?.keys() ?? []), ...(b?.keys() ?? [])])]
    .map((name): TensorChange => ({ name, own: a?.get(name) ?? null, other: b?.get(name) ?? null }))
    .filter((change) => change.own !== change.other);
  const isWhole = [own, other].every(({ tensors: listed, tensor_count }) => listed.length >= tensor_count);
  return { metrics, tensors, isWhole };
}

const formOf = ({ dtype, shape }: Tensor): string => `${dtype} ${shape.length === 0 ? 'scalar' : shape.join(' × ')}`;
