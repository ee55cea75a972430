import type { ChartPicture } from '../../charts/export/chart-svg.ts';
import type { Prepared } from '../../charts/prepare.ts';
import type { Band, ChartMark, Line } from '../../charts/types.ts';
import type { ChartView } from './chart-view.ts';

interface Drawn {
  readonly lines: readonly Line[];
  readonly bands: readonly Band[];
  readonly marks: readonly ChartMark[];
}

/** A chart as a picture of its own: what is drawn, in the range that is seen. */
export const pictureOf = (
  { title, subtitle }: Pick<ChartPicture, 'title' | 'subtitle'>,
  { lines, bands, marks }: Drawn,
  prepared: Prepared,
  { x, zoom, yMode }: Pick<ChartView, 'x' | 'zoom' | 'yMode'>,
): ChartPicture => ({
  title,
  subtitle,
  xName: x.name,
  lines,
  prepared,
  range: zoom ?? prepared.domain,
  bands,
  marks,
  xKind: x.kind,
  yMode,
});
