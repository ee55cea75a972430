interface Cookie {
  readonly value: string;
  readonly path: string;
}

/** As much of a browser as a sign-in needs: it keeps the cookies of each origin and path, and follows redirects. */
export function openBrowser() {
  const jars = new Map<string, Map<string, Cookie>>();

  const jarOf = ({ origin }: URL) => {
    const jar = jars.get(origin) ?? new Map<string, Cookie>();
    jars.set(origin, jar);
    return jar;
  };

  const cookiesFor = (url: URL) =>
    [...jarOf(url)]
      .filter(([, { path }]) => url.pathname.startsWith(path))
      .map(([name, { value }]) => `${name}=${value}`)
      .join('; ');

  const keep = (url: URL, header: string) => {
    const [pair = '', ...attributes] = header.split('; ');
    const [name = '', value = ''] = pair.split(/=(.*)/s);
    const attribute = (key: string) => attributes.find((each) => each.toLowerCase().startsWith(key))?.split('=')[1];
    const isGone = attribute('max-age=') === '0' || Date.parse(attribute('expires=') ?? '2999-01-01') < Date.now();
    if (isGone) jarOf(url).delete(name);
    else jarOf(url).set(name, { value, path: attribute('path=') ?? '/' });
  };

  /** One request, its redirect not followed. */
  const ask = async (address: string, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(address);
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      headers: { ...init.headers, cookie: cookiesFor(url) },
    });
    for (const header of response.headers.getSetCookie()) keep(url, header);
    return response;
  };

  return {
    ask,
    cookies: (address: string) => new Map([...jarOf(new URL(address))].map(([name, { value }]) => [name, value])),
    /** Goes where it is sent until `isThere` or a page; answers all addresses on the way. */
    async follow(address: string, isThere: (url: string) => boolean = () => false): Promise<string[]> {
      const visited = [address];
      for (let url = address; visited.length < 20 && !isThere(url); visited.push(url)) {
        const location = (await ask(url)).headers.get('location');
        if (location === null) break;
        url = new URL(location, url).href;
      }
      return visited;
    },
  };
}
