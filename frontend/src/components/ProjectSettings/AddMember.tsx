import type { Member, Project, ProjectRole } from '@rondo/protocol';
import { limits } from '@rondo/protocol/limits';
import { UserPlus } from 'lucide-react';
import { useState } from 'react';
import { useLater } from '../../hooks/useLater.ts';
import { useNotify } from '../../hooks/useNotices.ts';
import { useProblemDetail } from '../../hooks/useProblemDetail.ts';
import { useCandidates, useRemoveMember, useSetMember } from '../../hooks/useProjects.ts';
import { Alert } from '../ui/Alert.tsx';
import { Field } from '../ui/Field.tsx';
import { SelectField } from '../ui/SelectField.tsx';
import { useCombobox } from '../ui/use-combobox.ts';
import { texts } from './texts.ts';

const typingMs = 250;

interface AddMemberProps {
  readonly project: Project;
  readonly members: readonly Member[];
}

/** Finds a user by the whole name: the server does not list the names of people to admins of projects. */
export function AddMember({ project, members }: AddMemberProps) {
  const [text, setText] = useState('');
  const [role, setRole] = useState<ProjectRole>('viewer');
  const username = useLater(text.trim(), typingMs);
  const { data, error } = useCandidates(project.id, username);
  const problem = useProblemDetail(error);
  const [progress, set] = useSetMember();
  const [, remove] = useRemoveMember();
  const notify = useNotify();
  const isSettled = username !== '' && username === text.trim() && data !== undefined;
  const found = isSettled ? data.items : [];
  const isMember = (user_id: string) => members.some((member) => member.user_id === user_id);
  const add = async (user_id: string) => {
    const candidate = found.find((each) => each.user_id === user_id);
    if (candidate === undefined || isMember(user_id) || !(await set(project.id, user_id, role))) return;
    setText('');
    notify({ text: texts.added(candidate.username, project.name), undo: () => remove(project.id, user_id) });
  };
  const { field, list, option } = useCombobox(
    texts.add.list,
    found.map(({ user_id }) => user_id),
    (user_id) => void add(user_id),
  );
  return (
    <div className="mb-3 max-w-xl">
      <div className="flex flex-wrap items-end gap-2">
        <Field
          size="small"
          className="min-w-52 grow"
          label={texts.add.label}
          placeholder={texts.add.placeholder}
          autoCapitalize="none"
          maxLength={limits.username}
          value={text}
          onChange={({ target }) => setText(target.value)}
          {...field}
        />
        <SelectField label={texts.add.as} value={role} onChange={({ target }) => setRole(target.value as ProjectRole)}>
          {Object.entries(texts.roles).map(([each, label]) => (
            <option key={each} value={each}>
              {label}
            </option>
          ))}
        </SelectField>
      </div>
      {problem !== null && <Alert>{problem}</Alert>}
      {progress.state === 'failed' && <Alert>{progress.detail}</Alert>}
      <div {...list} className="mt-1 empty:hidden">
        {found.map((candidate, index) => (
          <div
            key={candidate.user_id}
            {...option(index)}
            aria-disabled={isMember(candidate.user_id)}
            className="flex min-h-8 items-center gap-2 rounded-control bg-raised px-2.5 text-sm"
          >
            <UserPlus aria-hidden size={14} className="text-accent" />
            <bdi className="font-medium">{candidate.username}</bdi>{' '}
            <span className="text-xs text-muted">
              {isMember(candidate.user_id) ? texts.add.isMember : texts.add.option(role)}
            </span>
          </div>
        ))}
      </div>
      <p aria-live="polite" className="mt-1 min-h-5 text-xs text-muted">
        {isSettled && found.length === 0 && texts.add.found(0)}
      </p>
    </div>
  );
}
