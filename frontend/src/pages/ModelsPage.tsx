import { ModelRegistry } from '../components/ModelRegistry/ModelRegistry.tsx';

export function ModelsPage() {
  return (
    <>
      <h1 className="mb-4 text-[20px] leading-7 font-semibold">Models</h1>
      <ModelRegistry />
    </>
  );
}
