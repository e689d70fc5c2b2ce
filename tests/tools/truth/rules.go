package main

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sort"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

// How often Prometheus evaluates what does not say so itself, where its own settings do not.
const defaultInterval = time.Minute

var promParser = parser.NewParser(parser.Options{})

// A rule, and what of it must be known to evaluate it in its place.
type rule struct {
	rulefmt.Rule
	group    string
	interval int64
	// When in each interval it is evaluated, in milliseconds.
	phase int64
	expr  parser.Expr
	// What it selects, and what of it over a range, not only the latest sample.
	reads, ranges []*parser.VectorSelector
	// The longest time that it looks back.
	back int64
	// What of it later rules of its own group record, so that it sees what the evaluation before recorded.
	later map[string]bool
	// What of it only says when a rule was evaluated last.
	clocks map[*parser.VectorSelector]bool
	// Whether a rule that it reads reads it as a clock, so that its times must be known before its values.
	isClock bool
	// Whether it must be evaluated all the time: an alert that is judged, and what that reads, and what anything
	// reads more than the latest sample of.
	always bool
}

func (r *rule) name() string {
	if r.Record != "" {
		return r.Record
	}
	return r.Alert
}

func (r *rule) key() string {
	set := labels.FromMap(r.Labels)
	return r.name() + set.String()
}

// Reads rule files, and puts their rules into an order in which each stands after those that it reads. Groups that say
// no interval have the one given.
func loadRules(files []string, unsaid int64) ([]*rule, error) {
	var rules []*rule
	group := int64(0)
	for _, text := range files {
		groups, errs := rulefmt.Parse([]byte(text), false, model.UTF8Validation, promParser, slog.New(slog.DiscardHandler))
		if len(errs) > 0 {
			return nil, errors.Join(errs...)
		}
		for _, g := range groups.Groups {
			interval := time.Duration(g.Interval)
			if interval == 0 {
				interval = time.Duration(unsaid) * time.Millisecond
			}
			// Prometheus spreads groups over their interval by a hash; here no two are evaluated at one moment, so
			// what stands before what is never in doubt.
			phase := (1_001 + 3_307*group) % interval.Milliseconds()
			group++
			for _, r := range g.Rules {
				expr, err := promParser.ParseExpr(r.Expr)
				if err != nil {
					return nil, err
				}
				read := &rule{Rule: r, group: g.Name, interval: interval.Milliseconds(), phase: phase, expr: expr, later: map[string]bool{}, clocks: map[*parser.VectorSelector]bool{}}
				read.look()
				rules = append(rules, read)
			}
		}
	}
	return order(rules)
}

// Notes what the rule reads.
func (r *rule) look() {
	parser.Inspect(r.expr, func(node parser.Node, path []parser.Node) error {
		selector, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		back, isRange := selector.OriginalOffset, false
		for _, above := range path {
			switch above := above.(type) {
			case *parser.MatrixSelector:
				back, isRange = back+above.Range, true
			case *parser.SubqueryExpr:
				back, isRange = back+above.Range+above.OriginalOffset, true
			case *parser.Call:
				if above.Func.Name == "timestamp" {
					r.clocks[selector] = true
				}
			}
		}
		r.reads = append(r.reads, selector)
		if isRange {
			r.ranges = append(r.ranges, selector)
		}
		r.back = max(r.back, back.Milliseconds())
		return nil
	})
}

// Whether the rule may record what a selector selects: the name is the same, and none of its own labels says otherwise.
func (r *rule) feeds(selector *parser.VectorSelector) bool {
	if r.Record == "" || r.Record != selector.Name {
		return false
	}
	for _, matcher := range selector.LabelMatchers {
		if text, ok := r.Labels[matcher.Name]; ok && !matcher.Matches(text) {
			return false
		}
	}
	return true
}

// A stable order in which every rule stands after the rules that record what it reads. Rules that read each other in a
// circle are an error.
func order(rules []*rule) ([]*rule, error) {
	makers := map[string][]*rule{}
	for _, r := range rules {
		if r.Record != "" {
			makers[r.Record] = append(makers[r.Record], r)
		}
	}
	position := map[*rule]int{}
	for i, r := range rules {
		position[r] = i
	}
	var ordered []*rule
	state := map[*rule]int{}
	// Whether a rule reads the values of another one, directly or not.
	reads := func(from, wanted *rule) bool {
		seen := map[*rule]bool{}
		var search func(r *rule) bool
		search = func(r *rule) bool {
			if r == wanted || seen[r] {
				return r == wanted
			}
			seen[r] = true
			for _, selector := range r.reads {
				for _, maker := range makers[selector.Name] {
					if !r.clocks[selector] && maker.feeds(selector) && search(maker) {
						return true
					}
				}
			}
			return false
		}
		return search(from)
	}
	var visit func(r *rule) error
	visit = func(r *rule) error {
		switch state[r] {
		case 1:
			return fmt.Errorf("%s reads what reads it", r.name())
		case 2:
			return nil
		}
		state[r] = 1
		for _, selector := range r.reads {
			for _, maker := range makers[selector.Name] {
				if !maker.feeds(selector) {
					continue
				}
				if maker.group == r.group && position[maker] >= position[r] {
					r.later[selector.Name] = true
				}
				if r.clocks[selector] && reads(maker, r) {
					maker.isClock = true
					continue
				}
				if err := visit(maker); err != nil {
					return err
				}
			}
		}
		state[r] = 2
		ordered = append(ordered, r)
		return nil
	}
	for _, r := range rules {
		if err := visit(r); err != nil {
			return nil, err
		}
	}
	return ordered, nil
}

// Marks what has to be evaluated all the time, where only some of the alerts are judged.
func markAlways(rules []*rule, judged func(*rule) bool) {
	var needed []*parser.VectorSelector
	for _, r := range rules {
		needed = append(needed, r.ranges...)
	}
	isNeeded := func(r *rule) bool {
		return slices.ContainsFunc(needed, r.feeds)
	}
	// Rules stand after what they read, so going backwards each is marked before what it reads is looked at.
	for _, r := range slices.Backward(rules) {
		r.always = r.Alert != "" && judged(r) || isNeeded(r)
		if r.always {
			needed = append(needed, r.reads...)
		}
	}
}

func sortedKeys[V any](set map[string]V) []string {
	keys := make([]string, 0, len(set))
	for key := range set {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
