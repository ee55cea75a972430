import type uPlot from 'uplot';
import type { Range } from './types.ts';

const wheelStep = 1.25;

/** Scaled about one of its values. */
export function zoomAbout({ min, max }: Range, factor: number, about: number): Range {
  return { min: about - (about - min) * factor, max: about + (max - about) * factor };
}

const rangeOf = (plot: uPlot): Range | null => {
  const { min, max } = plot.scales.x ?? {};
  return min === undefined || max === undefined ? null : { min, max };
};

/** The wheel zooms while ctrl is held; without it the page scrolls. */
export function zoomOnWheel(plot: uPlot, onZoom: (range: Range) => void): void {
  plot.over.addEventListener(
    'wheel',
    (event) => {
      const range = rangeOf(plot);
      if ((!event.ctrlKey && !event.metaKey) || range === null) return;
      event.preventDefault();
      const about = plot.posToVal(event.clientX - plot.over.getBoundingClientRect().left, 'x');
      onZoom(zoomAbout(range, event.deltaY > 0 ? wheelStep : 1 / wheelStep, about));
    },
    { passive: false },
  );
}

/** Shift and a drag move what is seen; the chart follows at once, the page when the button is released. */
export function startPan(plot: uPlot, event: MouseEvent, onZoom: (range: Range) => void): void {
  const range = rangeOf(plot);
  if (range === null) return;
  event.preventDefault();
  const perPixel = (range.max - range.min) / Math.max(1, plot.over.clientWidth);
  const moved = (to: MouseEvent): Range => {
    const by = (event.clientX - to.clientX) * perPixel;
    return { min: range.min + by, max: range.max + by };
  };
  const onMove = (to: MouseEvent) => plot.setScale('x', moved(to));
  const onUp = (to: MouseEvent) => {
    document.removeEventListener('mousemove', onMove);
    document.removeEventListener('mouseup', onUp);
    onZoom(moved(to));
  };
  document.addEventListener('mousemove', onMove);
  document.addEventListener('mouseup', onUp);
}
