package perennial

import (
	"errors"
	"fmt"
	"io"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Violation is one field that is wrong.
type Violation struct {
	// Field is the path of the field in the request.
	Field string
	// Description is what is wrong with it.
	Description string
}

// Error is why a call failed, as data, so that nobody parses sentences.
type Error struct {
	// Code is the class of the error.
	Code codes.Code
	// Message is one sentence for people.
	Message string
	// Reason is stable, in upper snake case; empty when the server gave none.
	Reason string
	// Domain is who says so, such as perennial.customer.
	Domain string
	// Violations are the fields that are wrong.
	Violations []Violation
	// Metadata are facts about the error, by name.
	Metadata map[string]string

	status *status.Status
}

// Error is the message with the reason behind it.
func (e *Error) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("%s (%s)", e.Message, e.Code)
	}
	return fmt.Sprintf("%s (%s)", e.Message, e.Reason)
}

// GRPCStatus is the status of gRPC with all details, for status.FromError.
func (e *Error) GRPCStatus() *status.Status { return e.status }

// ReasonOf is the reason of an error that came from a call; empty for any other.
func ReasonOf(err error) string {
	var failure *Error
	if errors.As(err, &failure) {
		return failure.Reason
	}
	return ""
}

// typed turns an error of gRPC into ours. The end of a stream is none.
func typed(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	from, ok := status.FromError(err)
	if !ok {
		from = status.FromContextError(err)
	}
	result := &Error{Code: from.Code(), Message: from.Message(), status: from}
	for _, detail := range from.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			result.Reason, result.Domain, result.Metadata = detail.Reason, detail.Domain, detail.Metadata
		case *errdetails.BadRequest:
			for _, violation := range detail.FieldViolations {
				result.Violations = append(result.Violations, Violation{violation.Field, violation.Description})
			}
		}
	}
	return result
}
