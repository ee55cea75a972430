import { requestStop } from '../api/resources.ts';
import { useAction } from './useSession.ts';

export const useStopRound = () => useAction(requestStop);
