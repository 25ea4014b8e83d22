package perennial_test

import (
	"context"
	"errors"
	"net"
	"net/http/httptest"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"crypto/tls"
	"crypto/x509"

	"github.com/shopspring/decimal"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	perennial "perennial.dev/sdk/go"
	customerv1 "perennial.dev/sdk/go/gen/perennial/customer/v1"
	meteringv1 "perennial.dev/sdk/go/gen/perennial/metering/v1"
	subscriptionv1 "perennial.dev/sdk/go/gen/perennial/subscription/v1"
)

// live is a client of the running server, with this key or, if it is empty, the server's.
func live(t *testing.T, key string) *perennial.Client {
	t.Helper()
	address := os.Getenv("PERENNIAL_ADDRESS")
	if address == "" {
		t.Skip("PERENNIAL_ADDRESS names no server")
	}
	if key == "" {
		key = os.Getenv("PERENNIAL_KEY")
	}
	return connect(t, address, key)
}

func connect(t *testing.T, address, key string, options ...perennial.Option) *perennial.Client {
	t.Helper()
	client, err := perennial.New(address, key, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func failure(t *testing.T, err error, code codes.Code) *perennial.Error {
	t.Helper()
	var failure *perennial.Error
	if !errors.As(err, &failure) {
		t.Fatalf("not an error of ours: %v", err)
	}
	if failure.Code != code || status.Code(err) != code {
		t.Fatalf("%v instead of %v: %v", failure.Code, code, err)
	}
	return failure
}

func list(client *perennial.Client) error {
	_, err := customerv1.NewCustomerServiceClient(client).ListCustomers(context.Background(), &customerv1.ListCustomersRequest{})
	return err
}

func TestUnreachableServer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	failure(t, list(connect(t, address, "key")), codes.Unavailable)
}

func TestDeadlineExceeded(t *testing.T) {
	// Takes connections and never answers.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	client := connect(t, listener.Addr().String(), "key", perennial.WithTimeout(300*time.Millisecond))
	failure(t, list(client), codes.DeadlineExceeded)
}

func TestBadAddress(t *testing.T) {
	for _, address := range []string{"", "ftp://host:1"} {
		if _, err := perennial.New(address, "key"); err == nil {
			t.Errorf("%q was taken", address)
		}
	}
}

func TestWrongKey(t *testing.T) {
	if failure := failure(t, list(live(t, "wrong")), codes.Unauthenticated); failure.Reason == "" {
		t.Errorf("no reason: %v", failure)
	}
}

func TestFieldViolations(t *testing.T) {
	_, err := customerv1.NewCustomerServiceClient(live(t, "")).CreateCustomer(context.Background(),
		&customerv1.CreateCustomerRequest{Customer: &customerv1.Customer{Key: "acme", DisplayName: "Acme", CurrencyCode: "dollars"}})
	failure := failure(t, err, codes.InvalidArgument)
	if !slices.ContainsFunc(failure.Violations, func(v perennial.Violation) bool { return v.Field == "customer.currency_code" }) {
		t.Errorf("violations: %v", failure.Violations)
	}
}

// A newer SDK sends what the server does not know.
func TestOlderServer(t *testing.T) {
	client := live(t, "")
	request := &customerv1.ListCustomersRequest{PageSize: 1}
	request.ProtoReflect().SetUnknown(protowire.AppendString(protowire.AppendTag(nil, 999, protowire.BytesType), "news"))
	if _, err := customerv1.NewCustomerServiceClient(client).ListCustomers(context.Background(), request); err != nil {
		t.Errorf("an unknown field was refused: %v", err)
	}
	err := client.Invoke(context.Background(), "/perennial.customer.v1.CustomerService/NotYet", request, &customerv1.ListCustomersResponse{})
	failure(t, err, codes.Unimplemented)
	// A value that is not passed over, but refused by name.
	_, err = meteringv1.NewMeterServiceClient(client).CreateMeter(context.Background(), &meteringv1.CreateMeterRequest{Meter: newerMeter()})
	if violations := failure(t, err, codes.InvalidArgument).Violations; len(violations) != 1 || violations[0].Field != "meter.aggregation" {
		t.Errorf("violations: %v", violations)
	}
}

func newerMeter() *meteringv1.Meter {
	return &meteringv1.Meter{Slug: "newer", EventType: "newer", Aggregation: 99}
}

// A newer server sends what the SDK does not know: fields are passed over, values of enums stay numbers.
func TestNewerServer(t *testing.T) {
	bytes, err := proto.Marshal(&customerv1.Customer{Key: "acme"})
	if err != nil {
		t.Fatal(err)
	}
	bytes = protowire.AppendString(protowire.AppendTag(bytes, 999, protowire.BytesType), "news")
	var customer customerv1.Customer
	if err := proto.Unmarshal(bytes, &customer); err != nil || customer.Key != "acme" {
		t.Errorf("%v, %v", customer.Key, err)
	}
	bytes, err = proto.Marshal(newerMeter())
	if err != nil {
		t.Fatal(err)
	}
	var meter meteringv1.Meter
	if err := proto.Unmarshal(bytes, &meter); err != nil || meter.Aggregation != 99 {
		t.Errorf("%v, %v", meter.Aggregation, err)
	}
}

// flaky refuses the first two attempts of each call, and remembers what it was sent.
type flaky struct {
	customerv1.UnimplementedCustomerServiceServer
	subscriptionv1.UnimplementedSubscriptionServiceServer
	mutex sync.Mutex
	ids   []string
	keys  []string
	syncs int
}

func (f *flaky) CreateCustomer(ctx context.Context, request *customerv1.CreateCustomerRequest) (*customerv1.CreateCustomerResponse, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	incoming, _ := metadata.FromIncomingContext(ctx)
	f.ids = append(f.ids, request.RequestId)
	f.keys = append(f.keys, incoming.Get("authorization")...)
	if len(f.ids)%3 != 0 {
		return nil, status.Error(codes.Unavailable, "not now")
	}
	return &customerv1.CreateCustomerResponse{Customer: request.Customer}, nil
}

func (f *flaky) SyncCustomer(context.Context, *subscriptionv1.SyncCustomerRequest) (*subscriptionv1.SyncCustomerResponse, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.syncs++
	return nil, status.Error(codes.Unavailable, "not now")
}

func serve(t *testing.T, service *flaky, options ...grpc.ServerOption) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(options...)
	customerv1.RegisterCustomerServiceServer(server, service)
	subscriptionv1.RegisterSubscriptionServiceServer(server, service)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return listener.Addr().String()
}

