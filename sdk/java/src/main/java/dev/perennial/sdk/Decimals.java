package dev.perennial.sdk;

import dev.perennial.kernel.v1.Decimal;
import java.math.BigDecimal;

/** Exact decimals, and their form on the wire. */
public final class Decimals {
  private Decimals() {}

  /** The wire form of a number, digit by digit. */
  public static Decimal toWire(BigDecimal value) {
    return Decimal.newBuilder().setValue(value.toPlainString()).build();
  }

  /** The wire form of a number written down, such as {@code "0.01"}. */
  public static Decimal toWire(String value) {
    return toWire(new BigDecimal(value));
  }

  /** The number that was sent. */
  public static BigDecimal fromWire(Decimal value) {
    return new BigDecimal(value.getValue());
  }
}
