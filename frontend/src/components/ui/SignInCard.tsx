import type { ReactNode } from 'react';
import { Logo } from './Logo.tsx';

/** The one card of the pages before signing in. */
export function SignInCard({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <main className="flex min-h-dvh items-center justify-center p-4">
      <div className="panel w-full max-w-[380px] p-6 sm:p-8">
        <p className="mb-6 flex items-center gap-2.5 text-[16px] font-semibold">
          <Logo size={22} />
          Rondo
        </p>
        <h1 className="mb-5 text-[20px] leading-7 font-semibold">{title}</h1>
        {children}
      </div>
    </main>
  );
}
