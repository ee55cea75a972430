import { encodeMatrix, limits, type MatrixHeader, type MatrixMeasure, missingBits, type RunId } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { type Range, readDerived } from '../db/queries/insight.ts';
import { prepareRounds, wordsOf } from './rounds.ts';

/** The client × round matrix of one measure in its wire form. [G2] */
export async function readMatrix(
  db: Db,
  runId: RunId,
  { measure, ...range }: Range & { readonly measure: MatrixMeasure },
): Promise<Uint8Array> {
  const limit = limits.insightRounds;
  const { rows: found, stored, open, numbers } = await prepareRounds(db, runId, range, limit);
  const clients = numbers.ids.length;
  const fitting = Math.max(1, Math.floor(limits.matrixCells / Math.max(1, clients)));
  const rows = found.slice(-fitting);
  const isOutcome = measure === 'outcome';
  const header: MatrixHeader = {
    run_id: runId,
    measure,
    cell: isOutcome ? 'uint8' : 'float32',
    rounds: rows.map(({ round }) => round),
    client_ids: numbers.ids,
    open_rounds: [...open.keys()].filter((round) => round >= (rows[0]?.round ?? 0)),
    truncated: rows.length < found.length || found.length === limit,
  };
  const cells = new Uint8Array(rows.length * clients * (isOutcome ? 1 : 4));
  const words = isOutcome ? null : new Uint32Array(cells.buffer).fill(missingBits);
  const columnOf = new Map(rows.map(({ round }, at) => [round, at]));
  const put = (round: number, client: Uint32Array, column: Uint8Array) => {
    const start = (columnOf.get(round) ?? Number.NaN) * clients;
    if (Number.isNaN(start)) return;
    if (words) {
      const values = wordsOf(column);
      for (let at = 0; at < client.length; at++) words[start + (client[at] as number)] = values[at] as number;
    } else for (let at = 0; at < client.length; at++) cells[start + (client[at] as number)] = column[at] as number;
  };
  const wanted = stored.filter((round) => columnOf.has(round));
  // A few MB at a time through the connection.
  for (let at = 0; at < wanted.length; at += 100) {
    const derived = await readDerived(db, runId, wanted.slice(at, at + 100), ['client', measure]);
    for (const each of derived) put(each.round, wordsOf(each.client), each[measure]);
  }
  for (const [round, { columns }] of open) {
    const column = isOutcome ? columns.outcome : columns.values[measure];
    put(round, columns.client, new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
  }
  return encodeMatrix(header, cells);
}
