/** Exact decimals, and their form on the wire. */
import { create } from "@bufbuild/protobuf";
import { Decimal as Any } from "decimal.js";

import { DecimalSchema, type Decimal as Wire } from "./gen/kernel.js";

/** Decimals with room for sums and products of all that the wire carries. */
export const Decimal = Any.clone({ precision: 60, toExpNeg: -1000, toExpPos: 1000 });
export type Decimal = Any;

/** The wire form of a number, digit by digit. There is no way in for a `number`, which is not exact. */
export function toWire(value: Decimal | string | bigint): Wire {
  const exact = new Decimal(typeof value === "bigint" ? value.toString() : value);
  if (!exact.isFinite()) {
    throw new RangeError(`${value} is not a finite number`);
  }
  return create(DecimalSchema, { value: exact.toFixed() });
}

/** The number that was sent. */
export function fromWire(value: Wire | undefined): Decimal {
  if (value === undefined) {
    throw new TypeError("no number was given");
  }
  return new Decimal(value.value);
}
