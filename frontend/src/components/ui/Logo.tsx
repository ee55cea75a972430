/** A ring that comes round to where it began: a rondo. */
export function Logo({ size = 20 }: { readonly size?: number }) {
  return (
    <svg aria-hidden="true" width={size} height={size} viewBox="0 0 32 32" fill="none" className="text-accent">
      <path d="M25.2 9.4A11.4 11.4 0 1 0 27.4 16" stroke="currentColor" strokeWidth="3.4" strokeLinecap="round" />
      <circle cx="25.4" cy="9.2" r="3.2" fill="currentColor" />
    </svg>
  );
}
