package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
)

// A row is what a shape gave.
type row struct {
	shape *shape
	// The true value, or not a number where there is none.
	truth float64
	// What each tool says, and how its alerts did.
	said []float64
	// What the other tools say, as a page says it, where they are not evaluated.
	cells []string
	// How the pages of each tool did, and the tickets of ours.
	pages, tickets []verdict
	// What fired without need, or did not fire, in words.
	remarks []string
}

// The relative error of what a tool says.
func (r *row) off(tool int) float64 { return r.said[tool]/r.truth - 1 }

// Evaluates the rules of all tools over a shape; where a page says what the others give, only ours. There is a row for each route
// of the shape, or one if it has none.
func runShape(s *shape, all []*tool, kept []*keptRow) ([]*row, error) {
	sim := simulate(s)
	parts := sim.routes
	if len(parts) == 0 {
		parts = []*simulation{sim}
	}
	var rows []*row
	for _, part := range parts {
		rows = append(rows, &row{shape: part.shape, truth: part.truth()})
	}
	if kept != nil {
		all = all[:1]
	}
	for i, t := range all {
		eval, spans, err := sim.evaluate(t, i == 0)
		if err != nil {
			return nil, fmt.Errorf("%s, %s: %w", s.name, t.name, err)
		}
		for number, part := range parts {
			if err := rows[number].add(part, t, eval, spans[len(spans)-1].rules, i == 0); err != nil {
				return nil, fmt.Errorf("%s, %s: %w", part.shape.name, t.name, err)
			}
		}
	}
	for number, known := range kept {
		rows[number].take(known)
	}
	return rows, nil
}

// Adds what a tool says, and how its pages did; of ours, how its tickets did.
func (r *row) add(part *simulation, t *tool, eval *evaluation, rules []*rule, ours bool) error {
	read := t.share
	if part.shape.budget {
		read = t.spent
	}
	group := ""
	if part.shape.route != "" && t.grouped {
		group = fmt.Sprintf(`,route="%s"`, part.shape.route)
	}
	said, err := eval.read(rules, epoch+part.shape.length-second, strings.ReplaceAll(read, "$group", group))
	if err != nil {
		return err
	}
	r.said = append(r.said, said)
	pages, remarks := part.verdict(t, eval, t.pages, true)
	r.pages = append(r.pages, pages)
	if ours {
		r.remarks = append(r.remarks, remarks...)
		tickets, remarks := part.verdict(t, eval, t.tickets, false)
		r.tickets = append(r.tickets, tickets)
		r.remarks = append(r.remarks, remarks...)
	}
	return nil
}

// The true value: the share of bad events over the period; of a young SLO, the share of the period's budget that is
// spent, where what is not known yet counts as nothing.
func (s *simulation) truth() float64 {
	if s.shape.unknown {
		return math.NaN()
	}
	begin, length := s.shape.windowAt(s.shape.length)
	from := max(begin, s.shape.knownFrom, s.shape.begins)
	total, bad := s.charged(s.events, from, s.shape.length)
	share := bad / total
	if s.shape.budget {
		part := float64(s.shape.length-max(from, 0)) / float64(length)
		return share * min(part, 1) / s.budget(s.shape.length)
	}
	return share
}

// The events of a time that are charged to the budget.
func (s *simulation) charged(counts events, from, to int64) (total, bad float64) {
	total, bad = counts.between(from, to)
	for _, e := range s.shape.excluded {
		if from, to := max(from, e.from), min(to, e.to); from < to {
			lostTotal, lostBad := counts.between(from, to)
			total, bad = total-lostTotal, bad-lostBad
		}
	}
	return total, bad
}

// How much of the budget is spent at a time.
func (s *simulation) spent(t int64) float64 {
	from, length := s.shape.windowAt(t)
	if s.shape.windowLength == 0 {
		burnt, _ := s.burn(t, period, s.budget(t), 0)
		return burnt
	}
	burnt, _ := s.burn(t, t-from, s.budget(t), 0)
	return burnt * float64(t-from) / float64(length)
}

