package main

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// Three kinds of data in which series come and go: pods that live for half an hour and a target that does not answer, with
// errors that must page; traffic that ends; and routes, of which one begins later and one fails.
func verified() []*shape {
	return []*shape{
		newShape("verify: pods", "", func(s *shape) {
			s.length = 5 * hour
			s.pods = func() []pod { return deploys(s.length, 30*minute) }
			s.lazyErrors = true
			s.failing = failing(0.001, []stretch{{2 * hour, 2*hour + 20*minute}}, 0.3)
			s.unscraped = []stretch{{100 * minute, 107 * minute}}
		}),
		newShape("verify: silence", "", func(s *shape) {
			s.length = 4 * hour
			s.traffic = func(t int64) float64 {
				if t > 2*hour {
					return 0
				}
				return 5
			}
		}),
		newShape("verify: routes", "", func(s *shape) {
			s.length = 3 * hour
			s.window = byRoute
			s.addRoute("/pay", "", func(r *shape) {
				r.traffic = func(int64) float64 { return 2 }
				r.failing = failing(0.001, []stretch{{hour, hour + 20*minute}}, 0.3)
			})
			s.addRoute("/refund", "", func(r *shape) {
				r.begins = 2 * hour
				r.traffic = func(t int64) float64 {
					if t < r.begins {
						return 0
					}
					return 2
				}
			})
		}),
	}
}

// Compares the way in which rules are evaluated here, rule by rule over all of the time, with Prometheus' own: groups
// that its rule manager evaluates one time after the other, on its own database. Samples must be the same, those that end
// series too, and so must be when alerts fire.
func verify(all []*tool) error {
	for _, s := range verified() {
		sim := simulate(s)
		for _, t := range all {
			files, err := t.files(s, s.first)
			if err != nil {
				return err
			}
			loaded, err := loadRules(files, t.interval(s.first))
			if err != nil {
				return err
			}
			for _, r := range loaded {
				r.always = true
			}
			eval := newEvaluation(newEngine(), sim.store, 0)
			if err := eval.run([]span{{from: epoch, to: epoch + s.length, rules: loaded, restart: true}}); err != nil {
				return err
			}
			samples, alerts, err := eval.compare(sim, loaded, files, t.interval(s.first))
			if err != nil {
				return fmt.Errorf("%s, %s: %w", s.name, t.name, err)
			}
			fmt.Printf("%s, %s: %d samples and the %d evaluations at which alerts fire are those of Prometheus' rule manager\n", s.name, t.name, samples, alerts)
		}
	}
	return nil
}

