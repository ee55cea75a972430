import type { ModelDetail } from '@rondo/protocol';
import { Link, useSearchParams } from 'react-router';
import { formatBytes, formatCount, noValue } from '../../lib/format.ts';
import { CopyButton } from '../ui/CopyButton.tsx';
import { Detail, Details } from '../ui/Details.tsx';
import { MetricText } from '../ui/MetricText.tsx';
import { Moment } from '../ui/Moment.tsx';
import { Section } from '../ui/Section.tsx';

const linkLook = 'text-accent hover:underline';

/** Where it came from: its run, round and parent, who stored it, and what its round measured. */
export function ModelFacts({ model }: { readonly model: ModelDetail }) {
  const run = `/runs/${encodeURIComponent(model.run_id)}`;
  const metrics = Object.entries(model.round_metrics);
  return (
    <>
      <Details>
        <Detail name="Run">
          <Link to={run} className={linkLook}>
            {model.run_id}
          </Link>
        </Detail>
        <Detail name="Round">
          {model.round === null ? (
            noValue
          ) : (
            <Link to={`${run}/rounds/${model.round}`} className={linkLook}>
              {model.round}
            </Link>
          )}
        </Detail>
        <Detail name="Parent">
          {model.parent === null ? noValue : <VersionLink run_id={model.run_id} version={model.parent} />}
        </Detail>
        <Detail name="Size">
          {formatBytes(model.size_bytes)}{' '}
          <span className="text-xs text-muted">({formatCount(model.size_bytes)} bytes)</span>
        </Detail>
        <Detail name="Parameters">
          {model.parameter_count === null ? noValue : formatCount(model.parameter_count)}
        </Detail>
        <Detail name="Format">{model.format}</Detail>
        <Detail name="Stored">
          <Moment at={model.created_at} />
        </Detail>
        <Detail name="Stored with the API key">{model.created_by ?? noValue}</Detail>
        <Detail name="SHA-256" isWide>
          <span className="flex items-start gap-2 font-mono text-2xs leading-5 break-all">
            {model.sha256}
            <CopyButton isSmall text={model.sha256} what="the SHA-256" />
          </span>
        </Detail>
      </Details>
      {metrics.length > 0 && (
        <Section title={`What round ${model.round ?? ''} measured`}>
          <Details>
            {metrics.map(([name, value]) => (
              <Detail key={name} name={name}>
                <MetricText value={value} />
              </Detail>
            ))}
          </Details>
        </Section>
      )}
    </>
  );
}

function VersionLink({ run_id, version }: { readonly run_id: string; readonly version: string }) {
  const [params] = useSearchParams();
  const next = new URLSearchParams(params);
  next.set('model', version);
  next.set('model_run', run_id);
  return (
    <Link to={{ search: `?${next}` }} preventScrollReset className={linkLook}>
      {version}
    </Link>
  );
}
