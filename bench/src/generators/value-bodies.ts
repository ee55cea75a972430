import { namesPerBatch, valuesPerBatch } from '../peers/peer.ts';

export type Dialect = 'rondo' | 'mlflow' | 'victoria';

const stepsPerBatch = valuesPerBatch / namesPerBatch;
const names = Array.from({ length: namesPerBatch }, (_, n) => `loss_${n}`);
const start = Date.now();

interface Point {
  readonly name: string;
  readonly step: number;
  readonly value: number;
}

/** The same numbers for every peer. */
function pointsOf(batch: number): Point[] {
  const steps = Array.from({ length: stepsPerBatch }, (_, n) => batch * stepsPerBatch + n);
  return steps.flatMap((step) => names.map((name, n) => ({ name, step, value: Math.sin(step / 100 + n) })));
}

interface Bodies {
  readonly values: number;
  readonly bodyOf: (run: string, batch: number) => string;
}

/** The request that brings one batch, as each peer takes it. */
export const bodies: Readonly<Record<Dialect, Bodies>> = {
  rondo: {
    values: valuesPerBatch,
    bodyOf: (run_id, batch) => {
      const at = new Date().toISOString();
      const events = pointsOf(batch).map((point) => ({ type: 'metric', run_id, at, ...point }));
      return JSON.stringify({ reporter_id: run_id, batch, events });
    },
  },
  mlflow: {
    values: valuesPerBatch,
    bodyOf: (run_id, batch) => {
      const timestamp = Date.now();
      return JSON.stringify({
        run_id,
        metrics: pointsOf(batch).map(({ name, step, value }) => ({ key: name, value, step, timestamp })),
      });
    },
  },
  victoria: {
    values: valuesPerBatch,
    bodyOf: (run, batch) => {
      const points = pointsOf(batch);
      return names
        .map((name) => {
          const own = points.filter((point) => point.name === name);
          return JSON.stringify({
            metric: { __name__: name, run },
            values: own.map(({ value }) => value),
            // It knows moments only: a step is a millisecond.
            timestamps: own.map(({ step }) => start + step),
          });
        })
        .join('\n');
    },
  },
};
