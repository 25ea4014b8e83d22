/** The two messages of google.rpc that errors carry, read from their bytes. */
import { BinaryReader } from "@bufbuild/protobuf/wire";

/** `google.rpc.ErrorInfo`. */
export interface ErrorInfo {
  reason: string;
  domain: string;
  metadata: Record<string, string>;
}

/** Reads `google.rpc.ErrorInfo`. */
export function errorInfo(bytes: Uint8Array): ErrorInfo {
  const info: ErrorInfo = { reason: "", domain: "", metadata: {} };
  fields(bytes, {
    1: (reader) => (info.reason = reader.string()),
    2: (reader) => (info.domain = reader.string()),
    3: (reader) => {
      const [name, value] = pair(reader.bytes());
      info.metadata[name] = value;
    },
  });
  return info;
}

/** Reads the fields of `google.rpc.BadRequest`, each with what is wrong with it. */
export function badRequest(bytes: Uint8Array): { field: string; description: string }[] {
  const violations: { field: string; description: string }[] = [];
  fields(bytes, {
    1: (reader) => {
      const [field, description] = pair(reader.bytes());
      violations.push({ field, description });
    },
  });
  return violations;
}

/** A message whose first two fields are texts. */
function pair(bytes: Uint8Array): [string, string] {
  const texts: [string, string] = ["", ""];
  fields(bytes, {
    1: (reader) => (texts[0] = reader.string()),
    2: (reader) => (texts[1] = reader.string()),
  });
  return texts;
}

function fields(bytes: Uint8Array, known: Record<number, (reader: BinaryReader) => void>): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    const read = known[number];
    if (read === undefined) {
      reader.skip(type, number);
    } else {
      read(reader);
    }
  }
}
