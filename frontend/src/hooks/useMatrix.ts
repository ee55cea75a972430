import { decodeMatrix, type MatrixMeasure, missingBits, outcomeCodes } from '@rondo/protocol';
import { useMemo, useRef } from 'react';
import useSWR, { type SWRResponse } from 'swr';
import { getBytes, paths } from '../api/resources.ts';
import { type KeptMatrix, keep, mergeMatrix, readAgainFrom } from '../lib/kept-matrix.ts';
import { type PastView, usePast } from './usePast.ts';

/** By address. A matrix of 5,000 × 1,000 numbers is 20 MB, so few are kept. */
const known = new Map<string, KeptMatrix>();
const mostKept = 3;

/** Reads a matrix, or what is new in it since it was last read. */
async function readMatrix(path: string): Promise<KeptMatrix> {
  const before = known.get(path);
  const from = before === undefined ? null : readAgainFrom(before);
  const news = decodeMatrix(await getBytes(from === null ? path : `${path}&from=${from}`));
  const matrix = before === undefined || from === null ? keep(news) : mergeMatrix(before, news);
  known.delete(path);
  known.set(path, matrix);
  for (const oldest of known.keys()) {
    if (known.size <= mostKept) break;
    known.delete(oldest);
  }
  return matrix;
}

/** The client × round matrix of a run, up to the moment that is looked at. While another measure is fetched, the old one stays. */
export function useMatrix(run_id: string, measure: MatrixMeasure, isRunning: boolean): SWRResponse<KeptMatrix> {
  const past = usePast();
  const answer = useSWR<KeptMatrix>(paths.matrix(run_id, measure), readMatrix, {
    refreshInterval: isRunning && past === null ? 5_000 : 0,
    keepPreviousData: true,
    // It is the same where nothing is new, and comparing millions of cells is not free.
    compare: Object.is,
  });
  const { data } = answer;
  const shown = useRef<KeptMatrix | null>(null);
  const then = useMemo(() => {
    shown.current = data === undefined || past === null ? null : matrixAt(data, past, shown.current);
    return shown.current ?? data;
  }, [data, past]);
  return { ...answer, data: then };
}

/**
 * The rounds that had started, and in the current one only what had returned. A moment that moves on continues what was
 * shown before; one that moves back begins again.
 */
export function matrixAt(
  matrix: KeptMatrix,
  { viewer, rounds }: PastView,
  before: KeptMatrix | null = null,
): KeptMatrix {
  const started = new Set(rounds.map(({ round }) => round));
  const count = matrix.rounds.findLastIndex((round) => started.has(round)) + 1;
  const numClients = matrix.client_ids.length;
  const cells = matrix.cells.slice(0, count * numClients);
  const bits = cells instanceof Float32Array ? new Uint32Array(cells.buffer) : null;
  const open = rounds.at(-1)?.round;
  const column = open === undefined ? -1 : matrix.rounds.indexOf(open);
  if (column !== -1 && column < count) {
    for (const [row, id] of matrix.client_ids.entries()) {
      const at = column * numClients + row;
      const client = viewer.clients[id];
      const outcome = client !== undefined && client.current_round === open ? client.round_outcome : null;
      if (bits === null) cells[at] = outcome === null ? 0 : outcomeCodes[outcome];
      else if (outcome === null || outcome === 'pending') bits[at] = missingBits;
    }
  }
  const isContinued =
    before !== null &&
    before.measure === matrix.measure &&
    before.run_id === matrix.run_id &&
    before.client_ids.length === numClients &&
    before.rounds.length <= count;
  return {
    ...matrix,
    rounds: matrix.rounds.slice(0, count),
    cells,
    bits,
    lineage: isContinued ? before.lineage : {},
    changedFrom: isContinued ? Math.max(0, before.rounds.length - 1) : 0,
  };
}
