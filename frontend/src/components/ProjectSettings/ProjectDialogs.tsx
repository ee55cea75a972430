import type { Project } from '@rondo/protocol';
import { limits } from '@rondo/protocol/limits';
import { useState } from 'react';
import { useNotify } from '../../hooks/useNotices.ts';
import { useCreateProject, useDeleteProject, useRenameProject } from '../../hooks/useProjects.ts';
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx';
import { Field } from '../ui/Field.tsx';
import { FormDialog } from '../ui/FormDialog.tsx';
import { texts } from './texts.ts';

interface CreateProjectProps {
  readonly onClose: () => void;
  readonly onCreated: (id: string) => void;
}

export function CreateProject({ onClose, onCreated }: CreateProjectProps) {
  const [id, setId] = useState('');
  const [name, setName] = useState('');
  const [progress, create] = useCreateProject();
  const wanted = id.trim();
  const submit = async () => {
    if (!(await create({ id: wanted, ...(name.trim() !== '' && { name: name.trim() }) }))) return false;
    onCreated(wanted);
    return true;
  };
  return (
    <FormDialog
      title={texts.dialog.createTitle}
      testId="create-project"
      progress={progress}
      verb={texts.dialog.create}
      isReady={wanted !== ''}
      onSubmit={submit}
      onClose={onClose}
    >
      <Field
        label={texts.dialog.id}
        required
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        maxLength={limits.projectId}
        value={id}
        onChange={({ target }) => setId(target.value)}
      />
      <Field
        label={texts.dialog.name}
        autoComplete="off"
        maxLength={limits.name}
        value={name}
        onChange={({ target }) => setName(target.value)}
      />
    </FormDialog>
  );
}

interface OfProjectProps {
  readonly project: Project;
  readonly onClose: () => void;
}

export function RenameProject({ project, onClose }: OfProjectProps) {
  const [name, setName] = useState(project.name);
  const [progress, rename] = useRenameProject();
  const notify = useNotify();
  const submit = async () => {
    const wanted = name.trim();
    if (!(await rename(project.id, wanted))) return false;
    notify({ text: `${project.id}: ${wanted}`, undo: () => rename(project.id, project.name) });
    return true;
  };
  return (
    <FormDialog
      title={texts.dialog.renameTitle(project.id)}
      testId="rename-project"
      progress={progress}
      verb={texts.dialog.rename}
      isReady={name.trim() !== '' && name.trim() !== project.name}
      onSubmit={submit}
      onClose={onClose}
    >
      <Field
        label={texts.dialog.name}
        required
        autoComplete="off"
        maxLength={limits.name}
        value={name}
        onChange={({ target }) => setName(target.value)}
      />
    </FormDialog>
  );
}

export function RemoveProject({ project, onClose }: OfProjectProps) {
  const [progress, remove] = useDeleteProject();
  return (
    <ConfirmDialog
      title={texts.dialog.deleteTitle(project.id)}
      description={texts.dialog.deleteText}
      verb={texts.dialog.delete}
      progress={progress}
      onConfirm={() => remove(project.id)}
      onClose={onClose}
    />
  );
}
