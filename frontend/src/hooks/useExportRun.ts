import { exportRun } from '../api/runs.ts';
import { downloadBlob } from '../lib/download.ts';
import { useAction } from './useSession.ts';

export const useExportRun = () => useAction(saveExport);

async function saveExport(run_id: string): Promise<void> {
  downloadBlob(`${run_id}.rondo.zip`, await exportRun(run_id));
}
