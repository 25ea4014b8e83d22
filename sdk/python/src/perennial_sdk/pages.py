"""Lists as iterators: pages are fetched as they are read."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")
Page = tuple[Sequence[Item], str]

_REPEATED = "the server repeated a page token"


def pages(fetch: Callable[[str], Page[Item]]) -> Iterator[Item]:
    """All items of a list, in order.

    ``fetch`` gets a page token (empty for the first page) and answers the items of that page and
    the token of the next one (empty at the end).
    """
    token = ""
    while True:
        items, following = fetch(token)
        yield from items
        if not following:
            return
        if following == token:
            raise RuntimeError(_REPEATED)
        token = following


async def pages_async(fetch: Callable[[str], Awaitable[Page[Item]]]) -> AsyncIterator[Item]:
    """The same for ``AsyncClient``."""
    token = ""
    while True:
        items, following = await fetch(token)
        for item in items:
            yield item
        if not following:
            return
        if following == token:
            raise RuntimeError(_REPEATED)
        token = following
