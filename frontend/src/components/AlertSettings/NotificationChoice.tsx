import { useBrowserNotifications } from '../../hooks/useBrowserNotifications.ts';
import { Choice } from '../ui/Choice.tsx';
import { Panel } from '../ui/Panel.tsx';

const hints = {
  unsupported: 'This browser has no notifications for pages of this address; they need https or this machine.',
  denied: 'This browser refuses notifications of this page. Allow them in its settings for this site.',
  default: 'The browser asks once.',
  granted: 'They come while a page of Rondo is open, also in the background.',
} as const;

/** Alerts for open pages as notifications of the browser, for this browser only. */
export function NotificationChoice() {
  const { permission, isOn, setOn } = useBrowserNotifications();
  return (
    <Panel title="This browser" testId="alert-browser">
      <Choice
        type="checkbox"
        label="Show alerts for open pages as notifications of the browser"
        hint={hints[permission]}
        checked={isOn}
        disabled={permission === 'unsupported' || permission === 'denied'}
        onChange={(event) => void setOn(event.target.checked)}
      />
    </Panel>
  );
}
