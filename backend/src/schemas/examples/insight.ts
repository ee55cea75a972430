import { run } from './entities.ts';

const { run_id } = run;

export const insightExamples = {
  getDispersion: {
    response: {
      run_id,
      measure: 'train_loss',
      worst: 'greatest',
      items: [
        {
          round: 3,
          status: 'complete',
          num_unnamed: 0,
          dispersion: {
            n: 50,
            num_not_finite: 0,
            min: 0.21,
            p10: 0.3,
            q1: 0.38,
            median: 0.47,
            q3: 0.6,
            p90: 0.92,
            max: 1.8,
            worst_tenth_mean: 1.31,
            jain_index: null,
          },
        },
      ],
      measures: ['train_loss', 'duration_ms', 'update_norm', 'accuracy'],
    },
  },
};
