/**
 * Client of the Perennial subscription backend. The messages and services are beside it, one module per service
 * (`@perennial/sdk/customer`); this module adds what every caller needs: the API key on each call, deadlines, retries
 * that cannot happen twice, pages as iterators, exact decimals, and errors by reason.
 */
export { Code } from "@connectrpc/connect";
export { Client, type Settings } from "./client.js";
export { Decimal, fromWire, toWire } from "./decimal.js";
export { PerennialError, type Violation } from "./error.js";
export { pages, type Page } from "./pages.js";
