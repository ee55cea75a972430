import { useState } from 'react';

interface Typed {
  readonly value: string;
  readonly onChange: (event: { readonly target: { readonly value: string } }) => void;
  readonly onBlur: () => void;
}

/**
 * Properties of a field whose value is kept in the address. The address changes a moment after a key, so a field that
 * showed it would lose what is typed in between. While the field is typed in, it shows what was typed.
 */
export function useTyped(value: string, save: (value: string) => void): Typed {
  const [typed, setTyped] = useState<string | null>(null);
  return {
    value: typed ?? value,
    onChange: ({ target }) => {
      setTyped(target.value);
      save(target.value);
    },
    onBlur: () => setTyped(null),
  };
}
