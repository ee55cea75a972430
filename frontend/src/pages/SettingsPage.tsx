import { Navigate, Route, Routes } from 'react-router';
import { AccountSettings } from '../components/AccountSettings/AccountSettings.tsx';
import { AuditLog } from '../components/AuditLog/AuditLog.tsx';
import { KeySettings } from '../components/KeySettings/KeySettings.tsx';
import { SettingsNav } from '../components/SettingsNav/SettingsNav.tsx';
import { UserSettings } from '../components/UserSettings/UserSettings.tsx';
import { lazyPart } from '../components/ui/lazy-part.tsx';
import { useIsAdmin } from '../hooks/useSession.ts';

const AlertSettings = lazyPart({
  what: 'The alerts',
  load: async () => (await import('../components/AlertSettings/AlertSettings.tsx')).AlertSettings,
});

export function SettingsPage() {
  const isAdmin = useIsAdmin();
  return (
    <>
      <SettingsNav />
      <Routes>
        <Route path="account" element={<AccountSettings />} />
        <Route path="alerts" element={<AlertSettings />} />
        {isAdmin && (
          <>
            <Route path="users" element={<UserSettings />} />
            <Route path="keys" element={<KeySettings />} />
            <Route path="audit" element={<AuditLog />} />
          </>
        )}
        <Route path="*" element={<Navigate to="/settings/account" replace />} />
      </Routes>
    </>
  );
}
