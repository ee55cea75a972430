import type { Model } from '@rondo/protocol';
import { memo } from 'react';
import { useModels } from '../../hooks/useRounds.ts';
import { formatBytes, noValue, plural } from '../../lib/format.ts';
import { EmptyState } from '../ui/EmptyState.tsx';
import { MetricText } from '../ui/MetricText.tsx';
import { Panel } from '../ui/Panel.tsx';

const shown = 8;

/** What have we got? The stored checkpoints, newest first. */
export function ModelTable() {
  const all = useModels();
  const note =
    all.length > shown
      ? `newest ${shown} of ${all.length}`
      : all.length > 0
        ? plural(all.length, 'checkpoint')
        : undefined;
  return (
    <Panel title="Models" note={note} testId="model-table">
      {all.length === 0 ? (
        <EmptyState title="No checkpoint yet">This run has stored no model yet.</EmptyState>
      ) : (
        <table className="w-full text-right text-sm">
          <thead>
            <tr className="border-b border-line text-xs text-muted [&>th]:pb-2 [&>th]:font-normal [&>th+th]:pl-3">
              <th scope="col" className="text-left">
                Version
              </th>
              <th scope="col">Round</th>
              <th scope="col">Accuracy</th>
              <th scope="col">Size</th>
              <th scope="col" className="max-sm:hidden">
                SHA-256
              </th>
            </tr>
          </thead>
          <tbody>
            {all.slice(0, shown).map((model) => (
              <ModelRow key={model.version} model={model} />
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}

const ModelRow = memo(function ModelRow({ model }: { readonly model: Model }) {
  return (
    <tr className="border-b border-line last:border-0 [&>td]:py-2 [&>td]:pl-3">
      <th scope="row" className="max-w-40 py-2 text-left font-normal">
        <span className="mr-1.5 break-all">{model.version}</span>
        {model.aliases.map((alias) => (
          <span key={alias} className="mr-1 rounded-full border border-line px-1.5 text-2xs text-accent">
            {alias}
          </span>
        ))}
      </th>
      <td>{model.round ?? noValue}</td>
      <td>
        <MetricText value={model.metrics.accuracy ?? model.metrics.global_accuracy} as="share" />
      </td>
      <td className="whitespace-nowrap">{formatBytes(model.size_bytes)}</td>
      <td className="font-mono text-2xs text-muted max-sm:hidden" title={model.sha256}>
        {model.sha256.slice(0, 8)}
      </td>
    </tr>
  );
});
