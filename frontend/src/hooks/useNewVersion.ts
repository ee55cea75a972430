import { useEffect, useState } from 'react';
import { isNewVersionServed } from '../lib/server-version.ts';
import { useFLData } from './useFLData.ts';

/** Whether the server hands out a newer page. It can change only while the link is down, so each new link asks once. */
export function useNewVersion(): boolean {
  const [isNew, setNew] = useState(false);
  const isLive = useFLData((state) => state.link.state === 'live');
  const [wasLost, setWasLost] = useState(false);
  const [hasBeenLive, setHasBeenLive] = useState(isLive);
  if (isLive && !hasBeenLive) setHasBeenLive(true);
  if (!isLive && hasBeenLive && !wasLost) setWasLost(true);
  useEffect(() => {
    if (!isLive || !wasLost) return;
    let isCurrent = true;
    void isNewVersionServed().then((isServed) => {
      if (isCurrent && isServed) setNew(true);
    });
    return () => {
      isCurrent = false;
    };
  }, [isLive, wasLost]);
  return isNew;
}
