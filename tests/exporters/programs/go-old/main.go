package main

import (
	"context"
	"fmt"
	"math/rand"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/contrib/instrumentation/runtime"
	"go.opentelemetry.io/otel"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

// Answers, fails, and does not know, by the name that is asked for.
type failing struct {
	healthpb.UnimplementedHealthServer
}

func (failing) Check(_ context.Context, in *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	switch in.Service {
	case "broken":
		return nil, status.Error(codes.Internal, "broken")
	case "missing":
		return nil, status.Error(codes.NotFound, "missing")
	}
	return &healthpb.HealthCheckResponse{Status: healthpb.HealthCheckResponse_SERVING}, nil
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// Serves the metrics of an older OpenTelemetry, whose calls have their names before 1.39 of the conventions.
func main() {
	otelDefault := prometheus.NewRegistry()
	one, err := otelprom.New(otelprom.WithRegisterer(otelDefault))
	must(err)
	provider := metric.NewMeterProvider(metric.WithReader(one))
	otel.SetMeterProvider(provider)
	must(runtime.Start())

	work := http.NewServeMux()
	work.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(time.Duration(rand.Intn(20)) * time.Millisecond)
		switch r.PathValue("id") {
		case "broken":
			w.WriteHeader(500)
		case "missing":
			w.WriteHeader(404)
		default:
			fmt.Fprintln(w, "ok")
		}
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	go http.Serve(listener, otelhttp.NewHandler(work, "orders"))
	client := http.Client{Transport: otelhttp.NewTransport(http.DefaultTransport)}
	for i := range 50 {
		id := "7"
		if i%10 == 3 {
			id = "broken"
		}
		if i%10 == 4 {
			id = "missing"
		}
		r, err := client.Get(fmt.Sprintf("http://%s/orders/%s", listener.Addr(), id))
		must(err)
		r.Body.Close()
	}

	calls, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	server := grpc.NewServer(grpc.StatsHandler(otelgrpc.NewServerHandler()))
	healthpb.RegisterHealthServer(server, failing{})
	go server.Serve(calls)
	connection, err := grpc.NewClient(calls.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithStatsHandler(otelgrpc.NewClientHandler()))
	must(err)
	for i := range 50 {
		service := ""
		if i%10 == 3 {
			service = "broken"
		}
		if i%10 == 4 {
			service = "missing"
		}
		_, _ = healthpb.NewHealthClient(connection).Check(context.Background(), &healthpb.HealthCheckRequest{Service: service})
	}

	pages := http.NewServeMux()
	pages.Handle("/otel", promhttp.HandlerFor(otelDefault, promhttp.HandlerOpts{}))
	must(http.ListenAndServe(os.Args[1], pages))
}
