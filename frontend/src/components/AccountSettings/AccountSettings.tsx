import { useSession } from '../../hooks/useSession.ts';
import { Detail, Details } from '../ui/Details.tsx';
import { Panel } from '../ui/Panel.tsx';
import { ChangePassword } from './ChangePassword.tsx';
import { DensitySettings } from './DensitySettings.tsx';
import { SessionList } from './SessionList.tsx';
import { TimeSettings } from './TimeSettings.tsx';

/** Who one is here, one's password, and where one is signed in. */
export function AccountSettings() {
  const session = useSession();
  if (session.state !== 'signed_in') return null;
  const { username, role } = session.user;
  return (
    <div className="grid items-start gap-4 xl:grid-cols-[380px_minmax(0,1fr)]">
      <div className="flex flex-col gap-4">
        <Panel title="Signed in as">
          <Details>
            <Detail name="Username">{username}</Detail>
            <Detail name="Role">{role}</Detail>
            <Detail name="May" isWide>
              {role === 'admin' ? 'read everything, stop, delete and manage' : 'read everything'}
            </Detail>
          </Details>
        </Panel>
        <TimeSettings />
        <DensitySettings />
        <ChangePassword username={username} />
      </div>
      <SessionList />
    </div>
  );
}
