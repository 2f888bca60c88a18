/** A `fetch` that keeps what it received: the status, the names of the headers, and the body, as far as it came. */
export function recorder() {
  const recorded = [];
  const record = async (url, init) => {
    const response = await fetch(url, init);
    const { status, body } = response;
    const headers = new Headers(response.headers);
    const names = [...headers.keys()];
    // The body is decoded by now.
    for (const name of ["content-encoding", "content-length"]) headers.delete(name);
    if (body === null) return new Response(null, { status, headers });
    const [kept, given] = body.tee();
    recorded.push({ status, names, text: textOf(kept) });
    return new Response(given, { status, headers });
  };
  const responses = () =>
    Promise.all(recorded.map(async ({ status, names, text }) => ({ status, names, body: await text })));
  return { fetch: record, responses };
}

/** The text of a body, up to where it broke off. */
async function textOf(body) {
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const bytes of body) text += decoder.decode(bytes, { stream: true });
  } catch {
    // The reader has left, or the connection was lost: what came is compared.
  }
  return text;
}
