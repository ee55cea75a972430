import { ModelRegistry } from '../components/ModelRegistry/ModelRegistry.tsx';

export function ModelsPage() {
  return <ModelRegistry />;
}
