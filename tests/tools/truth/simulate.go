package main

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
)

// All simulations begin at this moment, 1 January 2026.
const epoch = int64(1_767_225_600_000)

// The longest period of an SLO here.
const period = 30 * day

// A stretch is a part of the simulated time, in milliseconds since its beginning.
type stretch struct{ from, to int64 }

func (s stretch) has(t int64) bool { return s.from <= t && t < s.to }

func anyHas(list []stretch, t int64) bool {
	for _, s := range list {
		if s.has(t) {
			return true
		}
	}
	return false
}

// A pod is one process of the service: where it runs, from when to when, and when it is started anew with the same
// labels. Its counters begin at zero each time.
type pod struct {
	name     string
	life     stretch
	restarts []int64
}

// What a pod counts.
type counters struct{ total, bad uint64 }

// The events of a shape, counted: how many there were, and how many were bad, until each second.
type events struct {
	total, bad []uint64
}

func newEvents(seconds int64) events {
	return events{total: make([]uint64, seconds+1), bad: make([]uint64, seconds+1)}
}

// Adds what happens within a second.
func (e *events) add(now int64, total, bad uint64) {
	e.total[now+1] = e.total[now] + total
	e.bad[now+1] = e.bad[now] + bad
}

func (e *events) between(from, to int64) (total, bad float64) {
	last := int64(len(e.total) - 1)
	a := min(max(from/second, 0), last)
	b := min(max(to/second, 0), last)
	return float64(e.total[b] - e.total[a]), float64(e.bad[b] - e.bad[a])
}

// What Prometheus saw of a shape, and what there was to be seen.
type simulation struct {
	shape *shape
	store *store
	// All events, and those of them that a process was there to count.
	events, counted events
	// The events of each route, if there are any, over the same series.
	routes []*simulation
}

// Simulates a shape. The same shape always gives the same events.
func simulate(s *shape) *simulation {
	seconds := s.length / second
	sim := &simulation{shape: s, store: newStore(nil)}
	sim.events = newEvents(seconds)
	sim.counted = newEvents(seconds)
	for _, route := range s.routes {
		sim.routes = append(sim.routes, &simulation{shape: route, store: sim.store,
			events: newEvents(seconds), counted: newEvents(seconds)})
	}
	// Without routes, all of the traffic is one.
	parts := sim.routes
	if len(parts) == 0 {
		parts = []*simulation{sim}
	}

	hash := fnv.New64a()
	hash.Write([]byte(s.name))
	random := rand.New(rand.NewPCG(hash.Sum64(), 12))

	pods := s.pods()
	slices.SortFunc(pods, func(a, b pod) int { return int(a.life.from - b.life.from) })
	var alive []*process
	next := 0
	for now := int64(0); now < seconds; now++ {
		at := now * second
		for next < len(pods) && pods[next].life.from <= at {
			alive = append(alive, newProcess(sim, pods[next], next))
			next++
		}
		for i := 0; i < len(alive); {
			if p := alive[i]; at >= p.pod.life.to {
				p.end()
				alive = slices.Delete(alive, i, i+1)
			} else {
				i++
			}
		}
		// Scrapes see what happened until now.
		for _, p := range alive {
			p.scrapeUntil(at)
		}
		for part, of := range parts {
			total, bad, lost := uint64(0), uint64(0), uint64(0)
			count := round(of.shape.traffic(at), random)
			for i := uint64(0); i < count; i++ {
				// Requests go round the pods.
				if s.lost(at) || len(alive) == 0 {
					// Nobody is there to count them.
					lost++
					continue
				}
				p := alive[(uint64(now)+i)%uint64(len(alive))]
				isBad := random.Float64() < of.shape.failing(at, p.number) || p.now[part].total == 0 && s.bornFailing
				p.now[part].count(isBad)
				total++
				if isBad {
					bad++
				}
			}
			of.events.add(now, total+lost, bad+lost)
			of.counted.add(now, total, bad)
		}
	}
	for _, p := range alive {
		p.scrapeUntil(s.length)
	}
	sim.store.freeze()
	return sim
}

// A whole number whose mean is what is given.
func round(mean float64, random *rand.Rand) uint64 {
	whole := math.Floor(mean)
	if random.Float64() < mean-whole {
		whole++
	}
	return uint64(whole)
}

