import type { Attention, Diagnosis, Run } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { readErrors } from '../db/queries/insight.ts';
import { listLogs } from '../db/queries/logs.ts';
import { diagnose, quoted } from './diagnosis.ts';
import { readWaiting } from './read-waiting.ts';

const maxLogs = 8;
const maxErrors = 8;

/** Reads what a diagnosis is made of. */
export async function readDiagnosis(db: Db, run: Run, attention: Attention, now: Date): Promise<Diagnosis> {
  const { run_id } = run;
  const waiting = await readWaiting(db, run_id, now);
  const of = { run_id, offset: 0 };
  const { items: lines } = await listLogs(db, { ...of, level: 'error', limit: maxLogs });
  const { total } = await listLogs(db, { ...of, limit: 1 });
  const errors = run.current_round === null ? [] : await readErrors(db, run_id, run.current_round, maxErrors);
  const texts: Diagnosis['untrusted']['items'] = [
    ...(run.reason === null
      ? []
      : [{ source: 'run_reason' as const, client_id: null, at: run.completed_at, text: quoted(run.reason) }]),
    ...errors.map(({ client_id, error, submitted_at }) => ({
      source: 'client_error' as const,
      client_id,
      at: submitted_at,
      text: quoted(error ?? ''),
    })),
    ...lines.map(({ client_id, message, at }) => ({ source: 'log' as const, client_id, at, text: quoted(message) })),
  ];
  return diagnose({ run, waiting, attention, texts, numLogs: total });
}
