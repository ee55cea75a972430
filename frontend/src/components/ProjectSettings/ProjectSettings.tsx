import type { Project } from '@rondo/protocol';
import { FolderPlus, Pencil, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useAddress } from '../../hooks/useAddress.ts';
import { useProjects } from '../../hooks/useProjects.ts';
import { useIsAdmin } from '../../hooks/useSession.ts';
import { plural } from '../../lib/format.ts';
import { Button } from '../ui/Button.tsx';
import { Detail, Details } from '../ui/Details.tsx';
import { EmptyState } from '../ui/EmptyState.tsx';
import { Loaded } from '../ui/Loaded.tsx';
import { Moment } from '../ui/Moment.tsx';
import { Panel } from '../ui/Panel.tsx';
import { Select } from '../ui/Select.tsx';
import { CreateProject, RemoveProject, RenameProject } from './ProjectDialogs.tsx';
import { ProjectMembers } from './ProjectMembers.tsx';
import { texts } from './texts.ts';

/** The projects that the user manages, and the members of the one in the address. */
export function ProjectSettings() {
  const answer = useProjects();
  return (
    <Loaded what="The projects" answer={answer}>
      {({ items }) => <Managed projects={items.filter(({ role }) => role === 'admin')} />}
    </Loaded>
  );
}

function Managed({ projects }: { readonly projects: readonly Project[] }) {
  const [params, change] = useAddress();
  const isServerAdmin = useIsAdmin();
  const [dialog, setDialog] = useState<'create' | 'rename' | 'remove' | null>(null);
  const project = projects.find(({ id }) => id === params.get('project')) ?? projects[0];
  const close = () => setDialog(null);
  return (
    <div className="flex flex-col gap-4">
      <Panel
        title={texts.projects}
        note={plural(projects.length, 'project')}
        testId="project-settings"
        actions={
          <span className="flex flex-wrap items-center gap-2">
            {projects.length > 1 && (
              <Select
                aria-label={texts.choose}
                className="max-w-56"
                value={project?.id}
                onChange={({ target }) => change({ project: target.value }, { isStep: true })}
              >
                {projects.map(({ id, name }) => (
                  <option key={id} value={id}>
                    {name === id ? id : `${name} (${id})`}
                  </option>
                ))}
              </Select>
            )}
            {isServerAdmin && (
              <Button size="small" onClick={() => setDialog('create')}>
                <FolderPlus aria-hidden size={14} />
                {texts.create}
              </Button>
            )}
          </span>
        }
      >
        {project === undefined ? (
          <EmptyState title={texts.noProject} />
        ) : (
          <div className="flex flex-wrap items-end justify-between gap-4">
            <div className="min-w-0 grow">
              <p dir="auto" className="mb-3 text-base font-semibold break-words">
                {project.name}
              </p>
              <Details>
                <Detail name={texts.id}>{project.id}</Detail>
                <Detail name={texts.created}>
                  <Moment at={project.created_at} />
                </Detail>
                <Detail name={texts.role}>{project.role}</Detail>
              </Details>
            </div>
            <span className="flex gap-2">
              <Button size="small" onClick={() => setDialog('rename')}>
                <Pencil aria-hidden size={14} />
                {texts.rename}
              </Button>
              {isServerAdmin && project.id !== 'default' && (
                <Button size="small" look="danger" onClick={() => setDialog('remove')}>
                  <Trash2 aria-hidden size={14} />
                  {texts.remove}
                </Button>
              )}
            </span>
          </div>
        )}
      </Panel>
      {project !== undefined && <ProjectMembers key={project.id} project={project} />}
      {dialog === 'create' && (
        <CreateProject onClose={close} onCreated={(id) => change({ project: id }, { isStep: true })} />
      )}
      {project !== undefined && dialog === 'rename' && <RenameProject project={project} onClose={close} />}
      {project !== undefined && dialog === 'remove' && <RemoveProject project={project} onClose={close} />}
    </div>
  );
}
