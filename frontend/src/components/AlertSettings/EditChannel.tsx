import type { AlertChannel, QuietHours } from '@rondo/protocol';
import { limits } from '@rondo/protocol/limits';
import { useState } from 'react';
import { useCreateAlertChannel, useEditAlertChannel } from '../../hooks/useAlerts.ts';
import { useChosenProject } from '../../hooks/usePeople.ts';
import { channelWords, splitAddresses } from '../../lib/alert-words.ts';
import { Field } from '../ui/Field.tsx';
import { FormDialog } from '../ui/FormDialog.tsx';
import { SelectField } from '../ui/SelectField.tsx';
import { TextArea } from '../ui/TextArea.tsx';
import { NameField } from './NameField.tsx';
import { ProjectField } from './ProjectField.tsx';
import { QuietFields } from './QuietFields.tsx';
import { SecretField } from './SecretField.tsx';

interface EditChannelProps {
  /** Undefined makes one. */
  readonly channel: AlertChannel | undefined;
  readonly canSendEmail: boolean;
  readonly onClose: () => void;
}

type Kind = AlertChannel['kind'];
type Format = 'json' | 'slack';

export function EditChannel({ channel, canSendEmail, onClose }: EditChannelProps) {
  const [creating, create] = useCreateAlertChannel();
  const [editing, edit] = useEditAlertChannel();
  const [name, setName] = useState(channel?.name ?? '');
  const [kind, setKind] = useState<Kind>(channel?.kind ?? 'webhook');
  const [project_id, setProject] = useChosenProject(channel?.project_id);
  const [url, setUrl] = useState('');
  const [secret, setSecret] = useState<string | null | undefined>(undefined);
  const [format, setFormat] = useState<Format>(channel?.kind === 'webhook' ? channel.format : 'json');
  const [to, setTo] = useState(channel?.kind === 'email' ? channel.to.join('\n') : '');
  const [quiet_hours, setQuiet] = useState<QuietHours | null>(channel?.quiet_hours ?? null);
  const isMissing =
    (kind === 'webhook' && !channel && url === '') || (kind === 'email' && splitAddresses(to).length === 0);

  const submit = () => {
    const common = { name: name.trim(), quiet_hours };
    return channel
      ? edit(channel.id, { ...common, ...editOf(kind) })
      : create({ ...common, project_id, ...creationOf(kind) });
  };
  const editOf = (of: Kind) => {
    if (of === 'email') return { to: splitAddresses(to) };
    if (of === 'browser') return {};
    return { format, ...(url !== '' && { url }), ...(secret !== undefined && { secret }) };
  };
  const creationOf = (of: Kind) => {
    if (of === 'email') return { kind: of, to: splitAddresses(to) };
    if (of === 'browser') return { kind: of };
    return { kind: of, url, format, secret: secret ?? null };
  };

  return (
    <FormDialog
      title={channel ? `Channel “${channel.name}”` : 'Add a channel'}
      testId="edit-channel"
      progress={channel ? editing : creating}
      verb={channel ? 'Save' : 'Add the channel'}
      isReady={name.trim() !== '' && !isMissing}
      onSubmit={submit}
      onClose={onClose}
    >
      <NameField name={name} onChange={setName} />
      {!channel && (
        <>
          <ProjectField project={project_id} onChange={setProject} />
          <SelectField label="Kind" value={kind} onChange={(event) => setKind(event.target.value as Kind)}>
            {(Object.keys(channelWords) as Kind[]).map((each) => (
              <option key={each} value={each} disabled={each === 'email' && !canSendEmail}>
                {channelWords[each]}
                {each === 'email' && !canSendEmail && ' (this server has no mail server)'}
              </option>
            ))}
          </SelectField>
        </>
      )}
      {kind === 'webhook' && (
        <>
          <Field
            label={channel ? 'Another address (empty: the address stays)' : 'Address'}
            type="url"
            autoComplete="off"
            required={!channel}
            placeholder="https://"
            maxLength={limits.address}
            value={url}
            onChange={(event) => setUrl(event.target.value)}
          />
          <SelectField label="Form" value={format} onChange={(event) => setFormat(event.target.value as Format)}>
            <option value="json">Rondo’s own JSON, for programs</option>
            <option value="slack">Slack, Mattermost, Rocket.Chat</option>
          </SelectField>
          <SecretField
            hasSecret={channel?.kind === 'webhook' && channel.has_secret}
            secret={secret}
            onChange={setSecret}
          />
        </>
      )}
      {kind === 'email' && (
        <TextArea
          label={`Addresses, at most ${limits.alertRecipients}`}
          rows={3}
          required
          value={to}
          onChange={(event) => setTo(event.target.value)}
        />
      )}
      {kind === 'browser' && (
        <p className="text-xs leading-5 text-muted">
          Shown on every open page of people who see the project. Each of them may also allow notifications of the
          browser, under Settings, Alerts.
        </p>
      )}
      <QuietFields hours={quiet_hours} onChange={setQuiet} />
    </FormDialog>
  );
}