func (s *simulation) budget(t int64) float64 {
	objective, err := strconv.ParseFloat(s.shape.setting(t).objective, 64)
	if err != nil {
		panic(err)
	}
	return math.Round((100-objective)*1e6) / 1e8
}

// Evaluates a tool's rules over a shape. Of ours, tickets are judged too.
func (s *simulation) evaluate(t *tool, tickets bool) (*evaluation, []span, error) {
	load := func(with setting) ([]*rule, error) {
		files, err := t.files(s.shape, with)
		if err != nil {
			return nil, err
		}
		rules, err := loadRules(files, t.interval(with))
		if err != nil {
			return nil, err
		}
		markAlways(rules, func(r *rule) bool { return tickets || t.isPage(r.Labels["severity"]) })
		return rules, nil
	}
	rules, err := load(s.shape.first)
	if err != nil {
		return nil, nil, err
	}
	spans := []span{{from: epoch, to: epoch + s.shape.length, rules: rules, restart: true}}
	cut := func(at, to int64, next []*rule, restart bool) {
		last := &spans[len(spans)-1]
		end := last.to
		last.to = epoch + at
		spans = append(spans, span{from: epoch + to, to: end, rules: next, restart: restart})
	}
	for _, d := range s.shape.down {
		cut(d.from, d.to, rules, true)
	}
	if s.shape.changeAt > 0 {
		next, err := load(s.shape.second)
		if err != nil {
			return nil, nil, err
		}
		cut(s.shape.changeAt, s.shape.changeAt, next, false)
	}
	eval := newEvaluation(newEngine(), s.store, s.shape.retention)
	return eval, spans, eval.run(spans)
}

