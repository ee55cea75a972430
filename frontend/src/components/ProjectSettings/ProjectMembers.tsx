import type { Member, Project, ProjectRole } from '@rondo/protocol';
import { UserMinus } from 'lucide-react';
import { useMemo } from 'react';
import { useNotify } from '../../hooks/useNotices.ts';
import { useMembers, useRemoveMember, useSetMember } from '../../hooks/useProjects.ts';
import { plural } from '../../lib/format.ts';
import { Alert } from '../ui/Alert.tsx';
import { Button } from '../ui/Button.tsx';
import type { Column } from '../ui/column.ts';
import { EmptyState } from '../ui/EmptyState.tsx';
import { Loaded } from '../ui/Loaded.tsx';
import { Moment } from '../ui/Moment.tsx';
import { Panel } from '../ui/Panel.tsx';
import { Select } from '../ui/Select.tsx';
import { Table } from '../ui/Table.tsx';
import { AddMember } from './AddMember.tsx';
import { texts } from './texts.ts';

/** Who works on the project, and as what. Every change can be undone from its notice. */
export function ProjectMembers({ project }: { readonly project: Project }) {
  const answer = useMembers(project.id);
  const [setting, set] = useSetMember();
  const [removing, remove] = useRemoveMember();
  const notify = useNotify();
  const columns = useMemo(() => {
    const setRole = async ({ user_id, username, role: before }: Member, role: ProjectRole) => {
      if (!(await set(project.id, user_id, role))) return;
      notify({ text: texts.changed(username, role), undo: () => set(project.id, user_id, before) });
    };
    const takeOut = async ({ user_id, username, role }: Member) => {
      if (!(await remove(project.id, user_id))) return;
      notify({ text: texts.removed(username, project.name), undo: () => set(project.id, user_id, role) });
    };
    return columnsFor(setRole, takeOut);
  }, [project, set, remove, notify]);
  const problem = [setting, removing].find(({ state }) => state === 'failed');
  return (
    <Panel
      title={texts.members(project.name)}
      note={answer.data && plural(answer.data.total, 'member')}
      testId="project-members"
    >
      {problem?.state === 'failed' && <Alert>{problem.detail}</Alert>}
      <Loaded what="The members" answer={answer}>
        {({ items }) => (
          <>
            <AddMember project={project} members={items} />
            {items.length === 0 ? (
              <EmptyState title={texts.noMember.title}>{texts.noMember.text}</EmptyState>
            ) : (
              <Table
                label={texts.members(project.name)}
                columns={columns}
                rows={items}
                keyOf={({ user_id }) => user_id}
                rowProps={({ username }) => ({ 'data-member': username })}
              />
            )}
          </>
        )}
      </Loaded>
    </Panel>
  );
}

const columnsFor = (
  onRole: (member: Member, role: ProjectRole) => Promise<void>,
  onRemove: (member: Member) => Promise<void>,
): readonly Column<Member>[] => [
  {
    key: 'username',
    name: texts.columns.username,
    cell: ({ username }) => (
      <span dir="auto" className="font-medium break-all">
        {username}
      </span>
    ),
  },
  {
    key: 'role',
    name: texts.columns.role,
    cell: (member) => (
      <Select
        className="min-w-20"
        aria-label={texts.roleOf(member.username)}
        value={member.role}
        onChange={({ target }) => void onRole(member, target.value as ProjectRole)}
      >
        {Object.entries(texts.roles).map(([role, label]) => (
          <option key={role} value={role}>
            {label}
          </option>
        ))}
      </Select>
    ),
  },
  {
    key: 'added',
    name: texts.columns.added,
    align: 'end',
    className: 'whitespace-nowrap text-soft max-sm:hidden',
    cell: ({ added_at }) => <Moment at={added_at} />,
  },
  {
    key: 'remove',
    name: <span className="sr-only">{texts.columns.remove}</span>,
    align: 'end',
    cell: (member) => (
      <Button
        size="smallIcon"
        look="danger"
        aria-label={texts.removeMember(member.username)}
        title={texts.removeMember(member.username)}
        onClick={() => void onRemove(member)}
      >
        <UserMinus aria-hidden size={14} />
      </Button>
    ),
  },
];
