import { useSyncExternalStore } from 'react';
import { onThemeChange, readTheme, type Theme, writeTheme } from '../lib/theme.ts';

export const useTheme = (): [Theme, (theme: Theme) => void] => [
  useSyncExternalStore(onThemeChange, readTheme),
  writeTheme,
];
