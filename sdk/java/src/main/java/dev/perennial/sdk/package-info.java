/**
 * Client of the Perennial subscription backend. The messages and stubs of each service are in {@code
 * dev.perennial.<service>.v1}; this package adds what every caller needs: the API key on each call, deadlines, retries
 * that cannot happen twice, pages as iterators, exact decimals, and errors by reason.
 */
package dev.perennial.sdk;
