import { limits } from '@rondo/protocol/limits';
import { Field } from './Field.tsx';

/** The server's rule. */
const { passwordMin: least, password: most } = limits;

export const isGoodPassword = (password: string): boolean => password.length >= least && password.length <= most;

interface NewPasswordFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly isRequired?: boolean;
}

/** A password that is being set; long ones and password managers are welcome. */
export function NewPasswordField({ label, value, onValue, isRequired = true }: NewPasswordFieldProps) {
  return (
    <Field
      label={`${label} (${least} characters at least)`}
      type="password"
      autoComplete="new-password"
      minLength={least}
      maxLength={most}
      required={isRequired}
      value={value}
      onChange={(event) => onValue(event.target.value)}
    />
  );
}
