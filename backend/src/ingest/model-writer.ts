import type { ModelVersion, RunId } from '@rondo/protocol';
import type { ModelNotice } from './state.ts';
import type { IngestWriter } from './writer.ts';

type NewModel = Extract<ModelNotice, { type: 'model_saved' }>['model'] & { readonly run_id: RunId };

/** Models go through the one writer, so that they raise their run's seq and viewers hear of them. */
export function createModelWriter(writer: IngestWriter) {
  return {
    /** False when the version is there already. */
    async save({ run_id, ...model }: NewModel): Promise<boolean> {
      const notice = { type: 'model_saved', run_id, at: new Date().toISOString(), model } as const;
      const { accepted } = await writer.submit([notice]);
      return accepted > 0;
    },

    /** Deletes those that no alias holds. */
    async prune(models: readonly { run_id: RunId; version: ModelVersion }[]): Promise<void> {
      await writer.submit(models.map((model) => ({ type: 'model_deleted', ...model, unlessAutomatic: true })));
    },
  };
}
