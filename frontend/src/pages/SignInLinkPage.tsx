import { Link, Navigate } from 'react-router';
import { Alert } from '../components/ui/Alert.tsx';
import { SignInCard } from '../components/ui/SignInCard.tsx';
import { useSignInLink } from '../hooks/useSignInLink.ts';

/** Opened from the one-time link that the server prints. */
export function SignInLinkPage() {
  const progress = useSignInLink();
  if (progress.state === 'done') return <Navigate to="/" replace />;
  return (
    <SignInCard title={progress.state === 'failed' ? 'This link no longer works' : 'Signing you in…'}>
      {progress.state === 'failed' ? (
        <div className="flex flex-col gap-4">
          <Alert>{progress.detail}</Alert>
          <Link to="/login" className="text-sm text-accent underline">
            Sign in with a password
          </Link>
        </div>
      ) : (
        <p role="status" className="text-sm text-muted">
          One moment.
        </p>
      )}
    </SignInCard>
  );
}
