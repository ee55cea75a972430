import { useManagedProjects } from '../../hooks/usePeople.ts';
import { SelectField } from '../ui/SelectField.tsx';

interface ProjectFieldProps {
  readonly project: string;
  readonly onChange: (project: string) => void;
}

/** Shown where there is a choice. */
export function ProjectField({ project, onChange }: ProjectFieldProps) {
  const projects = useManagedProjects();
  if (projects.length < 2) return null;
  return (
    <SelectField label="Project" value={project} onChange={(event) => onChange(event.target.value)}>
      {projects.map(({ id, name }) => (
        <option key={id} value={id}>
          {name === id ? id : `${name} (${id})`}
        </option>
      ))}
    </SelectField>
  );
}
