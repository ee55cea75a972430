import type { Download } from '../../hooks/useDownload.ts';
import { formatBytes, formatDuration } from '../../lib/format.ts';

type Running = Extract<Download, { state: 'running' }>;

interface DownloadWords {
  readonly short: string;
  readonly long: string;
}

/** A rate from less than this says more about the first packet than about the line. */
const steadyMs = 1_000;

/** How far it is, how fast, and for how much longer. */
export function describeDownload({ received, started_at }: Running, total: number, now: number): DownloadWords {
  const percent = total === 0 ? 100 : Math.floor((100 * received) / total);
  const elapsed = now - started_at;
  const parts = [`${formatBytes(received)} of ${formatBytes(total)} (${percent}\u202f%)`];
  if (elapsed >= steadyMs && received > 0) {
    const perMs = received / elapsed;
    parts.push(`${formatBytes(perMs * 1_000)}/s`, `${formatDuration((total - received) / perMs)} left`);
  }
  return { short: `${percent}\u202f%`, long: parts.join(' · ') };
}
