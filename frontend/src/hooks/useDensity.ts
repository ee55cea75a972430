import { useSyncExternalStore } from 'react';
import { type Density, onDensityChange, readDensity, writeDensity } from '../lib/density.ts';

export const useDensity = (): [Density, (density: Density) => void] => [
  useSyncExternalStore(onDensityChange, readDensity),
  writeDensity,
];
