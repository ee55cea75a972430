import type { ModelVersion, ProjectId, RunId } from '@rondo/protocol';
import { Forbidden, notYours } from '../errors.ts';
import type { ModelNotice } from './state.ts';
import type { IngestWriter } from './writer.ts';

type NewModel = Extract<ModelNotice, { type: 'model_saved' }>['model'] & {
  readonly run_id: RunId;
  readonly project_id: ProjectId;
  readonly key_id?: string | undefined;
  readonly size_bytes: number;
};

/** Models go through the same writer, so that they raise their run's seq and reach viewers. */
export function createModelWriter(writer: IngestWriter) {
  return {
    /** False when the version exists already; `Forbidden` when the run belongs to another project. */
    async save({ run_id, project_id, key_id, size_bytes, ...model }: NewModel): Promise<boolean> {
      const at = new Date().toISOString();
      const cost = key_id === undefined ? undefined : { key_id, bytes: size_bytes };
      const notice = { type: 'model_saved', run_id, project_id, at, cost, model } as const;
      const { accepted, foreign } = await writer.submit([notice]);
      if (foreign.length > 0) throw new Forbidden(notYours(run_id));
      return accepted > 0;
    },

    /** Deletes those that no alias holds. */
    async prune(models: readonly { run_id: RunId; version: ModelVersion }[]): Promise<void> {
      await writer.submit(models.map((model) => ({ type: 'model_deleted', ...model, unlessAutomatic: true })));
    },
  };
}
