import type { YMode } from '../../charts/types.ts';
import type { AddressChange } from '../../hooks/useAddress.ts';
import { type ChartView, smoothings, writeSmoothing, writeX, writeYMode, xAxes, yModes } from './chart-view.ts';
import { Select } from './Select.tsx';

interface ViewSelectProps {
  readonly view: ChartView;
  readonly change: (change: AddressChange) => void;
  readonly disabled?: boolean;
}

interface XSelectProps extends ViewSelectProps {
  /** The axis that the address leaves out; charts by round have no steps. */
  readonly usual: 'round' | 'step';
}

export function XSelect({ view, change, disabled, usual }: XSelectProps) {
  return (
    <Select
      aria-label="Horizontal axis"
      disabled={disabled}
      value={view.x.key}
      onChange={({ target }) => change(writeX(target.value as ChartView['x']['key'], usual))}
    >
      {xAxes
        .filter(({ key }) => usual === 'step' || key !== 'step')
        .map(({ key, label }) => (
          <option key={key} value={key}>
            {label}
          </option>
        ))}
    </Select>
  );
}

export function SmoothingSelect({ view, change, disabled }: ViewSelectProps) {
  return (
    <Select
      aria-label="Smoothing"
      disabled={disabled}
      value={view.smoothing}
      onChange={({ target }) => change(writeSmoothing(Number(target.value)))}
    >
      {smoothings.map((weight) => (
        <option key={weight} value={weight}>
          {weight === 0 ? 'as reported' : `smooth ${weight}`}
        </option>
      ))}
    </Select>
  );
}

interface YSelectProps extends ViewSelectProps {
  /** Small charts have only these; another mode of the address counts as the first. */
  readonly only?: readonly YMode[];
}

export function YSelect({ view, change, disabled, only }: YSelectProps) {
  const value = only === undefined || only.includes(view.yMode) ? view.yMode : only[0];
  return (
    <Select
      aria-label="Vertical axis"
      disabled={disabled}
      value={value}
      onChange={({ target }) => change(writeYMode(target.value as YMode))}
    >
      {yModes
        .filter(({ key }) => only === undefined || only.includes(key))
        .map(({ key, label }) => (
          <option key={key} value={key}>
            {label}
          </option>
        ))}
    </Select>
  );
}
