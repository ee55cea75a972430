interface Share {
  readonly account: string;
  readonly address: string;
}

interface Waiting {
  readonly share: Share;
  readonly start: () => void;
  readonly refuse: () => void;
}

interface FairPoolOptions {
  readonly atOnce: number;
  readonly waiting: number;
  readonly refusal: () => Error;
}

/**
 * Runs `atOnce` pieces of work at a time. The next one is of the account and address that have the fewest waiting, and a full
 * queue gives up one of those that have the most: a flood from one address, or at one account, delays itself. [L6]
 */
export function createFairPool({ atOnce, waiting: maxWaiting, refusal }: FairPoolOptions) {
  const waiting: Waiting[] = [];
  let running = 0;

  const weightOf = ({ account, address }: Share) =>
    Math.max(
      waiting.filter(({ share }) => share.account === account).length,
      waiting.filter(({ share }) => share.address === address).length,
    );
  const take = (index: number) => waiting.splice(index, 1)[0];

  const startNext = () => {
    const weights = waiting.map(({ share }) => weightOf(share));
    take(weights.indexOf(Math.min(...weights)))?.start();
  };
  /** True if a place is free, or a share with more waiting than this one can give one up. */
  const makePlace = (share: Share): boolean => {
    if (waiting.length < maxWaiting) return true;
    const weights = waiting.map((each) => weightOf(each.share));
    const heaviest = Math.max(...weights);
    if (heaviest <= weightOf(share) + 1) return false;
    take(weights.lastIndexOf(heaviest))?.refuse();
    return true;
  };

  const place = (share: Share): Promise<void> | undefined => {
    if (running < atOnce) return undefined;
    if (!makePlace(share)) throw refusal();
    return new Promise((resolve, reject) => {
      waiting.push({ share, start: resolve, refuse: () => reject(refusal()) });
    });
  };

  return async <T>(share: Share, work: () => Promise<T>): Promise<T> => {
    const turn = place(share);
    // One that waited has the place of the one that ended.
    if (turn) await turn;
    else running += 1;
    try {
      return await work();
    } finally {
      if (waiting.length > 0) startNext();
      else running -= 1;
    }
  };
}
