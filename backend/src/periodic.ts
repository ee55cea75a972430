interface Pace {
  readonly firstMs: number;
  readonly everyMs: number;
}

/** Takes a turn again and again, the next one `everyMs` after the last has ended. Returns how to end it. */
export function takeTurns(
  turn: () => Promise<unknown>,
  { firstMs, everyMs }: Pace,
  onError: (error: unknown) => void,
): () => void {
  let isOver = false;
  const next = async () => {
    await turn().catch(onError);
    if (!isOver) timer = setTimeout(next, everyMs);
  };
  let timer = setTimeout(next, firstMs);
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
