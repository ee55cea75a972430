import type { Axis } from '@rondo/protocol';
import { useMemo } from 'react';
import type { Range, XKind, YMode } from '../../charts/types.ts';
import { type AddressChange, useAddress } from '../../hooks/useAddress.ts';

export const smoothings = [0, 0.3, 0.6, 0.8, 0.9, 0.97] as const;

export const yModes: readonly { readonly key: YMode; readonly label: string }[] = [
  { key: 'auto', label: 'y auto' },
  { key: 'zero', label: 'y from zero' },
  { key: 'fit', label: 'y fit' },
  { key: 'log', label: 'y log' },
];

interface XAxis {
  readonly key: Axis;
  readonly label: string;
  /** One of its values, as in "by round". */
  readonly name: string;
  readonly kind: XKind;
}

export const xAxes: readonly XAxis[] = [
  { key: 'round', label: 'by round', name: 'round', kind: 'count' },
  { key: 'step', label: 'by step', name: 'step', kind: 'count' },
  { key: 'time', label: 'by time', name: 'time since the start', kind: 'time' },
  { key: 'bytes', label: 'by bytes', name: 'bytes sent and received', kind: 'bytes' },
  { key: 'examples', label: 'by examples', name: 'examples seen', kind: 'count' },
];

/** How charts are looked at. All of it is in the address, so that a link and a reload keep it. */
export interface ChartView {
  readonly smoothing: number;
  readonly yMode: YMode;
  readonly x: XAxis;
  readonly zoom: Range | null;
  readonly isTable: boolean;
}

export function readChartView(params: URLSearchParams, usualX: Axis): ChartView {
  const smoothing = Number(params.get('smooth'));
  const [from, to] = [Number.parseFloat(params.get('from') ?? ''), Number.parseFloat(params.get('to') ?? '')];
  return {
    smoothing: smoothing > 0 && smoothing < 1 ? smoothing : 0,
    yMode: yModes.find(({ key }) => key === params.get('y'))?.key ?? 'auto',
    x: xAxes.find(({ key }) => key === params.get('x')) ?? (xAxes.find(({ key }) => key === usualX) as XAxis),
    zoom: Number.isFinite(from) && Number.isFinite(to) && from < to ? { min: from, max: to } : null,
    isTable: params.get('view') === 'table',
  };
}

/** Enough digits to come back to the same place, and no more. */
const short = (value: number): string => String(Number(value.toPrecision(10)));

export const writeZoom = (zoom: Range | null): AddressChange => ({
  from: zoom === null ? null : short(zoom.min),
  to: zoom === null ? null : short(zoom.max),
});

export const writeSmoothing = (smoothing: number): AddressChange => ({
  smooth: smoothing === 0 ? null : String(smoothing),
});
export const writeYMode = (mode: YMode): AddressChange => ({ y: mode === 'auto' ? null : mode });
export const writeTable = (isTable: boolean): AddressChange => ({ view: isTable ? 'table' : null });
/** What was zoomed to on one axis means nothing on another. */
export const writeX = (x: Axis, usualX: Axis): AddressChange => ({ x: x === usualX ? null : x, from: null, to: null });

export function useChartView(usualX: Axis): readonly [ChartView, ReturnType<typeof useAddress>[1]] {
  const [params, change] = useAddress();
  const address = ['smooth', 'y', 'x', 'from', 'to', 'view']
    .map((name) => `${name}=${params.get(name) ?? ''}`)
    .join('&');
  const view = useMemo(() => readChartView(new URLSearchParams(address), usualX), [address, usualX]);
  return [view, change];
}
