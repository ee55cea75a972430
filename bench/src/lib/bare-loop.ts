import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventsOf } from '../generators/round-body.ts';
import { messageOf, startNode, stopNode } from './children.ts';

interface BareLoop {
  readonly runs: number;
  readonly clients: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly databaseUrl?: string | undefined;
}

interface Report {
  readonly type: 'bare';
  readonly results: number;
  readonly seconds: number;
}

/** Results a second of a process that only writes the rows, in the same transactions through the same driver. */
export async function bareLoop({ runs, clients, warmUpMs, measureMs, databaseUrl }: BareLoop): Promise<number> {
  const dataDir = await mkdtemp(join(tmpdir(), 'rondo-bench-bare-'));
  const child = startNode(['--max-semi-space-size=8', 'backend/testing/bare-loop.ts'], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  try {
    const report = messageOf<Report>(child, 'bare', warmUpMs + measureMs + 60_000);
    const round = eventsOf({ run_id: 'bare', clients });
    child.send({ type: 'go', dataDir, databaseUrl, runs, round, warmUpMs, measureMs });
    const { results, seconds } = await report;
    return results / seconds;
  } finally {
    await stopNode(child, 10_000);
    await rm(dataDir, { recursive: true, force: true });
  }
}
