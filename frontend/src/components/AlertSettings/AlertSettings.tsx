import { useIsManager } from '../../hooks/usePeople.ts';
import { Skeleton } from '../ui/Skeleton.tsx';
import { AlertHistory } from './AlertHistory.tsx';
import { ChannelPanel } from './ChannelPanel.tsx';
import { NotificationChoice } from './NotificationChoice.tsx';
import { RulePanel } from './RulePanel.tsx';

/** What people want to learn at once, where it is sent, and what was sent. */
export function AlertSettings() {
  const isManager = useIsManager();
  return (
    <div className="flex flex-col gap-4">
      {isManager === null && (
        <>
          <Skeleton className="h-[238px]" />
          <Skeleton className="h-[238px]" />
        </>
      )}
      {isManager && (
        <>
          <RulePanel />
          <ChannelPanel />
        </>
      )}
      <NotificationChoice />
      <AlertHistory isManager={isManager === true} />
    </div>
  );
}
