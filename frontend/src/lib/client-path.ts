/** The address of a client's page, in one run or in its newest. */
export const clientPath = (client_id: string, run_id: string | null = null): string =>
  `/clients/${encodeURIComponent(client_id)}${run_id === null ? '' : `?${new URLSearchParams({ run: run_id })}`}`;