// Judges the alerts of a tool that page, or those that do not.
func (s *simulation) verdict(t *tool, eval *evaluation, pairs []pair, pages bool) (verdict, []string) {
	var sum verdict
	var remarks []string
	judged := map[*firing]bool{}
	take := func(match func(*rule) bool) []stretch {
		var list []stretch
		for _, f := range eval.fired {
			// An alert without a route is one of the whole SLO.
			isOfGroup := f.route == "" || f.route == s.shape.route
			if isOfGroup && t.isPage(f.rule.Labels["severity"]) == pages && !judged[f] && match(f.rule) {
				judged[f] = true
				list = append(list, stretch{f.from - epoch, f.to - epoch + 1})
			}
		}
		return list
	}
	count := func(what string, fired, due, allowed []stretch, tolerance int64) {
		v := judge(fired, due, allowed, tolerance)
		sum.plus(v)
		if v.missing > 0 || v.wrong > 0 {
			remarks = append(remarks, fmt.Sprintf("%s: %d due, %d fired, %d missing, %d false; fired %s, due %s, allowed %s",
				what, v.due, v.fired, v.missing, v.wrong, spell(fired), spell(due), spell(allowed)))
		}
	}
	var due, allowed []stretch
	var late int64
	for _, p := range pairs {
		sure, possible := s.conditions(p, s.budget)
		if t.merged {
			due, allowed, late = append(due, s.due(p, sure)...), append(allowed, possible...), max(late, p.tolerance()+p.hold)
			continue
		}
		isOf := func(r *rule) bool {
			return either(r.Labels["long_window"], r.Labels["long"]) == duration(p.long) &&
				either(r.Labels["short_window"], r.Labels["short"]) == duration(p.short)
		}
		count("burn over "+duration(p.long), take(isOf), s.due(p, sure), possible, p.tolerance())
	}
	if t.merged {
		count("burn", take(func(*rule) bool { return true }), join(due, together), join(allowed, 0), late)
	}
	for _, share := range s.shares(eval, t, pages) {
		fired := take(func(r *rule) bool { return r.Labels["budget_consumed"] == share.text })
		count("budget "+share.text, fired, share.due, share.allowed, 15*minute)
	}
	isMissing := func(r *rule) bool {
		return strings.Contains(r.Alert, "Absent") && t.isPage(r.Labels["severity"]) == pages
	}
	if i := slices.IndexFunc(eval.rules, isMissing); i >= 0 || pages {
		// Where a tool has no such alert, it should have.
		hold := 10 * minute
		if i >= 0 {
			hold = time.Duration(eval.rules[i].For).Milliseconds()
		}
		var due, allowed []stretch
		for _, a := range s.absence(pages) {
			if s.shape.healthy && pages {
				continue
			}
			if a.to-a.from >= hold+5*minute {
				due = append(due, stretch{a.from, a.from + hold + 5*minute})
			}
			if a.to-a.from >= hold-minute {
				allowed = append(allowed, a)
			}
		}
		count("missing data", take(isMissing), due, allowed, 10*minute)
	}
	count("other alerts", take(func(*rule) bool { return true }), nil, nil, 0)
	return sum, remarks
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// A share of the budget at which an alert fires, and when it was due and allowed to.
type spentShare struct {
	text         string
	due, allowed []stretch
}

// The shares at which a tool's rules have alerts, that page or that do not.
func (s *simulation) shares(eval *evaluation, t *tool, pages bool) []spentShare {
	found := map[string]*rule{}
	for _, r := range eval.rules {
		if text := r.Labels["budget_consumed"]; text != "" && t.isPage(r.Labels["severity"]) == pages {
			found[text] = r
		}
	}
	var list []spentShare
	for _, text := range sortedKeys(found) {
		share, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
		if err != nil {
			panic(err)
		}
		hold := time.Duration(found[text].For).Milliseconds()
		var surely, possibly collector
		for t := int64(0); t <= s.shape.length; t += step {
			burnt := s.spent(t)
			surely.add(t, burnt >= share/100*1.02)
			possibly.add(t, burnt >= share/100*0.98)
		}
		one := spentShare{text: text, allowed: possibly.list}
		for _, c := range surely.list {
			if c.to-c.from >= hold+hour {
				one.due = append(one.due, c)
			}
		}
		one.due = join(one.due, together)
		list = append(list, one)
	}
	return list
}

// When Prometheus ran and had no sample of what the SLO counts: of a histogram, for pages, of the bucket at the threshold.
func (s *simulation) absence(bucket bool) []stretch {
	var present []stretch
	for _, list := range s.store.byName {
		for _, one := range list {
			if s.counts(one.labels, bucket) {
				present = append(present, presence(one)...)
			}
		}
	}
	present = join(present, 0)
	return allWithout(without(stretch{0, s.shape.length}, present), s.shape.down)
}

func (s *simulation) counts(set labels.Labels, bucket bool) bool {
	name := set.Get(labels.MetricName)
	switch {
	case s.shape.latency && bucket:
		return name == "http_request_duration_seconds_bucket" && set.Get("le") == "0.3"
	case s.shape.latency:
		return name == "http_request_duration_seconds_count"
	default:
		return name == "http_requests_total"
	}
}

func presence(one *series) []stretch {
	var list []stretch
	for i, t := range one.times {
		if value.IsStaleNaN(one.values[i]) {
			continue
		}
		end := t + lookback
		if i+1 < len(one.times) {
			end = min(end, one.times[i+1])
		}
		if n := len(list); n > 0 && list[n-1].to == t-epoch {
			list[n-1].to = end - epoch
			continue
		}
		list = append(list, stretch{t - epoch, end - epoch})
	}
	return list
}

func allWithout(list, others []stretch) []stretch {
	var left []stretch
	for _, s := range list {
		left = append(left, without(s, others)...)
	}
	return left
}

func sortStretches(list []stretch) []stretch {
	sorted := slices.Clone(list)
	slices.SortFunc(sorted, func(a, b stretch) int {
		if a.from != b.from {
			return int(a.from - b.from)
		}
		return int(a.to - b.to)
	})
	return sorted
}

func spell(list []stretch) string {
	var words []string
	for i, s := range list {
		if i == 6 {
			words = append(words, fmt.Sprintf("… %d", len(list)))
			break
		}
		words = append(words, fmt.Sprintf("%s+%s", duration(s.from/second*second), duration((s.to-s.from)/second*second)))
	}
	return "[" + strings.Join(words, " ") + "]"
}
