/** The connection: one transport, and on it a client of each service. */
import type { DescService } from "@bufbuild/protobuf";
import { createClient, type Client as ServiceClient, type Transport } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";

import { careful } from "./calls.js";

const MAX_MESSAGE = 64 * 1024 * 1024;

/** Settings of a connection. */
export interface Settings {
  /** Acts in this project (id or name); needs a key with the operator right. */
  project?: string;
  /** Longest time in milliseconds that a call may take, retries included. Default 30000. Streams have none. */
  timeout?: number;
  /** How often a call is tried at most, the first time included. Default 4. */
  attempts?: number;
  /** PEM of the certificates that the server's is checked against, instead of the system's. */
  rootCertificates?: string | Uint8Array;
  /**
   * What is shown to a server that asks for a certificate: PEM of a certificate, with those that lead to its authority
   * behind it, and of its private key.
   */
  clientCertificate?: { chain: string | Uint8Array; key: string | Uint8Array };
}

/** A connection to a Perennial installation, made on the first call. */
export class Client {
  readonly #sessions: Http2SessionManager;
  readonly #transport: Transport;

  /** Connects to `host:port` or a URL, with an API key. `https://` means TLS. */
  constructor(address: string, key: string, settings: Settings = {}) {
    const url = address.includes("://") ? address : `http://${address}`;
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
      throw new TypeError(`the address \`${address}\` cannot be used`);
    }
    const headers: Record<string, string> = { authorization: `Bearer ${key}` };
    if (settings.project !== undefined) {
      headers["x-perennial-project"] = settings.project;
    }
    const { rootCertificates: roots, clientCertificate: shown } = settings;
    const tls = { ca: text(roots), cert: text(shown?.chain), key: text(shown?.key) };
    this.#sessions = new Http2SessionManager(url, undefined, tls);
    const transport = createGrpcTransport({
      baseUrl: url,
      sessionManager: this.#sessions,
      readMaxBytes: MAX_MESSAGE,
      writeMaxBytes: MAX_MESSAGE,
    });
    this.#transport = careful(transport, headers, settings.timeout ?? 30_000, settings.attempts ?? 4);
  }

  /** The client of one service, such as `CustomerService`. */
  service<Service extends DescService>(service: Service): ServiceClient<Service> {
    return createClient(service, this.#transport);
  }

  /** Ends the connection. */
  close(): void {
    this.#sessions.abort();
  }
}

function text(pem: string | Uint8Array | undefined): string | Buffer | undefined {
  return pem instanceof Uint8Array ? Buffer.from(pem) : pem;
}
