package main

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sort"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/annotations"
)

// A series is its samples, in order of time. Series that are scraped together share their times.
type series struct {
	labels labels.Labels
	times  []int64
	values []float64
}

func (s *series) append(t int64, v float64) {
	s.times = append(s.times, t)
	s.values = append(s.values, v)
}

// A store holds series in memory, and answers the engine's selects. What a base holds, which several stores share,
// it holds too.
//
// The engine does not know where samples come from, so what it gives, and what it counts as read, is the same as with
// a database on disk; a month of it is written and read in a fraction of the time.
type store struct {
	base   *store
	byName map[string][]*series
	// Of a store that no longer grows: of each name, the last time of the series so far, so that those that ended long
	// ago are not looked at.
	ended map[string][]int64
	// Samples before this time were deleted.
	oldest int64
	// Names of series of which samples from a time on are not there yet.
	hidden map[string]bool
	from   int64
}

// Says that nothing will be added. Series are in the order in which they begin.
func (s *store) freeze() {
	s.ended = map[string][]int64{}
	for name, list := range s.byName {
		list = slices.DeleteFunc(list, func(one *series) bool { return len(one.times) == 0 })
		slices.SortStableFunc(list, func(a, b *series) int { return cmp.Compare(a.times[0], b.times[0]) })
		s.byName[name] = list
		last := int64(math.MinInt64)
		for _, one := range list {
			last = max(last, one.times[len(one.times)-1])
			s.ended[name] = append(s.ended[name], last)
		}
	}
}

func newStore(base *store) *store {
	return &store{base: base, byName: map[string][]*series{}}
}

func (s *store) add(added *series) {
	name := added.labels.Get(labels.MetricName)
	s.byName[name] = append(s.byName[name], added)
}

// All series of this store, without those of its base.
func (s *store) own() []*series {
	var all []*series
	for _, list := range s.byName {
		all = append(all, list...)
	}
	return all
}

func (s *store) Querier(mint, maxt int64) (storage.Querier, error) {
	return &querier{store: s, mint: mint, maxt: maxt}, nil
}

type querier struct {
	store      *store
	mint, maxt int64
}

func (q *querier) Close() error { return nil }

func (q *querier) LabelValues(context.Context, string, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (q *querier) LabelNames(context.Context, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (q *querier) Select(_ context.Context, sorted bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	mint, maxt := q.mint, q.maxt
	if hints != nil {
		mint, maxt = max(mint, hints.Start), min(maxt, hints.End)
	}
	mint = max(mint, q.store.oldest)
	name := ""
	for _, matcher := range matchers {
		if matcher.Name == labels.MetricName && matcher.Type == labels.MatchEqual {
			name = matcher.Value
		}
	}
	if q.store.hidden[name] {
		maxt = min(maxt, q.store.from-1)
	}
	var found []*window
	for from := q.store; from != nil; from = from.base {
		if name != "" {
			list := from.byName[name]
			if ended := from.ended[name]; ended != nil {
				first, _ := slices.BinarySearch(ended, mint)
				beyond, _ := slices.BinarySearchFunc(list, maxt, func(one *series, t int64) int {
					return cmp.Compare(one.times[0], t+1)
				})
				list = list[min(first, beyond):beyond]
			}
			found = within(found, list, mint, maxt, matchers)
			continue
		}
		for _, list := range from.byName {
			found = within(found, list, mint, maxt, matchers)
		}
	}
	if sorted || name == "" {
		sort.Slice(found, func(i, j int) bool {
			return labels.Compare(found[i].series.labels, found[j].series.labels) < 0
		})
	}
	return &seriesSet{found: found, at: -1}
}

func within(found []*window, list []*series, mint, maxt int64, matchers []*labels.Matcher) []*window {
	for _, candidate := range list {
		count := len(candidate.times)
		if count == 0 || candidate.times[0] > maxt || candidate.times[count-1] < mint || !matches(candidate.labels, matchers) {
			continue
		}
		from, _ := slices.BinarySearch(candidate.times, mint)
		to, _ := slices.BinarySearch(candidate.times, maxt+1)
		if from < to {
			found = append(found, &window{series: candidate, from: from, to: to})
		}
	}
	return found
}

func matches(set labels.Labels, matchers []*labels.Matcher) bool {
	for _, matcher := range matchers {
		if !matcher.Matches(set.Get(matcher.Name)) {
			return false
		}
	}
	return true
}

type seriesSet struct {
	found []*window
	at    int
}

func (s *seriesSet) Next() bool                        { s.at++; return s.at < len(s.found) }
func (s *seriesSet) At() storage.Series                { return s.found[s.at] }
func (s *seriesSet) Err() error                        { return nil }
func (s *seriesSet) Warnings() annotations.Annotations { return nil }

// A window is the part of a series that a select asked for.
type window struct {
	series   *series
	from, to int
}

func (w *window) Labels() labels.Labels { return w.series.labels }

func (w *window) Iterator(chunkenc.Iterator) chunkenc.Iterator {
	return &iterator{times: w.series.times[w.from:w.to], values: w.series.values[w.from:w.to], at: -1}
}

type iterator struct {
	times  []int64
	values []float64
	at     int
}

func (i *iterator) Next() chunkenc.ValueType {
	i.at++
	if i.at >= len(i.times) {
		i.at = len(i.times)
		return chunkenc.ValNone
	}
	return chunkenc.ValFloat
}

func (i *iterator) Seek(t int64) chunkenc.ValueType {
	if i.at < 0 {
		i.at = 0
	}
	if i.at < len(i.times) && i.times[i.at] < t {
		skip, _ := slices.BinarySearch(i.times[i.at:], t)
		i.at += skip
	}
	if i.at >= len(i.times) {
		return chunkenc.ValNone
	}
	return chunkenc.ValFloat
}

func (i *iterator) At() (int64, float64) { return i.times[i.at], i.values[i.at] }
func (i *iterator) AtT() int64           { return i.times[i.at] }
func (i *iterator) AtST() int64          { return 0 }
func (i *iterator) Err() error           { return nil }

func (i *iterator) AtHistogram(*histogram.Histogram) (int64, *histogram.Histogram) {
	return 0, nil
}

func (i *iterator) AtFloatHistogram(*histogram.FloatHistogram) (int64, *histogram.FloatHistogram) {
	return 0, nil
}
