import { useFLData } from './useFLData.ts';

/** The run on screen has ended; false while no run is known. */
export const useIsRunOver = (): boolean =>
  useFLData(({ viewer }) => viewer.run !== null && viewer.run.status !== 'running');
