import { Link } from 'react-router';

export function NotFound() {
  return (
    <div className="mx-auto mt-[12vh] max-w-md text-center">
      <h1 className="text-[20px] leading-7 font-semibold">There is no such page</h1>
      <p className="mt-2 text-base text-muted">The address may be mistyped, or what it named is gone.</p>
      <Link to="/" className="mt-4 inline-block text-accent underline">
        Go to the live page
      </Link>
    </div>
  );
}