func TestRetriesShareOneRequestID(t *testing.T) {
	service := &flaky{}
	customers := customerv1.NewCustomerServiceClient(connect(t, serve(t, service), "secret"))
	request := &customerv1.CreateCustomerRequest{Customer: &customerv1.Customer{Key: "acme"}}
	for range 2 {
		if _, err := customers.CreateCustomer(context.Background(), request); err != nil {
			t.Fatal(err)
		}
	}
	ids := service.ids
	if len(ids) != 6 || ids[0] == "" || ids[0] != ids[1] || ids[1] != ids[2] || ids[2] == ids[3] || ids[3] != ids[5] {
		t.Errorf("request ids: %q", ids)
	}
	if request.RequestId != "" {
		t.Error("the caller's request was changed")
	}
	if slices.ContainsFunc(service.keys, func(key string) bool { return key != "Bearer secret" }) {
		t.Errorf("keys: %q", service.keys)
	}
}

func TestCallsWithoutRequestIDAreSentOnce(t *testing.T) {
	service := &flaky{}
	subscriptions := subscriptionv1.NewSubscriptionServiceClient(connect(t, serve(t, service), "secret"))
	_, err := subscriptions.SyncCustomer(context.Background(), &subscriptionv1.SyncCustomerRequest{})
	failure(t, err, codes.Unavailable)
	if service.syncs != 1 {
		t.Errorf("sent %d times", service.syncs)
	}
}

func TestTLS(t *testing.T) {
	certified := httptest.NewTLSServer(nil)
	defer certified.Close()
	address := "https://" + serve(t, &flaky{}, grpc.Creds(credentials.NewServerTLSFromCert(&certified.TLS.Certificates[0])))
	roots := x509.NewCertPool()
	roots.AddCert(certified.Certificate())
	request := &customerv1.CreateCustomerRequest{Customer: &customerv1.Customer{Key: "acme"}}
	known := customerv1.NewCustomerServiceClient(connect(t, address, "secret", perennial.WithRootCertificates(roots)))
	if _, err := known.CreateCustomer(context.Background(), request); err != nil {
		t.Error(err)
	}
	unknown := connect(t, address, "secret", perennial.WithRootCertificates(x509.NewCertPool()))
	failure(t, list(unknown), codes.Unavailable)
}

// TestClientCertificate calls a server that asks for a certificate.
func TestClientCertificate(t *testing.T) {
	pair := func(name string) tls.Certificate {
		certificate, err := tls.LoadX509KeyPair("../tls/"+name+".pem", "../tls/"+name+".key.pem")
		if err != nil {
			t.Fatal(err)
		}
		return certificate
	}
	authority, err := os.ReadFile("../tls/authority.pem")
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	address := "https://" + serve(t, &flaky{}, grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{pair("server")},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    roots,
	})))
	trust := perennial.WithRootCertificates(roots)
	known := connect(t, address, "secret", trust, perennial.WithClientCertificate(pair("client")))
	request := &customerv1.CreateCustomerRequest{Customer: &customerv1.Customer{Key: "acme"}}
	if _, err := customerv1.NewCustomerServiceClient(known).CreateCustomer(context.Background(), request); err != nil {
		t.Error(err)
	}
	failure(t, list(connect(t, address, "secret", trust)), codes.Unavailable)
}

func TestDecimalsKeepTheirDigits(t *testing.T) {
	for _, text := range []string{"0", "-0.000000000000000001", "123456789012345678.123456789", "1000000"} {
		back, err := perennial.FromWire(perennial.ToWire(decimal.RequireFromString(text)))
		if err != nil || back.String() != text {
			t.Errorf("%s became %s: %v", text, back, err)
		}
	}
}

func TestPages(t *testing.T) {
	fetch := func(token string) ([]int, string, error) {
		switch token {
		case "":
			return []int{1, 2}, "a", nil
		case "a":
			return nil, "b", nil
		default:
			return []int{3}, "", nil
		}
	}
	var all []int
	for item, err := range perennial.Pages(fetch) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, item)
	}
	if !slices.Equal(all, []int{1, 2, 3}) {
		t.Errorf("items: %v", all)
	}
	for _, err := range perennial.Pages(func(string) ([]int, string, error) { return nil, "same", nil }) {
		if err == nil {
			t.Error("a repeated token was taken")
		}
	}
}
