import { Navigate, Route, Routes } from 'react-router';
import { AccountSettings } from '../components/AccountSettings/AccountSettings.tsx';
import { AuditLog } from '../components/AuditLog/AuditLog.tsx';
import { KeySettings } from '../components/KeySettings/KeySettings.tsx';
import { SettingsNav } from '../components/SettingsNav/SettingsNav.tsx';
import { UserSettings } from '../components/UserSettings/UserSettings.tsx';
import { lazyPart } from '../components/ui/lazy-part.tsx';
import { Skeleton } from '../components/ui/Skeleton.tsx';
import { useManaging } from '../hooks/usePeople.ts';
import { useIsAdmin } from '../hooks/useSession.ts';

const AlertSettings = lazyPart({
  what: 'The alerts',
  load: async () => (await import('../components/AlertSettings/AlertSettings.tsx')).AlertSettings,
});
const ProjectSettings = lazyPart({
  what: 'The projects',
  load: async () => (await import('../components/ProjectSettings/ProjectSettings.tsx')).ProjectSettings,
});

export function SettingsPage() {
  const isAdmin = useIsAdmin();
  const managing = useManaging();
  return (
    <>
      <SettingsNav />
      <Routes>
        <Route path="account" element={<AccountSettings />} />
        <Route path="alerts" element={<AlertSettings />} />
        {managing !== false && (
          <>
            <Route path="projects" element={managing ? <ProjectSettings /> : <Skeleton className="h-40" />} />
            <Route path="keys" element={managing ? <KeySettings /> : <Skeleton className="h-40" />} />
          </>
        )}
        {isAdmin && (
          <>
            <Route path="users" element={<UserSettings />} />
            <Route path="audit" element={<AuditLog />} />
          </>
        )}
        <Route path="*" element={<Navigate to="/settings/account" replace />} />
      </Routes>
    </>
  );
}
