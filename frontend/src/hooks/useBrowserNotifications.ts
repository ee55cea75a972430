import { useCallback, useState } from 'react';
import { chooseNotifications, readPermission, wantsNotifications } from '../lib/notifications.ts';

/** The choice of this browser, kept in it. */
export function useBrowserNotifications() {
  const [permission, setPermission] = useState(readPermission);
  const [isOn, setIsOn] = useState(wantsNotifications);
  const setOn = useCallback(async (wanted: boolean) => {
    setIsOn(await chooseNotifications(wanted));
    setPermission(readPermission());
  }, []);
  return { permission, isOn, setOn };
}
