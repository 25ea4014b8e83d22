/** Lists as iterators: pages are fetched as they are read. */

/** One page: its items, and the token of the next one (empty at the end). */
export interface Page<Item> {
  items: Item[];
  next: string;
}

/** All items of a list, in order. `fetch` gets a page token, empty for the first page. */
export async function* pages<Item>(fetch: (token: string) => Promise<Page<Item>>): AsyncGenerator<Item, void, undefined> {
  let token = "";
  do {
    const page = await fetch(token);
    if (page.next !== "" && page.next === token) {
      throw new Error("the server repeated a page token");
    }
    yield* page.items;
    token = page.next;
  } while (token !== "");
}
