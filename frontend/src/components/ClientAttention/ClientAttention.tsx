import type { AttentionItem, AttentionRule } from '@rondo/protocol';
import { BellOff, BellRing } from 'lucide-react';
import { Link } from 'react-router';
import { useFLData } from '../../hooks/useFLData.ts';
import { useAttention } from '../../hooks/useInsight.ts';
import { useMute, useUnmute } from '../../hooks/useMutes.ts';
import { useNotify } from '../../hooks/useNotices.ts';
import { useIsAdmin } from '../../hooks/useSession.ts';
import { classes } from '../../lib/classes.ts';
import { runPath } from '../../lib/run-tabs.ts';
import { Alert } from '../ui/Alert.tsx';
import { Button } from '../ui/Button.tsx';
import { Section } from '../ui/Section.tsx';
import { severityLooks } from '../ui/severity-looks.ts';
import { texts } from './texts.ts';

interface ClientAttentionProps {
  readonly client_id: string;
  readonly run_id: string;
}

const isAbout =
  (client_id: string) =>
  ({ client_id: one, client_ids }: AttentionItem): boolean =>
    one === client_id || (client_ids?.some((id) => id === client_id) ?? false);

const wordsOf = (rule: AttentionRule): string => rule.replaceAll('_', ' ');

/** What of this client needs a look. An admin may mute it; what is muted stays in sight here. */
export function ClientAttention({ client_id, run_id }: ClientAttentionProps) {
  const isRunning = useFLData((state) => state.viewer.run?.run_id === run_id && state.viewer.run.status === 'running');
  const { data } = useAttention(run_id, isRunning);
  const isAdmin = useIsAdmin();
  const [muting, mute] = useMute();
  const [unmuting, unmute] = useUnmute();
  const notify = useNotify();
  if (data === undefined || data.run_id !== run_id) return null;
  const muteRule = async (rule: AttentionRule) => {
    const key = { client_id, rule };
    if (!(await mute(run_id, key, ''))) return;
    notify({ text: texts.muted(wordsOf(rule), client_id), undo: () => unmute(run_id, key) });
  };
  const unmuteRule = async (rule: AttentionRule | null, reason: string) => {
    const key = { client_id, rule };
    if (!(await unmute(run_id, key))) return;
    notify({
      text: texts.unmuted(rule === null ? null : wordsOf(rule), client_id),
      undo: () => mute(run_id, key, reason),
    });
  };
  const items = data.items.filter(isAbout(client_id));
  const mutes = data.mutes.filter((each) => each.client_id === client_id);
  const problem = [muting, unmuting].find(({ state }) => state === 'failed');
  if (items.length === 0 && mutes.length === 0) return null;
  return (
    <Section title="Needs attention">
      {problem?.state === 'failed' && <Alert>{problem.detail}</Alert>}
      <ul className="flex flex-col gap-2" data-testid="client-attention">
        {items.map((item) => {
          const { Icon, text } = severityLooks[item.severity];
          return (
            <li key={`${item.rule} ${item.since_round}`} className="flex gap-2 text-sm">
              <Icon aria-hidden size={14} className={classes('mt-0.5 shrink-0', text)} />
              <span className="min-w-0 grow break-words">
                <span className={classes('mr-1.5 text-xs', text)}>{item.severity}</span>
                <span className="text-soft">{item.detail}</span>{' '}
                {item.round !== undefined && (
                  <Link
                    to={runPath(run_id, `rounds/${item.since_round ?? item.round}`)}
                    className="inline-block min-h-6 text-xs whitespace-nowrap text-accent hover:underline"
                  >
                    since round {item.since_round ?? item.round}
                  </Link>
                )}
              </span>
              {isAdmin && item.client_id !== undefined && (
                <Button
                  look="quiet"
                  size="tinyIcon"
                  aria-label={`Mute “${wordsOf(item.rule)}” for this client`}
                  title={`Mute “${wordsOf(item.rule)}” for this client`}
                  disabled={muting.state === 'busy'}
                  onClick={() => void muteRule(item.rule)}
                >
                  <BellOff aria-hidden size={13} />
                </Button>
              )}
            </li>
          );
        })}
        {mutes.map(({ rule, muted_by, reason }) => (
          <li key={`muted ${rule}`} className="flex items-center gap-2 text-xs text-muted">
            <BellOff aria-hidden size={13} className="shrink-0" />
            <span className="min-w-0 grow break-words">
              {rule === null ? 'Every rule' : `“${wordsOf(rule)}”`} is muted by {muted_by}
              {reason !== '' && `: ${reason}`}
            </span>
            {isAdmin && (
              <Button
                look="quiet"
                size="tinyIcon"
                aria-label={`Unmute ${rule === null ? 'every rule' : `“${wordsOf(rule)}”`}`}
                title="Unmute"
                disabled={unmuting.state === 'busy'}
                onClick={() => void unmuteRule(rule, reason)}
              >
                <BellRing aria-hidden size={13} />
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}
