import { mute, unmute } from '../api/insight.ts';
import { useChange } from './useChange.ts';

const isAttention = (path: unknown): boolean => typeof path === 'string' && path.endsWith('/attention');

export const useMute = () => useChange(mute, isAttention);
export const useUnmute = () => useChange(unmute, isAttention);
