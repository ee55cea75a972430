import type { Cost, Privacy } from '@rondo/protocol';
import { useFLData } from '../../hooks/useFLData.ts';
import { useCost, usePrivacy } from '../../hooks/useInsight.ts';
import { classes } from '../../lib/classes.ts';
import { formatBytes, formatCount, formatDuration, formatNumber, formatPercent } from '../../lib/format.ts';
import { numberOf } from '../../lib/values.ts';
import { Detail, Details } from '../ui/Details.tsx';
import { Panel } from '../ui/Panel.tsx';

/** What the run has spent: privacy, bytes, time of clients, examples. Parts that nothing is known of are hidden. */
export function RunCost() {
  const run_id = useFLData((state) => state.viewer.run_id);
  const isRunning = useFLData((state) => state.viewer.run?.status === 'running');
  const round = useFLData((state) => state.viewer.run?.current_round ?? null);
  const privacy = usePrivacy(run_id, isRunning).data;
  // The newest two: the running round and the one before it.
  const cost = useCost(run_id, round === null ? null : Math.max(0, round - 1), isRunning).data;
  const hasPrivacy = privacy?.run_id === run_id && privacy.is_reported;
  const hasCost = cost?.run_id === run_id && cost.round.length > 0 && isKnown(cost);
  if (!hasPrivacy && !hasCost) return null;
  return (
    <Panel title={hasPrivacy ? 'Privacy and cost' : 'Cost'} testId="run-cost">
      <div className="flex flex-col gap-4">
        {hasPrivacy && <PrivacyGauge privacy={privacy} />}
        {hasCost && <CostFigures cost={cost} />}
      </div>
    </Panel>
  );
}

/** With secure aggregation, nothing is known of single clients, and zeros would claim that it was free. */
const isKnown = (cost: Cost): boolean =>
  [cost.cumulated_bytes_up, cost.cumulated_bytes_down, cost.cumulated_client_ms, cost.cumulated_examples].some(
    (column) => (column.at(-1) ?? 0) > 0,
  );

/** From this share of the target on, the gauge warns. */
const nearTarget = 0.8;

function PrivacyGauge({ privacy }: { readonly privacy: Privacy }) {
  const { target_epsilon, share_of_target, rounds_left } = privacy;
  const epsilon = numberOf(privacy.epsilon);
  const delta = numberOf(privacy.delta);
  if (epsilon === null) return null;
  const isOver = share_of_target !== null && share_of_target >= 1;
  const isNear = share_of_target !== null && share_of_target >= nearTarget;
  const fill = isOver ? 'bg-failed' : isNear ? 'bg-no-reply' : 'bg-accent';
  return (
    <section aria-label="Privacy budget" data-testid="privacy-gauge">
      <p className="text-sm text-soft">
        <strong className="text-base font-semibold text-text">ε {formatNumber(epsilon)}</strong>
        {target_epsilon !== null && ` of ${formatNumber(target_epsilon)}`}
        {delta !== null && <span className="text-muted"> (δ {formatNumber(delta)})</span>}
        {isOver ? (
          <span className="text-failed"> · over the target</span>
        ) : isNear ? (
          <span className="text-no-reply"> · near the target</span>
        ) : null}
      </p>
      {share_of_target !== null && (
        <div
          role="progressbar"
          aria-label="Share of the privacy budget that is spent"
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.min(100, Math.round(share_of_target * 100))}
          aria-valuetext={formatPercent(share_of_target)}
          className="mt-2 h-2 overflow-hidden rounded-full bg-raised"
        >
          <div className={classes('h-full', fill)} style={{ width: `${Math.min(1, share_of_target) * 100}%` }} />
        </div>
      )}
      <p className="mt-1.5 text-xs text-muted">{rounds_left.sentence}</p>
      {privacy.missing.length > 0 && (
        <p className="mt-1 text-xs text-muted">The report does not say: {privacy.missing.join(', ')}.</p>
      )}
    </section>
  );
}

function CostFigures({ cost }: { readonly cost: Cost }) {
  const at = cost.round.length - 1;
  const last = (column: readonly number[]): number => column[at] ?? 0;
  const whole = { up: last(cost.cumulated_bytes_up), down: last(cost.cumulated_bytes_down) };
  const here = { up: last(cost.bytes_up), down: last(cost.bytes_down) };
  return (
    <section aria-label="Cost" data-testid="cost-figures">
      <Details>
        <Detail name="Clients received">{formatBytes(whole.down)}</Detail>
        <Detail name="Clients sent">{formatBytes(whole.up)}</Detail>
        <Detail name="Time of all clients">{formatDuration(last(cost.cumulated_client_ms))}</Detail>
        <Detail name="Examples">{formatCount(last(cost.cumulated_examples))}</Detail>
        <Detail name={`Round ${formatCount(cost.round[at] ?? 0)}, received`}>{formatBytes(here.down)}</Detail>
        <Detail name={`Round ${formatCount(cost.round[at] ?? 0)}, sent`}>{formatBytes(here.up)}</Detail>
      </Details>
    </section>
  );
}
