/** The server moves these two by itself. */
const automatic = new Set(['best', 'latest']);

export function AliasChip({ alias }: { readonly alias: string }) {
  return (
    <span
      className={`inline-block max-w-32 truncate rounded-full border border-line px-1.5 align-bottom text-2xs leading-4 ${automatic.has(alias) ? 'text-accent' : 'text-soft'}`}
    >
      {alias}
    </span>
  );
}
