import { useSearchParams } from 'react-router';

/** The wall display: the page alone, full screen and in larger type. It is part of the address, so a kiosk can open it. */
export function useWall(): [boolean, (isOn: boolean) => void] {
  const [params, setParams] = useSearchParams();
  const set = (isOn: boolean) => {
    // Refused without a gesture or by policy: the page alone is still worth it.
    if (isOn) void document.documentElement.requestFullscreen?.().catch(() => {});
    else if (document.fullscreenElement) void document.exitFullscreen().catch(() => {});
    setParams(
      (before) => {
        const next = new URLSearchParams(before);
        if (isOn) next.set('wall', '1');
        else next.delete('wall');
        return next;
      },
      { replace: true },
    );
  };
  return [params.has('wall'), set];
}
