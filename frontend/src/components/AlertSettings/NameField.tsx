import { limits } from '@rondo/protocol/limits';
import { Field } from '../ui/Field.tsx';

interface NameFieldProps {
  readonly name: string;
  readonly onChange: (name: string) => void;
}

/** The name of a rule or of a channel. */
export function NameField({ name, onChange }: NameFieldProps) {
  return (
    <Field
      label="Name"
      autoComplete="off"
      required
      maxLength={limits.name}
      value={name}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
