import { Navigate, useLocation, useNavigate, useSearchParams } from 'react-router';
import { LoginForm } from '../components/LoginForm/LoginForm.tsx';
import { Alert } from '../components/ui/Alert.tsx';
import { SignInCard } from '../components/ui/SignInCard.tsx';
import { useSession } from '../hooks/useSession.ts';
import { returnAddress } from '../lib/return-address.ts';
import { signInProblem } from '../lib/sign-in-problem.ts';

export function LoginPage() {
  const session = useSession();
  const navigate = useNavigate();
  const back = returnAddress(useLocation().state);
  const problem = signInProblem(useSearchParams()[0].get('problem'));
  if (session.state === 'signed_in') return <Navigate to={back} replace />;
  return (
    <SignInCard title="Sign in">
      {problem !== null && (
        <div className="mb-4">
          <Alert>{problem}</Alert>
        </div>
      )}
      <LoginForm returnTo={back} onSignedIn={() => void navigate(back, { replace: true })} />
    </SignInCard>
  );
}
