import type { Role } from '@rondo/protocol';
import { Choice } from '../ui/Choice.tsx';

interface RoleChoiceProps {
  readonly role: Role;
  readonly onRole: (role: Role) => void;
}

const meanings: Record<Role, string> = {
  viewer: 'sees every run, and changes nothing',
  admin: 'also stops, deletes and manages',
};

export function RoleChoice({ role, onRole }: RoleChoiceProps) {
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-2 text-xs font-medium text-soft">Role</legend>
      {(['viewer', 'admin'] as const).map((each) => (
        <Choice
          key={each}
          type="radio"
          name="role"
          label={each}
          hint={meanings[each]}
          checked={each === role}
          onChange={() => onRole(each)}
        />
      ))}
    </fieldset>
  );
}
