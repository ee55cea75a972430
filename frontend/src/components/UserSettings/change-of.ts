import type { UserEdit, UserRecord } from '@rondo/protocol';

/** Only what differs, as each change ends sessions; `null` when nothing does. */
export function changeOf(user: UserRecord, wanted: Required<UserEdit>): UserEdit | null {
  const change: UserEdit = {
    ...(wanted.role !== user.role && { role: wanted.role }),
    ...(wanted.disabled !== user.disabled && { disabled: wanted.disabled }),
    ...(wanted.password !== '' && { password: wanted.password }),
  };
  return Object.keys(change).length === 0 ? null : change;
}
