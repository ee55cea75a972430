import { randomUUID } from 'node:crypto';
import { defaultProject, type ReporterId, reporterIdSchema } from '@rondo/protocol';
import { type Committed, EventBus } from '../src/bus/event-bus.ts';
import type { Db } from '../src/db/db.ts';
import type { BatchId } from '../src/db/queries/reporters.ts';
import { IngestWriter } from '../src/ingest/writer.ts';

/** One server's writer, and the commits that its bus has published. */
export function makeWriter(db: Db, now?: () => Date, share?: number) {
  const bus = new EventBus();
  const published: Committed[] = [];
  const ignore = () => {};
  const others = {
    runDeleted: ignore,
    committedElsewhere: ignore,
    sessionEnded: ignore,
    missed: ignore,
    runMoved: ignore,
    membersChanged: ignore,
    alerted: ignore,
    alertRulesChanged: ignore,
  };
  bus.subscribe({ ...others, committed: (committed) => published.push(committed) });
  return { writer: new IngestWriter({ db, bus, share, ...(now && { now }) }), published };
}

/** The batches of a reporter that no other test has, counting up unless a number is given. */
export function makeReporterBatches(project_id = defaultProject) {
  const reporter_id: ReporterId = reporterIdSchema.parse(randomUUID());
  let last = 0;
  return (batch = last + 1): BatchId => {
    last = Math.max(last, batch);
    return { key_id: 'key', reporter_id, batch, project_id };
  };
}
