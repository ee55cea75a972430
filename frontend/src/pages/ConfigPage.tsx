import { RunConfig } from '../components/RunConfig/RunConfig.tsx';

export function ConfigPage() {
  return <RunConfig />;
}
