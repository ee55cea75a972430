import { requestStop } from '../api/resources.ts';
import { deleteRun, editRun, exportRun, isAboutRuns } from '../api/runs.ts';
import { downloadBlob } from '../lib/download.ts';
import { useChange } from './useChange.ts';
import { useAction } from './useSession.ts';

/** Closes a round or the whole run. */
export const useStop = () => useAction(requestStop);

export const useEditRun = () => useChange(editRun, isAboutRuns);
export const useDeleteRun = () => useChange(deleteRun, isAboutRuns);
export const useExportRun = () => useAction(saveExport);

async function saveExport(run_id: string): Promise<void> {
  downloadBlob(`${run_id}.rondo.zip`, await exportRun(run_id));
}
