import { useEffect } from 'react';
import { BrowserRouter, Navigate, Outlet, Route, Routes, useLocation, useParams } from 'react-router';
import { AppShell } from './components/AppShell/AppShell.tsx';
import { Alert } from './components/ui/Alert.tsx';
import { Button } from './components/ui/Button.tsx';
import { ErrorBoundary } from './components/ui/ErrorBoundary.tsx';
import { lazyPart } from './components/ui/lazy-part.tsx';
import { NotFound } from './components/ui/NotFound.tsx';
import { SignInCard } from './components/ui/SignInCard.tsx';
import { Skeleton } from './components/ui/Skeleton.tsx';
import { useRefreshSession, useSession } from './hooks/useSession.ts';
import { basePath } from './lib/base-path.ts';
import { type PageFile, pageFiles } from './lib/page-files.ts';
import { LoginPage } from './pages/LoginPage.tsx';
import { RunPage } from './pages/RunPage.tsx';
import { SignInLinkPage } from './pages/SignInLinkPage.tsx';

const page = <P extends object>(what: string, load: () => Promise<React.ComponentType<P>>) =>
  lazyPart({
    what,
    load,
    fallback: (
      <div role="status">
        <span className="sr-only">Loading: {what.toLowerCase()}</span>
        <Skeleton className="h-40" />
      </div>
    ),
  });

const LivePage = page('The overview', async () => (await import('./pages/LivePage.tsx')).LivePage);
const RoundsPage = page('The rounds', async () => (await import('./pages/RoundsPage.tsx')).RoundsPage);
const ClientsPage = page('The clients', async () => (await import('./pages/ClientsPage.tsx')).ClientsPage);
const SeriesPage = page('The metrics', async () => (await import('./pages/SeriesPage.tsx')).SeriesPage);
const RunModelsPage = page('The models', async () => (await import('./pages/RunModelsPage.tsx')).RunModelsPage);
const LogPage = page('The log', async () => (await import('./pages/LogPage.tsx')).LogPage);
const ConfigPage = page('The config', async () => (await import('./pages/ConfigPage.tsx')).ConfigPage);
const RoundPage = page('The round', async () => (await import('./pages/RoundPage.tsx')).RoundPage);
const RunsPage = page('The list of runs', async () => (await import('./pages/RunsPage.tsx')).RunsPage);
const ComparePage = page('The comparison', async () => (await import('./pages/ComparePage.tsx')).ComparePage);
const ClientPage = page('The client', async () => (await import('./pages/ClientPage.tsx')).ClientPage);
const ModelsPage = page('The list of models', async () => (await import('./pages/ModelsPage.tsx')).ModelsPage);
const SettingsPage = page('The settings', async () => (await import('./pages/SettingsPage.tsx')).SettingsPage);

const pages: Record<PageFile, { readonly prefetch: () => void }> = {
  LivePage,
  RoundsPage,
  ClientsPage,
  SeriesPage,
  RunModelsPage,
  LogPage,
  ConfigPage,
  RoundPage,
  RunsPage,
  ComparePage,
  ClientPage,
  ModelsPage,
  SettingsPage,
};

/** The page of an address is fetched while the session is renewed, instead of after it. */
export function prefetchPage(pathname: string): void {
  const path = pathname.startsWith(basePath) ? pathname.slice(basePath.replace(/\/$/, '').length) : pathname;
  const file = pageFiles.find(([pattern]) => pattern.test(path))?.[1];
  if (file !== undefined) pages[file].prefetch();
}

export function App() {
  return (
    <ErrorBoundary what="Rondo">
      <BrowserRouter basename={basePath}>
        <Routes>
          <Route path="/sign-in" element={<SignInLinkPage />} />
          <Route element={<SessionGate />}>
            <Route path="/login" element={<LoginPage />} />
            <Route element={<SignedInOnly />}>
              <Route element={<RunPage />}>
                <Route index element={<LivePage />} />
                <Route path="series" element={<SeriesPage />} />
                <Route path="runs/:run_id">
                  <Route index element={<LivePage />} />
                  <Route path="rounds" element={<RoundsPage />} />
                  <Route path="clients" element={<ClientsPage />} />
                  <Route path="metrics" element={<SeriesPage />} />
                  <Route path="models" element={<RunModelsPage />} />
                  <Route path="log" element={<LogPage />} />
                  <Route path="config" element={<ConfigPage />} />
                </Route>
              </Route>
              <Route path="runs/:run_id/rounds/:round" element={<RoundPage />} />
              <Route path="runs/:run_id/series" element={<OldSeriesAddress />} />
              <Route path="runs" element={<RunsPage />} />
              <Route path="compare" element={<ComparePage />} />
              <Route path="clients/:client_id" element={<ClientPage />} />
              <Route path="models" element={<ModelsPage />} />
              <Route path="settings/*" element={<SettingsPage />} />
              <Route path="*" element={<NotFound />} />
            </Route>
          </Route>
        </Routes>
      </BrowserRouter>
    </ErrorBoundary>
  );
}

/** Links of the first release keep working. */
function OldSeriesAddress() {
  const { run_id = '' } = useParams();
  const { search } = useLocation();
  return <Navigate to={{ pathname: `/runs/${encodeURIComponent(run_id)}/metrics`, search }} replace />;
}

/** The session survives a reload as a cookie, so that is tried before the sign-in page is shown. */
function SessionGate() {
  const session = useSession();
  const [progress, refresh] = useRefreshSession();
  useEffect(() => {
    if (session.state === 'unknown') void refresh();
  }, [session.state, refresh]);
  if (session.state !== 'unknown') return <Outlet />;
  if (progress.state !== 'failed') return <Opening />;
  return (
    <SignInCard title="No connection">
      <div className="flex flex-col items-start gap-4">
        <Alert>{progress.detail}</Alert>
        <Button onClick={() => void refresh()}>Try again</Button>
      </div>
    </SignInCard>
  );
}

/** The same as in index.html, which is on screen before the code is there. */
const Opening = () => (
  <div className="flex min-h-dvh items-center justify-center text-base font-semibold text-muted">Rondo</div>
);

function SignedInOnly() {
  const session = useSession();
  const { pathname, search } = useLocation();
  if (session.state === 'signed_in') return <AppShell />;
  return <Navigate to="/login" replace state={{ from: pathname + search }} />;
}
