package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

const (
	second = int64(1000)
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
	// How far back an instant selector looks.
	lookback = 5 * minute
)

func newEngine() *promql.Engine {
	return promql.NewEngine(promql.EngineOpts{
		MaxSamples:               math.MaxInt32,
		Timeout:                  time.Hour,
		LookbackDelta:            time.Duration(lookback) * time.Millisecond,
		EnableAtModifier:         true,
		EnableNegativeOffset:     true,
		NoStepSubqueryIntervalFn: func(int64) int64 { return defaultInterval.Milliseconds() },
		Parser:                   promParser,
	})
}

// A span is a stretch of time in which Prometheus runs one set of rules.
type span struct {
	from, to int64
	rules    []*rule
	// Whether Prometheus was started at its beginning, not only told to load other rules.
	restart bool
}

// An evaluation is what one tool's rules make of a traffic shape.
type evaluation struct {
	engine *promql.Engine
	store  *store
	// How long samples are kept; 0 is for ever.
	retention int64
	// The series that each rule gave last, by the rule's key.
	active map[string]map[string]*series
	// The state of alerts, by the rule's key.
	pending map[string]map[string]*pending
	fired   []*firing
	// All rules there were.
	rules []*rule
	made  map[string]*series
}

type pending struct {
	since, until, last int64
	firing             *firing
}

// A firing is an alert that fired from one time to another.
type firing struct {
	rule *rule
	// The route in its labels, of an alert by group.
	route    string
	from, to int64
}

func newEvaluation(engine *promql.Engine, base *store, retention int64) *evaluation {
	return &evaluation{
		engine:    engine,
		store:     newStore(base),
		retention: retention,
		active:    map[string]map[string]*series{},
		pending:   map[string]map[string]*pending{},
		made:      map[string]*series{},
	}
}

// Evaluates all rules over all spans.
//
// A rule reads only what stands before it, so it can be evaluated for all of a span in one query, after the rules that
// it reads: the result is that of the groups' evaluations one after the other, and `truth verify` shows that it is.
func (e *evaluation) run(spans []span) error {
	for _, s := range spans {
		e.rules = append(e.rules, s.rules...)
		if s.restart {
			// What was there at the end of a process gets no staleness marker.
			clear(e.active)
		} else {
			e.endGone(s)
		}
		forget := map[*rule]func(){}
		for _, r := range s.rules {
			if r.isClock && r.always {
				var err error
				if forget[r], err = e.tick(r, s); err != nil {
					return fmt.Errorf("%s: %w", r.name(), err)
				}
			}
		}
		for _, r := range s.rules {
			if !r.always {
				continue
			}
			if forget[r] != nil {
				forget[r]()
			}
			if err := e.evaluate(r, s); err != nil {
				return fmt.Errorf("%s: %w", r.name(), err)
			}
		}
	}
	return nil
}

// Records that a rule has some value whenever it is evaluated, for rules that read only when that was. What is recorded is
// forgotten before the rule itself is evaluated.
func (e *evaluation) tick(r *rule, s span) (func(), error) {
	key := r.key()
	before := map[string]*series{}
	for name, one := range e.active[key] {
		before[name] = one
	}
	_, target := e.target(r, labels.EmptyLabels())
	length := len(target.times)
	ticking := *r
	ticking.Expr = "vector(0)"
	ticking.later = nil
	if err := e.evaluate(&ticking, s); err != nil {
		return nil, err
	}
	return func() {
		target.times, target.values = target.times[:length], target.values[:length]
		e.active[key] = before
	}, nil
}

// Marks as stale what rules gave that are no longer there.
func (e *evaluation) endGone(s span) {
	kept := map[string]bool{}
	for _, r := range s.rules {
		kept[r.key()] = true
	}
	for key, active := range e.active {
		if kept[key] {
			continue
		}
		for _, gone := range active {
			gone.append(s.from, math.Float64frombits(value.StaleNaN))
		}
		delete(e.active, key)
	}
	for key := range e.pending {
		if !kept[key] {
			delete(e.pending, key)
		}
	}
}

