import type { HistoryPoint } from '@rondo/protocol';
import { MetricText } from '../ui/MetricText.tsx';

/** More rows than anybody reads at once; the CSV has them all. */
const shown = 500;

/** The same values as the chart's, for those who cannot or would rather not read a chart. */
export function HistoryTable({ history }: { readonly history: readonly HistoryPoint[] }) {
  const rows = history.slice(-shown).reverse();
  return (
    <section
      aria-label="Values by round"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: an area that scrolls must be reachable by keyboard.
      tabIndex={0}
      className="h-[clamp(260px,40vh,480px)] grow overflow-auto rounded-control"
    >
      <table className="w-full text-right text-sm">
        <thead className="sticky top-0 bg-panel">
          <tr className="text-xs text-muted [&>th]:border-b [&>th]:border-line [&>th]:pb-2 [&>th]:font-normal">
            <th scope="col" className="text-left">
              Round
            </th>
            <th scope="col">Loss</th>
            <th scope="col">Accuracy</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((point) => (
            <tr key={point.round} className="border-b border-line last:border-0 [&>td]:py-1.5">
              <th scope="row" className="py-1.5 text-left font-normal">
                {point.round}
              </th>
              <td>
                <MetricText value={point.loss} />
              </td>
              <td>
                <MetricText value={point.accuracy} as="share" />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {history.length > shown && (
        <p className="py-2 text-xs text-muted">
          The newest {shown} of {history.length} rounds; the CSV has them all.
        </p>
      )}
    </section>
  );
}
