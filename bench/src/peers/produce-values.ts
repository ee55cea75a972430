import { join } from 'node:path';
import type { ValuesJob, ValuesReport } from '../generators/value-producers.ts';
import { messageOf, startNode } from '../lib/children.ts';
import type { Written } from './peer.ts';

/** Values over HTTP, in turns: each goes on where the one before ended. */
export function valueProducers(job: Omit<ValuesJob, 'firstBatch' | 'ms'>): (seconds: number) => Promise<Written> {
  let firstBatch = 1;
  return async (seconds) => {
    const child = startNode([join(import.meta.dirname, '../generators/value-producers.ts')], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
    try {
      const done = messageOf<ValuesReport>(child, 'done', seconds * 1_000 + 180_000);
      child.send({ ...job, firstBatch, ms: seconds * 1_000 } satisfies ValuesJob);
      const report = await done;
      firstBatch += report.batches;
      return report;
    } finally {
      child.kill('SIGKILL');
    }
  };
}
