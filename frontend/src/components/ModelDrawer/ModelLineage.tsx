import type { ModelDetail } from '@rondo/protocol';
import { Link } from 'react-router';
import { changeAddress, useAddress } from '../../hooks/useAddress.ts';
import { useModelDetail, useModelPage } from '../../hooks/useModels.ts';
import { formatBytes, formatCount, formatNumber, noValue, plural } from '../../lib/format.ts';
import { shortVersion } from '../../lib/short-version.ts';
import { Loaded } from '../ui/Loaded.tsx';
import { MetricText } from '../ui/MetricText.tsx';
import { Section } from '../ui/Section.tsx';
import { Select } from '../ui/Select.tsx';
import { compareModels, lineageOf } from './compare-models.ts';

/** As many checkpoints of the run as are looked through for relatives. */
const limit = 200;

/** Where it stands among the checkpoints of its run, and another one beside it. */
export function ModelLineage({ model }: { readonly model: ModelDetail }) {
  const [params, change] = useAddress();
  const models = useModelPage({ run_id: model.run_id, limit, offset: 0 }).data?.items ?? [];
  const { ancestors, missing, children } = lineageOf(model.version, model.parent, models);
  const others = models.filter(({ version }) => version !== model.version);
  const beside = params.get('beside');
  const isKnown = beside !== null && others.some(({ version }) => version === beside);
  const link = (version: string) => (
    <Link
      key={version}
      to={{ search: `?${changeAddress(params, { model: version, model_run: model.run_id, beside: null })}` }}
      preventScrollReset
      title={version}
      className="inline-flex min-h-6 items-center text-accent hover:underline"
    >
      {shortVersion(version, model.run_id)}
    </Link>
  );
  return (
    <>
      {(ancestors.length > 0 || missing !== null || children.length > 0) && (
        <Section title="Lineage">
          <ol className="flex flex-wrap items-center gap-x-2 gap-y-1 text-sm" data-testid="model-lineage">
            {missing !== null && <li className="text-muted">{missing} (not stored) →</li>}
            {ancestors.map((version) => (
              <li key={version} className="flex items-center gap-2">
                {link(version)} <span aria-hidden>→</span>
              </li>
            ))}
            <li aria-current="true" className="font-medium text-text">
              {shortVersion(model.version, model.run_id)}
            </li>
            {children.length > 0 && (
              <li className="flex flex-wrap items-center gap-2">
                <span aria-hidden>→</span> {children.map(link)}
              </li>
            )}
          </ol>
        </Section>
      )}
      {others.length > 0 && (
        <Section
          title="Beside another checkpoint"
          note={
            <Select
              aria-label="The checkpoint to put beside it"
              value={isKnown ? beside : ''}
              onChange={({ target }) => change({ beside: target.value || null })}
              className="max-w-56"
            >
              <option value="">choose one…</option>
              {others.map(({ version, round }) => (
                <option key={version} value={version}>
                  {shortVersion(version, model.run_id)}
                  {round !== null && `, round ${round}`}
                </option>
              ))}
            </Select>
          }
        >
          {isKnown && <Beside model={model} version={beside} />}
        </Section>
      )}
    </>
  );
}

function Beside({ model, version }: { readonly model: ModelDetail; readonly version: string }) {
  const answer = useModelDetail({ run_id: model.run_id, version });
  return (
    <Loaded what="The other checkpoint" answer={answer}>
      {(other) => <Differences own={model} other={other} />}
    </Loaded>
  );
}

function Differences({ own, other }: { readonly own: ModelDetail; readonly other: ModelDetail }) {
  const { metrics, tensors, isWhole } = compareModels(own, other);
  const facts = [
    ['Round', own.round ?? noValue, other.round ?? noValue],
    ['Size', formatBytes(own.size_bytes), formatBytes(other.size_bytes)],
    ['Parameters', countText(own.parameter_count), countText(other.parameter_count)],
    ['Format', own.format, other.format],
  ] as const;
  return (
    <div className="overflow-x-auto" data-testid="model-differences">
      <table className="w-full text-sm">
        <thead className="text-xs text-muted">
          <tr>
            <td />
            {[own, other].map(({ version, run_id }) => (
              <th key={version} scope="col" className="px-2 py-1 text-right font-normal break-all">
                {shortVersion(version, run_id)}
              </th>
            ))}
            <th scope="col" className="pl-2 text-right font-normal">
              difference
            </th>
          </tr>
        </thead>
        <tbody>
          {facts.map(([name, a, b]) => (
            <tr key={name} className="border-t border-line">
              <th scope="row" className="py-1.5 text-left font-normal text-soft">
                {name}
              </th>
              <td className="px-2 text-right">{a}</td>
              <td className="px-2 text-right">{b}</td>
              <td className="pl-2 text-right text-muted">{a === b ? 'same' : ''}</td>
            </tr>
          ))}
          {metrics.map(({ name, own: a, other: b }) => (
            <tr key={name} className="border-t border-line">
              <th scope="row" className="py-1.5 text-left font-normal break-all text-soft">
                {name}
              </th>
              <td className="px-2 text-right">
                <MetricText value={a} />
              </td>
              <td className="px-2 text-right">
                <MetricText value={b} />
              </td>
              <td className="pl-2 text-right whitespace-nowrap">
                {a !== null && b !== null && Number.isFinite(a - b)
                  ? `${b - a < 0 ? '−' : '+'}${formatNumber(Math.abs(b - a))}`
                  : noValue}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="mt-2 text-xs text-muted">
        {tensors.length === 0
          ? 'All listed tensors have the same names, types and shapes.'
          : `${plural(tensors.length, 'tensor')} differ:`}
        {!isWhole && ' Only the first 1,000 tensors are compared.'}
      </p>
      {tensors.length > 0 && (
        <ul className="mt-1 max-h-48 overflow-y-auto font-mono text-2xs leading-5">
          {tensors.map(({ name, own: a, other: b }) => (
            <li key={name} className="break-all">
              {name}: {a ?? 'absent'} → {b ?? 'absent'}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

const countText = (count: number | null): string => (count === null ? noValue : formatCount(count));
