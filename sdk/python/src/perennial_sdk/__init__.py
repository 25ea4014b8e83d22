"""Client of the Perennial subscription backend.

The messages and service stubs are in ``perennial.api``, one module per service; this package
adds what every caller needs: the API key on each call, deadlines, retries that cannot happen
twice, pages as iterators, exact decimals, and errors by reason.
"""

from perennial_sdk import decimals
from perennial_sdk.client import AsyncClient, Client
from perennial_sdk.error import PerennialError, Violation
from perennial_sdk.pages import pages, pages_async

__all__ = [
    "AsyncClient",
    "Client",
    "PerennialError",
    "Violation",
    "decimals",
    "pages",
    "pages_async",
]
