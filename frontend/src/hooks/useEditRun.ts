import { deleteRun, editRun, isAboutRuns } from '../api/runs.ts';
import { useChange } from './useChange.ts';

export const useEditRun = () => useChange(editRun, isAboutRuns);
export const useDeleteRun = () => useChange(deleteRun, isAboutRuns);
