// Package perennial is the client of the Perennial subscription backend.
//
// The messages and clients of each service are below gen; this package adds what every caller needs: the API key on
// each call, deadlines, retries that cannot happen twice, pages as iterators, exact decimals, and errors by reason.
package perennial

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
)

const maxMessage = 64 << 20

//go:embed gen/service_config.json
var serviceConfig []byte

// Client is a connection to a Perennial installation. It is made on the first call, safe for concurrent use, and is
// what the generated clients are made on: customerv1.NewCustomerServiceClient(client).
type Client struct {
	connection *grpc.ClientConn
	settings   settings
}

type settings struct {
	metadata []string
	timeout  time.Duration
	attempts int
	roots    *x509.CertPool
	shown    []tls.Certificate
}

// Option changes a setting of a connection.
type Option func(*settings)

// WithProject acts in this project (id or name); needs a key with the operator right.
func WithProject(project string) Option {
	return func(s *settings) { s.metadata = append(s.metadata, "x-perennial-project", project) }
}

// WithTimeout sets the longest time that a call may take whose context has no deadline, retries included. Default 30
// seconds. Streams have none.
func WithTimeout(timeout time.Duration) Option {
	return func(s *settings) { s.timeout = timeout }
}

// WithAttempts sets how often a call is tried at most, the first time included. Default 4.
func WithAttempts(attempts int) Option {
	return func(s *settings) { s.attempts = attempts }
}

// WithRootCertificates checks the server's certificate against these instead of the system's.
func WithRootCertificates(roots *x509.CertPool) Option {
	return func(s *settings) { s.roots = roots }
}

// WithClientCertificate shows this to a server that asks for a certificate; tls.X509KeyPair makes one of the PEM of a chain
// and a private key, tls.LoadX509KeyPair of such files.
func WithClientCertificate(certificate tls.Certificate) Option {
	return func(s *settings) { s.shown = []tls.Certificate{certificate} }
}

// New makes a connection to host:port or a URL, with an API key. https:// means TLS.
func New(address, key string, options ...Option) (*Client, error) {
	chosen := settings{metadata: []string{"authorization", "Bearer " + key}, timeout: 30 * time.Second, attempts: 4}
	for _, option := range options {
		option(&chosen)
	}
	scheme, target, found := strings.Cut(address, "://")
	if !found {
		scheme, target = "http", address
	}
	target = strings.TrimRight(target, "/")
	var transport credentials.TransportCredentials
	switch {
	case target == "":
		return nil, fmt.Errorf("the address is empty")
	case scheme == "https":
		transport = credentials.NewTLS(&tls.Config{RootCAs: chosen.roots, Certificates: chosen.shown, MinVersion: tls.VersionTLS12})
	case scheme == "http":
		transport = insecure.NewCredentials()
	default:
		return nil, fmt.Errorf("the address %q cannot be used", address)
	}
	config, err := configured(chosen.attempts)
	if err != nil {
		return nil, err
	}
	client := &Client{settings: chosen}
	client.connection, err = grpc.NewClient("dns:///"+target,
		grpc.WithTransportCredentials(transport),
		grpc.WithDefaultServiceConfig(config),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage), grpc.MaxCallSendMsgSize(maxMessage)),
	)
	return client, err
}

// Close ends the connection.
func (c *Client) Close() error { return c.connection.Close() }

// Invoke makes a call with one answer; the generated clients use it.
func (c *Client) Invoke(ctx context.Context, method string, request, answer any, options ...grpc.CallOption) error {
	if _, set := ctx.Deadline(); !set && c.settings.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.settings.timeout)
		defer cancel()
	}
	return typed(c.connection.Invoke(c.credentialed(ctx), method, withRequestID(request), answer, options...))
}

// NewStream starts a call with streams; the generated clients use it.
func (c *Client) NewStream(ctx context.Context, description *grpc.StreamDesc, method string, options ...grpc.CallOption) (grpc.ClientStream, error) {
	inner, err := c.connection.NewStream(c.credentialed(ctx), description, method, options...)
	if err != nil {
		return nil, typed(err)
	}
	return stream{inner}, nil
}

func (c *Client) credentialed(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, c.settings.metadata...)
}

// stream fails with our errors.
type stream struct{ grpc.ClientStream }

func (s stream) RecvMsg(message any) error { return typed(s.ClientStream.RecvMsg(message)) }

// configured says which methods gRPC itself may try again, with the pauses in between.
func configured(attempts int) (string, error) {
	var config struct {
		MethodConfig []map[string]any `json:"methodConfig"`
	}
	if err := json.Unmarshal(serviceConfig, &config); err != nil {
		return "", err
	}
	for _, method := range config.MethodConfig {
		policy, found := method["retryPolicy"].(map[string]any)
		switch {
		case !found:
		case attempts > 1:
			policy["maxAttempts"] = attempts
		default:
			delete(method, "retryPolicy")
		}
	}
	text, err := json.Marshal(config)
	return string(text), err
}
