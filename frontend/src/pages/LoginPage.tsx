import { Navigate, useLocation, useNavigate } from 'react-router';
import { LoginForm } from '../components/LoginForm/LoginForm.tsx';
import { SignInCard } from '../components/ui/SignInCard.tsx';
import { useSession } from '../hooks/useSession.ts';
import { returnAddress } from '../lib/return-address.ts';

export function LoginPage() {
  const session = useSession();
  const navigate = useNavigate();
  const back = returnAddress(useLocation().state);
  if (session.state === 'signed_in') return <Navigate to={back} replace />;
  return (
    <SignInCard title="Sign in">
      <LoginForm onSignedIn={() => void navigate(back, { replace: true })} />
    </SignInCard>
  );
}
