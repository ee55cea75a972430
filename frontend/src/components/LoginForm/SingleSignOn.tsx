import { KeyRound } from 'lucide-react';
import { useSignInMethods } from '../../hooks/usePeople.ts';
import { basePath } from '../../lib/base-path.ts';

/** The way in over the organisation's own identity provider, where the server has one. */
export function SingleSignOn({ returnTo }: { readonly returnTo: string }) {
  const oidc = useSignInMethods().data?.oidc ?? null;
  if (oidc === null) return null;
  return (
    <>
      <p aria-hidden className="my-4 flex items-center gap-3 text-xs text-muted">
        <span className="h-px grow bg-line" />
        or
        <span className="h-px grow bg-line" />
      </p>
      <a
        href={`${basePath}/api/auth/oidc/start?${new URLSearchParams({ return_to: returnTo })}`}
        className="flex h-10 items-center justify-center gap-2 rounded-control border border-edge px-4 text-base text-text hover:bg-raised"
      >
        <KeyRound aria-hidden size={15} />
        <span className="truncate">{oidc.name}</span>
      </a>
    </>
  );
}