func (e *evaluation) evaluate(r *rule, s span) error {
	from := s.from + mod(r.phase-s.from, r.interval)
	// The window is read anew for every chunk, and series that have nothing in it cost nothing.
	chunk := max(2*hour, 4*r.back)
	if e.retention > 0 {
		// What is deleted is deleted at the beginning of each chunk.
		chunk = min(chunk, 6*hour)
	}
	steps := chunk / r.interval
	if len(r.later) > 0 {
		steps = 1
	}
	keeper := e.keeper(r, s)
	for start := from; start < s.to; start += steps * r.interval {
		end := min(start+(steps-1)*r.interval, from+(s.to-1-from)/r.interval*r.interval)
		e.store.oldest = 0
		if e.retention > 0 {
			e.store.oldest = start - e.retention
		}
		e.store.hidden, e.store.from = r.later, start
		matrix, err := e.query(r.Expr, start, end, r.interval)
		if err != nil {
			return err
		}
		keeper.take(matrix, start, end)
	}
	e.store.oldest, e.store.hidden = 0, nil
	keeper.done()
	return nil
}

func mod(a, b int64) int64 { return ((a % b) + b) % b }

func (e *evaluation) query(expr string, start, end, step int64) (promql.Matrix, error) {
	query, err := e.engine.NewRangeQuery(context.Background(), e.store, nil, expr, time.UnixMilli(start), time.UnixMilli(end), time.Duration(step)*time.Millisecond)
	if err != nil {
		return nil, err
	}
	defer query.Close()
	result := query.Exec(context.Background())
	if result.Err != nil {
		return nil, result.Err
	}
	matrix, err := result.Matrix()
	if err != nil {
		return nil, err
	}
	// The engine takes the points back when the query is closed.
	kept := make(promql.Matrix, len(matrix))
	for i, s := range matrix {
		if len(s.Histograms) > 0 {
			return nil, fmt.Errorf("%s gives histograms", expr)
		}
		kept[i] = promql.Series{Metric: s.Metric, Floats: append([]promql.FPoint(nil), s.Floats...)}
	}
	return kept, nil
}

// A keeper takes what a rule gives, chunk by chunk.
type keeper interface {
	take(matrix promql.Matrix, start, end int64)
	done()
}

func (e *evaluation) keeper(r *rule, s span) keeper {
	if r.Record != "" {
		return &recorder{evaluation: e, rule: r, last: e.active[r.key()]}
	}
	return newWatcher(e, r, s)
}

// A recorder writes samples, and staleness markers where a series ends.
type recorder struct {
	evaluation *evaluation
	rule       *rule
	last       map[string]*series
}

func (w *recorder) take(matrix promql.Matrix, start, end int64) {
	next := map[string]*series{}
	for _, result := range matrix {
		if len(result.Floats) == 0 {
			continue
		}
		key, target := w.evaluation.target(w.rule, result.Metric)
		_, was := w.last[key]
		at := start
		for _, point := range result.Floats {
			if was && point.T > at {
				target.append(at, math.Float64frombits(value.StaleNaN))
			}
			target.append(point.T, point.F)
			was, at = true, point.T+w.rule.interval
		}
		if at <= end {
			target.append(at, math.Float64frombits(value.StaleNaN))
		} else {
			next[key] = target
		}
		delete(w.last, key)
	}
	for _, gone := range w.last {
		gone.append(start, math.Float64frombits(value.StaleNaN))
	}
	w.last = next
}

func (w *recorder) done() { w.evaluation.active[w.rule.key()] = w.last }

// The series that a rule records a result to.
func (e *evaluation) target(r *rule, metric labels.Labels) (string, *series) {
	builder := labels.NewBuilder(metric)
	builder.Set(labels.MetricName, r.Record)
	for name, text := range r.Labels {
		builder.Set(name, text)
	}
	set := builder.Labels()
	key := set.String()
	target, ok := e.made[key]
	if !ok {
		target = &series{labels: set}
		e.made[key] = target
		e.store.add(target)
	}
	return key, target
}

// A watcher runs the states of an alert's instances: pending, firing, kept firing.
type watcher struct {
	evaluation *evaluation
	rule       *rule
	hold, keep int64
	states     map[string]*pending
}

