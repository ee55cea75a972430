import { useAlertsStore } from '../store/alerts-store.ts';

/** The alerts on the screen, and how to take one away. */
export function useAlertToasts() {
  const shown = useAlertsStore((state) => state.shown);
  const dismiss = useAlertsStore((state) => state.dismiss);
  return { shown, dismiss };
}
