import { lazy, Suspense, useEffect } from 'react';
import { BrowserRouter, Navigate, Outlet, Route, Routes, useLocation } from 'react-router';
import { AppShell } from './components/AppShell/AppShell.tsx';
import { Alert } from './components/ui/Alert.tsx';
import { Button } from './components/ui/Button.tsx';
import { NotFound } from './components/ui/NotFound.tsx';
import { SignInCard } from './components/ui/SignInCard.tsx';
import { useRefreshSession, useSession } from './hooks/useSession.ts';
import { basePath } from './lib/base-path.ts';
import { LoginPage } from './pages/LoginPage.tsx';
import { SignInLinkPage } from './pages/SignInLinkPage.tsx';

const LivePage = lazy(async () => ({ default: (await import('./pages/LivePage.tsx')).LivePage }));
const ModelsPage = lazy(async () => ({ default: (await import('./pages/ModelsPage.tsx')).ModelsPage }));
const RoundPage = lazy(async () => ({ default: (await import('./pages/RoundPage.tsx')).RoundPage }));
const RunsPage = lazy(async () => ({ default: (await import('./pages/RunsPage.tsx')).RunsPage }));
const SeriesPage = lazy(async () => ({ default: (await import('./pages/SeriesPage.tsx')).SeriesPage }));
const SettingsPage = lazy(async () => ({ default: (await import('./pages/SettingsPage.tsx')).SettingsPage }));

export function App() {
  return (
    <BrowserRouter basename={basePath}>
      <Suspense fallback={null}>
        <Routes>
          <Route path="/sign-in" element={<SignInLinkPage />} />
          <Route element={<SessionGate />}>
            <Route path="/login" element={<LoginPage />} />
            <Route element={<SignedInOnly />}>
              <Route index element={<LivePage />} />
              <Route path="runs" element={<RunsPage />} />
              <Route path="runs/:run_id" element={<LivePage />} />
              <Route path="runs/:run_id/rounds/:round" element={<RoundPage />} />
              <Route path="runs/:run_id/series" element={<SeriesPage />} />
              <Route path="series" element={<SeriesPage />} />
              <Route path="models" element={<ModelsPage />} />
              <Route path="settings/*" element={<SettingsPage />} />
              <Route path="*" element={<NotFound />} />
            </Route>
          </Route>
        </Routes>
      </Suspense>
    </BrowserRouter>
  );
}

/** The session survives a reload as a cookie: nobody is sent to sign in before that has been tried. */
function SessionGate() {
  const session = useSession();
  const [progress, refresh] = useRefreshSession();
  useEffect(() => {
    if (session.state === 'unknown') void refresh();
  }, [session.state, refresh]);
  if (session.state !== 'unknown') return <Outlet />;
  if (progress.state !== 'failed') return null;
  return (
    <SignInCard title="No connection">
      <div className="flex flex-col items-start gap-4">
        <Alert>{progress.detail}</Alert>
        <Button onClick={() => void refresh()}>Try again</Button>
      </div>
    </SignInCard>
  );
}

function SignedInOnly() {
  const session = useSession();
  const { pathname, search } = useLocation();
  if (session.state === 'signed_in') return <AppShell />;
  return <Navigate to="/login" replace state={{ from: pathname + search }} />;
}
