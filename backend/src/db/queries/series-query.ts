import type { RunId } from '@rondo/protocol';

export interface SeriesQuery {
  readonly run_id: RunId;
  readonly name: string;
  readonly client_id?: string | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly max_points: number;
}
