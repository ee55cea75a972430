import { useCallback } from 'react';
import { useSearchParams } from 'react-router';

/** What a value of the address becomes; null takes it out, which is how defaults stay out of a copied link. */
export type AddressChange = Readonly<Record<string, string | null>>;

export function changeAddress(before: URLSearchParams, change: AddressChange): URLSearchParams {
  const next = new URLSearchParams(before);
  for (const [name, value] of Object.entries(change)) {
    if (value === null) next.delete(name);
    else next.set(name, value);
  }
  return next;
}

interface AddressOptions {
  /** Adds an entry to the history, so that Back undoes the change. */
  readonly isStep?: boolean;
}

/** The query of the address: what a copied link and a reload keep of the page. */
export function useAddress(): readonly [URLSearchParams, (change: AddressChange, options?: AddressOptions) => void] {
  const [params, setParams] = useSearchParams();
  const change = useCallback(
    (given: AddressChange, { isStep = false }: AddressOptions = {}) =>
      setParams((before) => changeAddress(before, given), { replace: !isStep, preventScrollReset: true }),
    [setParams],
  );
  return [params, change];
}
