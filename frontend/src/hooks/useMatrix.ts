import { decodeMatrix, type Matrix, type MatrixMeasure } from '@rondo/protocol';
import useSWR, { type SWRResponse } from 'swr';
import { getBytes, paths } from '../api/resources.ts';

/** The client × round matrix of a run. While another measure is fetched, the one on screen stays. */
export const useMatrix = (run_id: string, measure: MatrixMeasure, isRunning: boolean): SWRResponse<Matrix> =>
  useSWR<Matrix>(paths.matrix(run_id, measure), async (key: string) => decodeMatrix(await getBytes(key)), {
    refreshInterval: isRunning ? 5_000 : 0,
    keepPreviousData: true,
  });