// How long an outage of Prometheus may be for pending alerts to be restored, and how long it then waits at least.
const (
	outageTolerance = hour
	graceTime       = 10 * minute
)

func newWatcher(e *evaluation, r *rule, s span) *watcher {
	states := e.pending[r.key()]
	if states == nil {
		states = map[string]*pending{}
	}
	hold := time.Duration(r.For).Milliseconds()
	if s.restart {
		start := s.from + mod(r.phase-s.from, r.interval)
		for key, state := range states {
			waited := state.last - state.since
			switch {
			case start-state.last > outageTolerance:
				delete(states, key)
			case waited >= hold:
			case hold < graceTime:
				delete(states, key)
			case hold-waited < graceTime:
				state.since = start + graceTime - hold
			default:
				state.since += start - state.last
			}
		}
	}
	return &watcher{evaluation: e, rule: r, hold: hold, keep: time.Duration(r.KeepFiringFor).Milliseconds(), states: states}
}

func (w *watcher) take(matrix promql.Matrix, start, end int64) {
	at := make([]int, len(matrix))
	keys := make([]string, len(matrix))
	for i, result := range matrix {
		keys[i] = result.Metric.String()
	}
	for t := start; t <= end; t += w.rule.interval {
		for i, result := range matrix {
			if at[i] >= len(result.Floats) || result.Floats[at[i]].T != t {
				continue
			}
			at[i]++
			state, ok := w.states[keys[i]]
			if !ok {
				state = &pending{since: t}
				w.states[keys[i]] = state
			}
			state.last, state.until = t, t
			if t-state.since >= w.hold {
				if state.firing == nil {
					state.firing = &firing{rule: w.rule, route: result.Metric.Get("route"), from: t}
					w.evaluation.fired = append(w.evaluation.fired, state.firing)
				}
				state.firing.to = t
			}
		}
		for key, state := range w.states {
			if state.last == t {
				continue
			}
			if state.firing != nil && t-state.until <= w.keep {
				state.firing.to = t
				continue
			}
			delete(w.states, key)
		}
	}
}

func (w *watcher) done() { w.evaluation.pending[w.rule.key()] = w.states }

// Evaluates at one time the rules that are not evaluated all the time, and reads a series: its value, or not a number
// where there is none.
func (e *evaluation) read(rules []*rule, at int64, expr string) (float64, error) {
	scratch := newStore(e.store)
	if e.retention > 0 {
		scratch.oldest = at - e.retention
	}
	for _, r := range rules {
		if r.always || r.Record == "" {
			continue
		}
		vector, err := e.instant(scratch, r.expr, at)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", r.name(), err)
		}
		for _, sample := range vector {
			builder := labels.NewBuilder(sample.Metric)
			builder.Set(labels.MetricName, r.Record)
			for name, text := range r.Labels {
				builder.Set(name, text)
			}
			scratch.add(&series{labels: builder.Labels(), times: []int64{at}, values: []float64{sample.F}})
		}
	}
	parsed, err := promParser.ParseExpr(expr)
	if err != nil {
		return 0, err
	}
	vector, err := e.instant(scratch, parsed, at)
	if err != nil || len(vector) == 0 {
		return math.NaN(), err
	}
	if len(vector) > 1 {
		return 0, fmt.Errorf("%s gives %d series", expr, len(vector))
	}
	return vector[0].F, nil
}

func (e *evaluation) instant(from *store, expr parser.Expr, at int64) (promql.Vector, error) {
	query, err := e.engine.NewInstantQuery(context.Background(), from, nil, expr.String(), time.UnixMilli(at))
	if err != nil {
		return nil, err
	}
	defer query.Close()
	result := query.Exec(context.Background())
	if result.Err != nil {
		return nil, result.Err
	}
	switch found := result.Value.(type) {
	case promql.Vector:
		return append(promql.Vector(nil), found...), nil
	case promql.Scalar:
		return promql.Vector{{T: at, F: found.V}}, nil
	default:
		return nil, fmt.Errorf("%s gives a %s", expr, result.Value.Type())
	}
}
