import type { AttentionRule, Severity } from '@rondo/protocol';
import type { Sign } from './episodes.ts';

export const severityOf: Record<AttentionRule, Severity> = {
  fl_server_silent: 'critical',
  round_overdue: 'warning',
  waiting_for_clients: 'warning',
  all_clients_failed: 'critical',
  round_failed: 'warning',
  result_not_finite: 'warning',
  epsilon_over_target: 'critical',
  epsilon_near_target: 'warning',
  server_disk: 'critical',
  server_database: 'critical',
  update_not_finite: 'warning',
  zero_update: 'warning',
  duplicate_update: 'warning',
  failed_in_a_row: 'warning',
  absent_in_a_row: 'warning',
  update_norm_unusual: 'warning',
  train_loss_unusual: 'warning',
  cosine_unusual: 'warning',
  update_norm_drift: 'info',
  train_loss_drift: 'info',
  cosine_drift: 'info',
  replayed_update: 'warning',
  free_rider: 'warning',
  straggler: 'info',
};

/** An update so much larger moves the mean by itself. */
const grossRatio = 10;

export function severityOfSign({ rule, evidence, isProvisional }: Omit<Sign, 'client' | 'detail'>): Severity {
  if (isProvisional) return 'info';
  if (rule === 'update_norm_unusual' && Number(evidence.ratio) >= grossRatio) return 'critical';
  return severityOf[rule];
}
