import type { AlertNotice } from '@rondo/protocol';
import { basePath } from './base-path.ts';

export type NotificationChoice = NotificationPermission | 'unsupported';

const key = 'rondo.alert-notifications';

/** Browsers offer notifications to https pages and to those of this machine only. */
export const readPermission = (): NotificationChoice =>
  typeof Notification === 'undefined' || !globalThis.isSecureContext ? 'unsupported' : Notification.permission;

export function wantsNotifications(): boolean {
  try {
    return localStorage.getItem(key) === 'on' && readPermission() === 'granted';
  } catch {
    return false; // storage is blocked
  }
}

/** Says whether notifications are on now. */
export async function chooseNotifications(isOn: boolean): Promise<boolean> {
  const permission = isOn && readPermission() === 'default' ? await Notification.requestPermission() : readPermission();
  const isGranted = isOn && permission === 'granted';
  try {
    localStorage.setItem(key, isGranted ? 'on' : 'off');
  } catch {
    return false; // storage is blocked, so the choice would not outlive this page
  }
  return isGranted;
}

/** One for each message, however many tabs are open: the tag makes them replace each other. */
export function notify({ delivery_id, title, text, run_id }: AlertNotice): void {
  const notification = new Notification(title, { body: text, tag: delivery_id });
  notification.onclick = () => {
    window.focus();
    if (run_id !== null) location.assign(`${basePath}/runs/${encodeURIComponent(run_id)}`);
    notification.close();
  };
}
