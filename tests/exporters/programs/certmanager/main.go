// Serves the metrics of cert-manager's collectors for certificates and issuers that are made up here. Built inside of
// cert-manager's repository.
package main

import (
	"net"
	"os"
	"time"

	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/clock"

	acme "github.com/cert-manager/cert-manager/pkg/apis/acme/v1"
	api "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	meta "github.com/cert-manager/cert-manager/pkg/apis/meta/v1"
	acmelisters "github.com/cert-manager/cert-manager/pkg/client/listers/acme/v1"
	listers "github.com/cert-manager/cert-manager/pkg/client/listers/certmanager/v1"
	"github.com/cert-manager/cert-manager/pkg/metrics"
)

func index(objects ...any) cache.Indexer {
	indexer := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
	for _, object := range objects {
		if err := indexer.Add(object); err != nil {
			panic(err)
		}
	}
	return indexer
}

func at(days int) *metav1.Time {
	return &metav1.Time{Time: time.Unix(1796000000, 0).Add(time.Duration(days) * 24 * time.Hour)}
}

func certificate(name string, ready meta.ConditionStatus, from, until, renewal *metav1.Time) *api.Certificate {
	made := &api.Certificate{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name},
		Spec:       api.CertificateSpec{IssuerRef: meta.IssuerReference{Name: "letsencrypt", Kind: "ClusterIssuer", Group: "cert-manager.io"}},
		Status:     api.CertificateStatus{NotBefore: from, NotAfter: until, RenewalTime: renewal},
	}
	if ready != "" {
		made.Status.Conditions = []api.CertificateCondition{{Type: api.CertificateConditionReady, Status: ready}}
	}
	return made
}

func main() {
	m := metrics.New(logr.Discard(), clock.RealClock{})
	m.SetupCertificateCollector(listers.NewCertificateLister(index(
		certificate("www", meta.ConditionTrue, at(-10), at(80), at(50)),
		certificate("never-issued", meta.ConditionFalse, nil, nil, nil),
		certificate("new", "", nil, nil, nil),
	)))
	ready := []api.IssuerCondition{{Type: api.IssuerConditionReady, Status: meta.ConditionTrue}}
	m.SetupIssuerCollector(listers.NewIssuerLister(index(
		&api.Issuer{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "internal"}, Status: api.IssuerStatus{Conditions: ready}},
	)))
	m.SetupClusterIssuerCollector(listers.NewClusterIssuerLister(index(
		&api.ClusterIssuer{ObjectMeta: metav1.ObjectMeta{Name: "letsencrypt"}, Status: api.IssuerStatus{Conditions: ready}},
	)))
	m.SetupACMECollector(acmelisters.NewChallengeLister(index(
		&acme.Challenge{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "www-1"},
			Spec:   acme.ChallengeSpec{DNSName: "www.example.com", Type: acme.ACMEChallengeTypeHTTP01},
			Status: acme.ChallengeStatus{State: acme.Pending, Processing: true}},
	)))
	for _, controller := range []string{"certificates-readiness", "certificates-trigger", "orders"} {
		m.IncrementSyncCallCount(controller)
	}
	m.IncrementSyncErrorCount("orders")
	for _, status := range []string{"200", "201", "429"} {
		labels := []string{"https", "acme-v02.api.letsencrypt.org", "new_order", "POST", status}
		m.IncrementACMERequestCount(labels...)
		m.ObserveACMERequestDuration(time.Second, labels...)
	}
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		panic(err)
	}
	_ = m.NewServer(listener).Serve(listener)
}