func (e *evaluation) compare(sim *simulation, loaded []*rule, files []string, unsaid int64) (samples, alerts int, err error) {
	folder, err := os.MkdirTemp("", "truth")
	if err != nil {
		return 0, 0, err
	}
	defer os.RemoveAll(folder)
	var names []string
	for i, text := range files {
		name := filepath.Join(folder, fmt.Sprintf("%d.yaml", i))
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			return 0, 0, err
		}
		names = append(names, name)
	}
	options := tsdb.DefaultOptions()
	options.MinBlockDuration, options.MaxBlockDuration = 2*day, 2*day
	db, err := tsdb.Open(filepath.Join(folder, "data"), nil, nil, options, nil)
	if err != nil {
		return 0, 0, err
	}
	defer db.Close()
	ctx := context.Background()
	manager := rules.NewManager(&rules.ManagerOptions{
		QueryFunc:    rules.EngineQueryFunc(newEngine(), db),
		AppendableV2: db,
		Queryable:    db,
		Context:      ctx,
		NotifyFunc:   func(context.Context, string, ...*rules.Alert) {},
		Logger:       slog.New(slog.DiscardHandler),
		Parser:       promParser,
	})
	groups, errs := manager.LoadGroups(time.Duration(unsaid)*time.Millisecond, labels.EmptyLabels(), "", nil, false, names...)
	if len(errs) > 0 {
		return 0, 0, errs[0]
	}
	type tick struct {
		at    int64
		group *rules.Group
	}
	phases := map[string]*rule{}
	for _, r := range loaded {
		phases[r.group] = r
	}
	var ticks []tick
	for _, group := range groups {
		of := phases[group.Name()]
		for t := epoch + mod(of.phase-epoch, of.interval); t < epoch+sim.shape.length; t += of.interval {
			ticks = append(ticks, tick{t, group})
		}
		for _, r := range group.AlertingRules() {
			r.SetRestored(true)
		}
	}
	slices.SortFunc(ticks, func(a, b tick) int { return int(a.at - b.at) })
	scraped := sim.store.own()
	written := make([]int, len(scraped))
	for _, next := range ticks {
		appender := db.AppenderV2(ctx)
		for i, s := range scraped {
			for ; written[i] < len(s.times) && s.times[written[i]] <= next.at; written[i]++ {
				if _, err := appender.Append(0, s.labels, 0, s.times[written[i]], s.values[written[i]], nil, nil, storage.AppendV2Options{}); err != nil {
					return 0, 0, err
				}
			}
		}
		if err := appender.Commit(); err != nil {
			return 0, 0, err
		}
		next.group.Eval(ctx, time.UnixMilli(next.at))
		for _, r := range next.group.Rules() {
			if r.LastError() != nil {
				return 0, 0, fmt.Errorf("%s: %w", r.Name(), r.LastError())
			}
		}
	}
	theirs, err := allOf(db, sim)
	if err != nil {
		return 0, 0, err
	}
	for _, ours := range e.store.own() {
		key := ours.labels.String()
		other, ok := theirs[key]
		if !ok {
			return 0, 0, fmt.Errorf("%s is not there", key)
		}
		delete(theirs, key)
		if err := same(ours, other); err != nil {
			return 0, 0, fmt.Errorf("%s: %w", key, err)
		}
		samples += len(ours.times)
	}
	fired := map[string][]int64{}
	for key, s := range theirs {
		switch s.labels.Get(labels.MetricName) {
		case "ALERTS_FOR_STATE":
		case "ALERTS":
			if s.labels.Get("alertstate") == "firing" {
				for i, t := range s.times {
					if !value.IsStaleNaN(s.values[i]) {
						fired[s.labels.Get(labels.AlertName)] = append(fired[s.labels.Get(labels.AlertName)], t)
					}
				}
			}
		default:
			return 0, 0, fmt.Errorf("%s is not here", key)
		}
	}
	here := map[string][]int64{}
	for _, f := range e.fired {
		for t := f.from; t <= f.to; t += f.rule.interval {
			here[f.rule.Alert] = append(here[f.rule.Alert], t)
		}
	}
	for name := range fired {
		slices.Sort(fired[name])
	}
	for name := range here {
		slices.Sort(here[name])
	}
	for _, name := range append(sortedKeys(fired), sortedKeys(here)...) {
		if !slices.Equal(fired[name], here[name]) {
			return 0, 0, fmt.Errorf("%s fires at %d evaluations here, at %d there", name, len(here[name]), len(fired[name]))
		}
		alerts += len(here[name])
	}
	return samples, alerts / 2, nil
}

// All series of a database but those that were scraped.
func allOf(db *tsdb.DB, sim *simulation) (map[string]*series, error) {
	querier, err := db.Querier(0, math.MaxInt64)
	if err != nil {
		return nil, err
	}
	defer querier.Close()
	found := map[string]*series{}
	set := querier.Select(context.Background(), false, nil, labels.MustNewMatcher(labels.MatchNotEqual, labels.MetricName, ""))
	for set.Next() {
		one := &series{labels: set.At().Labels()}
		if sim.store.byName[one.labels.Get(labels.MetricName)] != nil {
			continue
		}
		iterator := set.At().Iterator(nil)
		for iterator.Next() == chunkenc.ValFloat {
			one.append(iterator.At())
		}
		if iterator.Err() != nil {
			return nil, iterator.Err()
		}
		found[one.labels.String()] = one
	}
	return found, set.Err()
}

func same(a, b *series) error {
	if !slices.Equal(a.times, b.times) {
		return fmt.Errorf("%d samples here, %d there", len(a.times), len(b.times))
	}
	for i := range a.values {
		x, y := a.values[i], b.values[i]
		if value.IsStaleNaN(x) != value.IsStaleNaN(y) || math.IsNaN(x) != math.IsNaN(y) || math.Abs(x-y) > 1e-9*max(math.Abs(x), 1) {
			return fmt.Errorf("%g here, %g there at %d", x, y, a.times[i]-epoch)
		}
	}
	return nil
}

var _ promql.QueryEngine = (*promql.Engine)(nil)