// A process is a pod with its counters and the series that Prometheus has of it.
type process struct {
	sim    *simulation
	pod    pod
	number int
	born   int64
	// What it counted of each route, or of all if there are none.
	now []counters
	// When it is scraped next.
	next   int64
	exists bool
	up     *series
	list   []*exposed
}

// An exposed series is one that the process offers.
type exposed struct {
	series *series
	route  int
	value  func(counters) uint64
	// When it begins.
	begins int64
	// Whether it is there from the first scrape on, not only when it first has a value.
	always bool
	there  bool
}

func newProcess(sim *simulation, p pod, number int) *process {
	whole := sim.shape
	new := &process{sim: sim, pod: p, number: number, born: p.life.from}
	// Each target has its own moment in the interval.
	new.next = p.life.from + mod(int64(1_300+number*2_713)-p.life.from, whole.scrape)
	parts := whole.routes
	if len(parts) == 0 {
		parts = []*shape{whole}
	}
	new.now = make([]counters, len(parts))
	part := 0
	add := func(name string, value func(counters) uint64, always bool, more ...string) {
		if route := parts[part].route; route != "" {
			more = append(more, "route", route)
		}
		set := labels.FromStrings(append([]string{labels.MetricName, name, "job", "api", "instance", p.name}, more...)...)
		added := &exposed{series: &series{labels: set}, route: part, value: value, always: always, begins: parts[part].begins}
		new.list = append(new.list, added)
		sim.store.add(added.series)
	}
	good := func(c counters) uint64 { return c.total - c.bad }
	all := func(c counters) uint64 { return c.total }
	for part = range parts {
		if whole.latency {
			add("http_request_duration_seconds_bucket", good, true, "le", whole.bucket)
			add("http_request_duration_seconds_bucket", all, true, "le", "+Inf")
			add("http_request_duration_seconds_count", all, true)
		} else {
			add("http_requests_total", good, !whole.lazyTotal, "status", "200")
			add("http_requests_total", func(c counters) uint64 { return c.bad }, !whole.lazyErrors, "status", "500")
		}
	}
	new.up = &series{labels: labels.FromStrings(labels.MetricName, "up", "job", "api", "instance", p.name)}
	sim.store.add(new.up)
	return new
}

func (c *counters) count(bad bool) {
	c.total++
	if bad {
		c.bad++
	}
}

// Scrapes until a time: Prometheus gets samples, or marks all series as stale where the target does not answer, or is
// not there itself.
func (p *process) scrapeUntil(now int64) {
	shape := p.sim.shape
	for len(p.pod.restarts) > 0 && p.pod.restarts[0] <= now {
		if p.next < p.pod.restarts[0] {
			break
		}
		clear(p.now)
		p.born = p.pod.restarts[0]
		p.pod.restarts = p.pod.restarts[1:]
	}
	for ; p.next <= now; p.next += shape.scrape {
		if p.next >= shape.length || anyHas(shape.down, p.next) {
			continue
		}
		at := epoch + p.next
		if anyHas(shape.unscraped, p.next) || shape.lost(p.next) {
			p.up.append(at, 0)
			p.stale(at)
			continue
		}
		p.up.append(at, 1)
		for _, e := range p.list {
			count := e.value(p.now[e.route])
			if count == 0 && !e.always || p.next < e.begins {
				if e.there {
					e.series.append(at, math.Float64frombits(value.StaleNaN))
					e.there = false
				}
				continue
			}
			if !e.there && shape.created && len(e.series.times) == 0 {
				// What Prometheus adds where a process says since when it counts.
				e.series.append(epoch+p.born, 0)
			}
			e.there = true
			e.series.append(at, float64(count))
		}
	}
}

func (p *process) stale(at int64) {
	for _, e := range p.list {
		if e.there {
			e.series.append(at, math.Float64frombits(value.StaleNaN))
			e.there = false
		}
	}
}

func (p *process) end() {
	p.scrapeUntil(p.pod.life.to - 1)
	at := epoch + p.next
	if anyHas(p.sim.shape.down, p.next) || p.next >= p.sim.shape.length {
		return
	}
	p.stale(at)
	p.up.append(at, math.Float64frombits(value.StaleNaN))
}

func podName(i int) string { return fmt.Sprintf("api-%d", i) }
