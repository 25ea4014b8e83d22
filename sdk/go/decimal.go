package perennial

import (
	"fmt"

	"github.com/shopspring/decimal"
	kernelv1 "perennial.dev/sdk/go/gen/perennial/kernel/v1"
)

// ToWire is the wire form of a number, digit by digit.
func ToWire(value decimal.Decimal) *kernelv1.Decimal {
	return &kernelv1.Decimal{Value: value.String()}
}

// FromWire is the number that was sent.
func FromWire(value *kernelv1.Decimal) (decimal.Decimal, error) {
	if value == nil {
		return decimal.Decimal{}, fmt.Errorf("no number was given")
	}
	return decimal.NewFromString(value.Value)
}
