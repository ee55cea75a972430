import type { AlertChannel, AlertRule, AlertWhen, QuietHours } from '@rondo/protocol';
import { limits } from '@rondo/protocol/limits';
import { useState } from 'react';
import { useCreateAlertRule, useEditAlertRule } from '../../hooks/useAlerts.ts';
import { useChosenProject } from '../../hooks/usePeople.ts';
import { channelWords } from '../../lib/alert-words.ts';
import { Choice } from '../ui/Choice.tsx';
import { Field } from '../ui/Field.tsx';
import { FormDialog } from '../ui/FormDialog.tsx';
import { SelectField } from '../ui/SelectField.tsx';
import { NameField } from './NameField.tsx';
import { ProjectField } from './ProjectField.tsx';
import { QuietFields } from './QuietFields.tsx';
import { WhenFields } from './WhenFields.tsx';

interface EditRuleProps {
  /** Undefined makes one. */
  readonly rule: AlertRule | undefined;
  readonly channels: readonly AlertChannel[];
  readonly onClose: () => void;
}

const throttles = [
  { seconds: 0, label: 'at once' },
  { seconds: 300, label: 'every 5 minutes' },
  { seconds: 1_800, label: 'every 30 minutes' },
  { seconds: 3_600, label: 'every hour' },
  { seconds: 21_600, label: 'every 6 hours' },
  { seconds: 86_400, label: 'every day' },
] as const;

export function EditRule({ rule, channels, onClose }: EditRuleProps) {
  const [creating, create] = useCreateAlertRule();
  const [editing, edit] = useEditAlertRule();
  const [name, setName] = useState(rule?.name ?? '');
  const [project, setProject] = useChosenProject(rule?.project_id);
  const [when, setWhen] = useState<AlertWhen>(rule?.when ?? { kind: 'attention', rules: [], min_severity: 'warning' });
  const [tag, setTag] = useState(rule?.tag ?? '');
  const [ids, setIds] = useState<readonly string[]>(rule?.channel_ids ?? []);
  const [throttle_s, setThrottle] = useState(rule?.throttle_s ?? 300);
  const [quiet_hours, setQuiet] = useState<QuietHours | null>(rule?.quiet_hours ?? null);
  const [notify_over, setNotifyOver] = useState(rule?.notify_over ?? true);
  const offered = channels.filter(({ project_id }) => project_id === project);
  const isNumber = when.kind !== 'metric_threshold' || Number.isFinite(when.value + when.for_rounds);
  const submit = () => {
    const fields = {
      name: name.trim(),
      when,
      tag: tag.trim() || null,
      channel_ids: ids.filter((id) => offered.some((channel) => channel.id === id)),
      throttle_s,
      quiet_hours,
      notify_over,
    };
    return rule ? edit(rule.id, fields) : create({ ...fields, project_id: project });
  };
  return (
    <FormDialog
      title={rule ? `Rule “${rule.name}”` : 'Add an alert rule'}
      testId="edit-rule"
      progress={rule ? editing : creating}
      verb={rule ? 'Save' : 'Add the rule'}
      isReady={name.trim() !== '' && isNumber}
      onSubmit={submit}
      onClose={onClose}
    >
      <NameField name={name} onChange={setName} />
      {!rule && <ProjectField project={project} onChange={setProject} />}
      <WhenFields when={when} onChange={setWhen} />
      <Field
        label="Only runs with this tag (empty: every run of the project)"
        autoComplete="off"
        maxLength={limits.name}
        value={tag}
        onChange={(event) => setTag(event.target.value)}
      />
      <fieldset className="flex flex-col gap-2">
        <legend className="mb-2 text-xs font-medium text-soft">Send to</legend>
        {offered.length === 0 && (
          <p className="text-xs text-muted">This project has no channel. Alerts are kept in the history only.</p>
        )}
        {offered.map((channel) => (
          <Choice
            key={channel.id}
            type="checkbox"
            label={channel.name}
            hint={`${channelWords[channel.kind]}${channel.enabled ? '' : ', switched off'}`}
            checked={ids.includes(channel.id)}
            onChange={(event) =>
              setIds(event.target.checked ? [...ids, channel.id] : ids.filter((id) => id !== channel.id))
            }
          />
        ))}
      </fieldset>
      <SelectField
        label="At most one message"
        value={throttle_s}
        onChange={(event) => setThrottle(Number(event.target.value))}
      >
        {throttles.every(({ seconds }) => seconds !== throttle_s) && (
          <option value={throttle_s}>every {throttle_s} seconds</option>
        )}
        {throttles.map(({ seconds, label }) => (
          <option key={seconds} value={seconds}>
            {label}
          </option>
        ))}
      </SelectField>
      <Choice
        type="checkbox"
        label="Also when it is over"
        hint="A message says that what was wrong no longer holds"
        checked={notify_over}
        onChange={(event) => setNotifyOver(event.target.checked)}
      />
      <QuietFields hours={quiet_hours} onChange={setQuiet} />
    </FormDialog>
  );
}
