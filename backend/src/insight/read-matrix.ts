import { encodeMatrix, limits, type MatrixHeader, type MatrixMeasure, missingBits, type RunId } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { type Range, readDerived } from '../db/queries/insight.ts';
import { bytesOf, packClients, rangesOf, wordsOf } from './packed.ts';
import { prepareRounds } from './rounds.ts';

// A few MB at a time through the connection.
const cellsAtOnce = 1_000_000;

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
  const into = words ?? cells;
  const put = (round: number, client: Uint8Array, column: Uint8Array) => {
    const start = (columnOf.get(round) ?? Number.NaN) * clients;
    if (Number.isNaN(start)) return;
    const values = words ? wordsOf(column) : column;
    for (const range of rangesOf(client)) {
      const { at, first } = range;
      // A client that joined after the numbers were read is not in this answer.
      const count = Math.min(range.count, clients - first);
      if (count <= 0) continue;
      // Equal values are stored as one, and so is a column of one client.
      if (values.length === 1) into.fill(values[0] as number, start + first, start + first + count);
      else into.set(values.subarray(at, at + count), start + first);
    }
  };
  const wanted = stored.filter((round) => columnOf.has(round));
  const atOnce = Math.max(1, Math.floor(cellsAtOnce / Math.max(1, clients)));
  for (let at = 0; at < wanted.length; at += atOnce) {
    const derived = await readDerived(db, runId, wanted.slice(at, at + atOnce), ['client', measure]);
    for (const each of derived) put(each.round, each.client, each[measure]);
  }
  for (const [round, { columns }] of open) {
    const column = isOutcome ? columns.outcome : columns.values[measure];
    put(round, packClients(columns.client), bytesOf(column));
  }
  return encodeMatrix(header, cells);
}
