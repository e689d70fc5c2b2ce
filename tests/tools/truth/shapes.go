package main

import (
	"math/rand/v2"
)

// A shape is what traffic, time and the set-up do, the rules that watch it, and what must be read of it.
type shape struct {
	name string
	// What happens, for the page.
	text   string
	length int64
	// Events a second, and the share of them that a pod fails.
	traffic func(t int64) float64
	failing func(t int64, pod int) float64
	pods    func() []pod
	scrape  int64
	// When the target does not answer scrapes though it serves, when Prometheus does not run, and when the service
	// itself is gone, so that nobody counts the requests that fail.
	unscraped, down, gone []stretch
	// Whether series are there only from their first event on.
	lazyErrors, lazyTotal bool
	// Whether the first request of every process fails, and whether processes say since when they count.
	bornFailing, created bool
	// How long Prometheus keeps samples; 0 is longer than the period.
	retention int64
	// Whether the SLO is one of latency, and the bucket that the service has at or near the threshold.
	latency bool
	bucket  string
	// Two sets of rules, one after the other: the project's settings and objectives of each, and when the second is loaded.
	first, second setting
	changeAt      int64
	// Whether what is compared is the share of the budget that is spent, not the share of bad events.
	budget bool
	// Whether there is anything to be known: a row without it holds where nothing is said.
	unknown bool
	// Whether the target answers, and counts nothing yet because nobody asked.
	healthy bool
	// Whether errors that nobody can see consume so much budget that alerts on it are late.
	unseen bool
	// Whether it is a limit: others may be nearer to the truth than ours, which must only not say more than is true.
	limit bool
	// How far ours may be from the truth, as a part of it; why, where it is more than a hundredth.
	bound float64
	why   string
	// From when on anybody can know, where it is not from the beginning on.
	knownFrom int64
	// What the project says beside the SLO, which only nthc knows: exclusions, and when they apply.
	beside   string
	excluded []stretch
	// What the SLO says beside its objective, and the period of its calendar window: when it begins, and how long it is.
	window                    string
	windowStart, windowLength int64
	// The groups of the SLO, each a route with its own traffic and errors; none if the SLO has no groups.
	routes []*shape
	// The route of a group, and when its series begin.
	route  string
	begins int64
}

// A group of the SLO: requests to a route, and one of them in 2,000 that fails; all else is what is made of it. It is a row of
// its own.
func (s *shape) addRoute(route, text string, change func(*shape)) {
	s.routes = append(s.routes, newShape(s.name+", "+route, text, func(r *shape) {
		r.route, r.length = route, s.length
		change(r)
	}))
}

// From when on events count at a time, and how long the window is whose budget they consume.
func (s *shape) windowAt(t int64) (from, length int64) {
	if s.windowLength > 0 && t >= s.windowStart {
		return s.windowStart, s.windowLength
	}
	if s.windowLength > 0 {
		return s.windowStart - monthBefore, monthBefore
	}
	return t - period, period
}

// A setting is what the project says beside the SLO's indicator.
type setting struct {
	objective string
	interval  int64
	scrape    int64
}

func (s *shape) lost(t int64) bool { return anyHas(s.gone, t) }

// The settings that hold at a time.
func (s *shape) setting(t int64) setting {
	if s.changeAt > 0 && t >= s.changeAt {
		return s.second
	}
	return s.first
}

const month = 31 * day

// January, in which the simulations begin, ends an hour before midnight UTC in Berlin.
const (
	monthBefore = 31 * day
	monthTurns  = 31*day - hour
	monthLength = 28 * day
)

const weeklyMaintenance = `
exclude maintenance {
  from   = sun 02:00
  until  = sun 04:00
  zone   = "UTC"
  reason = "weekly maintenance"
  by     = api
}
`

const byRoute = `
    by = [route]
    group search { labels = { route = "/search" }  objective = 99% }
`

// A service with two pods, 20 requests a second, and one in 2,000 that fails; all else is what a shape makes of it.
func newShape(name, text string, change func(*shape)) *shape {
	s := &shape{
		name:    name,
		text:    text,
		length:  month,
		traffic: func(int64) float64 { return 20 },
		failing: func(int64, int) float64 { return 0.0005 },
		scrape:  15 * second,
		first:   setting{objective: "99.9", interval: 30 * second, scrape: 15 * second},
		bound:   0.01,
		bucket:  "0.3",
	}
	s.pods = func() []pod { return replicas(s.length, 2) }
	change(s)
	return s
}

func replicas(length int64, count int) []pod {
	var pods []pod
	for i := range count {
		pods = append(pods, pod{name: podName(i), life: stretch{0, length + day}})
	}
	return pods
}

// Two places, in each of which a new pod takes over from the last one.
func deploys(length, life int64) []pod {
	var pods []pod
	for place := range int64(2) {
		for from := -place * life / 2; from < length; from += life {
			pods = append(pods, pod{name: podName(len(pods)), life: stretch{max(from, 0), min(from+life, length+day)}})
		}
	}
	return pods
}

// Some of a list at random moments, each of a length.
func scattered(seed uint64, length int64, count int, each int64) []stretch {
	random := rand.New(rand.NewPCG(seed, 7))
	var list []stretch
	for i := range int64(count) {
		// One in each part, so that they are apart from each other.
		part := length / int64(count)
		from := i*part + random.Int64N(part-each)
		list = append(list, stretch{from, from + each})
	}
	return list
}

func clock(t int64) int64 { return mod(t, day) }

// A share that fails always, and another one at times.
func failing(always float64, at []stretch, then float64) func(int64, int) float64 {
	return func(t int64, _ int) float64 {
		if anyHas(at, t) {
			return then
		}
		return always
	}
}

// Fifty requests a second by day, one at night, and ramps of two hours between.
func dayAndNight(t int64) float64 {
	const night, ramp = 1.0, 2 * hour
	const noon = 50.0
	switch c := clock(t); {
	case c < 6*hour || c >= 22*hour:
		return night
	case c < 8*hour:
		return night + (noon-night)*float64(c-6*hour)/float64(ramp)
	case c >= 20*hour:
		return noon - (noon-night)*float64(c-20*hour)/float64(ramp)
	default:
		return noon
	}
}

const extrapolated = "PromQL extrapolates a counter by half a scrape interval at its start and end, as if events were evenly spaced. For a pod that lives for 5 min, that is 2.5% at each end, and errors are not evenly spaced."

func shapes() []*shape {
	incident := []stretch{{12*day + 3*hour, 12*day + 3*hour + 40*minute}}
	return []*shape{
		newShape("steady", "20 requests a second, 0.05% fail; once, 20% for 40 min", func(s *shape) {
			s.failing = failing(0.0005, incident, 0.2)
		}),
		newShape("day and night", "50 a second by day, 1 at night; at night 2% fail for 3 hours, by day 0.02%", func(s *shape) {
			s.traffic = dayAndNight
			s.failing = func(t int64, _ int) float64 {
				if c := clock(t); c >= hour && c < 4*hour {
					return 0.02
				}
				return 0.0002
			}
		}),
		newShape("bursts", "1 a second; 150 a second for 2 min about every 3 hours, in which 0.3% fail", func(s *shape) {
			bursts := scattered(3, month, 248, 2*minute)
			s.traffic = func(t int64) float64 {
				if anyHas(bursts, t) {
					return 150
				}
				return 1
			}
			s.failing = failing(0.0001, bursts, 0.003)
		}),
		newShape("one request a minute", "one request a minute; one of each day fails, 0.07%", func(s *shape) {
			s.traffic = func(t int64) float64 {
				if t/second%60 == 17 {
					return 1
				}
				return 0
			}
			// A minute of each day, hours from that of the next.
			random := rand.New(rand.NewPCG(5, 7))
			var single []stretch
			for d := range int64(31) {
				from := d*day + 4*hour + random.Int64N(16*60)*minute
				single = append(single, stretch{from, from + minute})
			}
			s.failing = failing(0, single, 1)
		}),
		newShape("business hours", "10 a second from 9 to 17 on working days, none else; 0.1% fail", func(s *shape) {
			s.traffic = func(t int64) float64 {
				if c := clock(t); t/day%7 < 5 && c >= 9*hour && c < 17*hour {
					return 10
				}
				return 0
			}
			s.failing = failing(0.001, nil, 0)
		}),
		newShape("counter resets", "each of two processes is started anew about every 50 min", func(s *shape) {
			s.pods = func() []pod {
				pods := replicas(s.length, 2)
				for i := range pods {
					for _, r := range scattered(uint64(20+i), month, 890, minute) {
						pods[i].restarts = append(pods[i].restarts, r.from)
					}
				}
				return pods
			}
		}),
		newShape("scrape gaps", "every day 31% fail for 15 min, in 10 of which nothing is scraped", func(s *shape) {
			s.failing = func(t int64, _ int) float64 {
				if c := clock(t); c >= 13*hour && c < 13*hour+15*minute {
					return 0.31
				}
				return 0.0001
			}
			for d := range int64(31) {
				from := d*day + 13*hour + 150*second
				s.unscraped = append(s.unscraped, stretch{from, from + 10*minute})
			}
		}),
		newShape("Prometheus is down", "Prometheus is down for 40 min each week, once while 10% of requests fail for 2 hours", func(s *shape) {
			for w := range int64(4) {
				from := w*7*day + 2*day + 10*hour + 17*second
				s.down = append(s.down, stretch{from, from + 40*minute})
			}
			from := 16*day + 9*hour + 30*minute
			s.failing = failing(0.0003, []stretch{{from, from + 2*hour}}, 0.1)
		}),
		newShape("Prometheus is down for 6 h", "Prometheus is down for 6 hours, in one of which 10% of requests fail", func(s *shape) {
			from := 16*day + 9*hour + 17*second
			s.down = []stretch{{from, from + 6*hour}}
			s.failing = failing(0.0003, []stretch{{from + 2*hour, from + 3*hour}}, 0.1)
			s.limit = true
		}),
		newShape("deploys, pods of 5 min", "two pods at a time, each of which lives for 5 min", func(s *shape) {
			s.pods = func() []pod { return deploys(s.length, 5*minute) }
			s.bound, s.why = 0.03, extrapolated
		}),
		newShape("deploys, pods of 1 h", "two pods at a time, each of which lives for an hour", func(s *shape) {
			s.pods = func() []pod { return deploys(s.length, hour) }
		}),
		newShape("deploys, pods of 24 h", "two pods at a time, each of which lives for a day", func(s *shape) {
			s.pods = func() []pod { return deploys(s.length, day) }
		}),
		newShape("two replicas, one fails", "one of two replicas fails 5% of its requests for 3 hours, the other none", func(s *shape) {
			at := stretch{20 * day, 20*day + 3*hour}
			s.failing = func(t int64, pod int) float64 {
				if pod == 0 && at.has(t) {
					return 0.05
				}
				return 0.0004
			}
		}),
		newShape("late metric", "the series of errors appears with the first error, after 5 days", func(s *shape) {
			s.lazyErrors = true
			s.failing = func(t int64, _ int) float64 {
				if t < 5*day {
					return 0
				}
				return 0.0006
			}
		}),
		newShape("no request yet", "the service answers scrapes; the first request comes after 2 days", func(s *shape) {
			s.lazyTotal, s.lazyErrors, s.healthy = true, true, true
			s.traffic = func(t int64) float64 {
				if t < 2*day {
					return 0
				}
				return 20
			}
		}),
		newShape("new SLO of 1 h", "service and SLO are an hour old; 0.05% fail", func(s *shape) {
			s.length, s.budget = hour, true
			s.bound = 0.08
			s.why = "Budgets are recorded every 3m, for events up to 1m ago: the last 4 min of an hour are not counted yet."
		}),
		newShape("new SLO of 1 d", "service and SLO are a day old; 0.05% fail", func(s *shape) {
			s.length, s.budget = day, true
		}),
		newShape("new SLO of 7 d", "service and SLO are 7 days old; 0.05% fail, once 5% for 30 min", func(s *shape) {
			s.length, s.budget = 7*day, true
			s.failing = failing(0.0005, []stretch{{3 * day, 3*day + 30*minute}}, 0.05)
		}),
		newShape("new SLO, early outage", "after 2 hours half of the requests fail for 10 min; a day later", func(s *shape) {
			s.length, s.budget = 26*hour, true
			s.traffic = func(int64) float64 { return 10 }
			s.failing = failing(0, []stretch{{2 * hour, 2*hour + 10*minute}}, 0.5)
		}),
		newShape("new SLO, errors at once", "in the first 10 min 3% fail, which are 0.7% of the budget; a day later", func(s *shape) {
			s.length, s.budget = day, true
			s.failing = failing(0.0003, []stretch{{0, 10 * minute}}, 0.03)
		}),
		newShape("objective changes", "after 20 days the objective is 99.5%, not 99.9%", func(s *shape) {
			s.budget = true
			s.second = setting{objective: "99.5", interval: 30 * second, scrape: 15 * second}
			s.changeAt = 20*day + 7*minute
			s.failing = failing(0.0005, incident, 0.2)
		}),
		newShape("rule interval changes", "after 26 days rules are evaluated each 2 min, not each 30 s; then more requests fail", func(s *shape) {
			s.second = setting{objective: "99.9", interval: 2 * minute, scrape: 15 * second}
			s.changeAt = 26*day + 7*minute
			s.failing = func(t int64, _ int) float64 {
				if t > 26*day {
					return 0.0009
				}
				return 0.0003
			}
		}),
		newShape("zero traffic", "no request at all", func(s *shape) {
			s.traffic = func(int64) float64 { return 0 }
			s.unknown = true
		}),
		newShape("total outage", "all requests fail for 2 hours", func(s *shape) {
			s.failing = failing(0.0002, []stretch{{15 * day, 15*day + 2*hour}}, 1)
		}),
		newShape("the service is gone", "the service is gone for 40 min, and nobody counts what fails", func(s *shape) {
			s.gone = []stretch{{15*day + 4*hour, 15*day + 4*hour + 40*minute}}
			s.bound = 0.7
			s.why = "No one counts requests to a service that is down. The missing-data alert pages."
		}),
		newShape("retention under the period", "Prometheus keeps 15 days, and the true value is of these", func(s *shape) {
			s.retention = 15 * day
			s.failing = func(t int64, _ int) float64 {
				// Before what is kept, by more than a block may be kept too long.
				if t < 14*day {
					return 0.0008
				}
				return 0.0003
			}
			s.knownFrom = month - 15*day
		}),
		newShape("pods born with errors", "pods of 5 min; the first request to each fails", func(s *shape) {
			s.pods = func() []pod { return deploys(s.length, 5*minute) }
			s.bornFailing = true
			s.traffic = func(int64) float64 { return 9 }
			s.failing = failing(0.0003, nil, 0)
			s.bound, s.unseen = 0.75, true
			s.why = "An error in a counter's first sample was counted at an unknown time, and PromQL only sees differences of samples. Initialize counters to 0, let Prometheus ingest created timestamps, or let processes live longer."
		}),
		newShape("pods born with errors, with created timestamps", "the same, and Prometheus adds a zero where a counter says when it was created", func(s *shape) {
			s.pods = func() []pod { return deploys(s.length, 5*minute) }
			s.bornFailing, s.created = true, true
			s.traffic = func(int64) float64 { return 9 }
			s.failing = failing(0.0003, nil, 0)
			s.bound, s.why = 0.03, extrapolated
		}),
		newShape("exclusions", "each Sunday, 50% fail in a maintenance of 2 hours, which is excluded; once, 20% for 40 min", func(s *shape) {
			s.beside = weeklyMaintenance
			for w := range int64(5) {
				from := w*7*day + 3*day + 2*hour
				s.excluded = append(s.excluded, stretch{from, from + 2*hour})
			}
			s.failing = func(t int64, _ int) float64 {
				switch {
				case anyHas(s.excluded, t):
					return 0.5
				case anyHas(incident, t):
					return 0.2
				}
				return 0.0005
			}
		}),
		newShape("calendar month", "after a month that consumes twice its budget, 9 days of the next one, in which 5% fail for 30 min", func(s *shape) {
			s.budget = true
			s.window = "calendar = month  zone = \"Europe/Berlin\""
			s.windowStart, s.windowLength = monthTurns, monthLength
			s.length = monthTurns + 9*day
			s.failing = func(t int64, _ int) float64 {
				from := monthTurns + 3*day
				switch {
				case t < monthTurns:
					return 0.002
				case t >= from && t < from+30*minute:
					return 0.05
				}
				return 0.0003
			}
		}),
		newShape("by route", "", func(s *shape) {
			s.window = byRoute
			s.addRoute("/cart", "grouped by route: 12 a second, 0.05% fail", func(r *shape) {
				r.traffic = func(int64) float64 { return 12 }
			})
			s.addRoute("/pay", "one a second, of which 10% fail for 90 min once", func(r *shape) {
				r.traffic = func(int64) float64 { return 1 }
				r.failing = failing(0.0005, []stretch{{20 * day, 20*day + 90*minute}}, 0.1)
			})
			s.addRoute("/search", "with its own objective of 99%: 3 a second, 0.4% fail", func(r *shape) {
				r.traffic = func(int64) float64 { return 3 }
				r.failing = failing(0.004, nil, 0)
				r.first.objective = "99"
			})
			s.addRoute("/refund", "a new route, 4 days old: 2 a second, 0.05% fail", func(r *shape) {
				r.begins, r.budget = 27*day, true
				r.traffic = func(t int64) float64 {
					if t < r.begins {
						return 0
					}
					return 2
				}
			})
		}),
		newShape("scrapes each 60 s", "targets are scraped once a minute; once, 20% fail for 40 min", func(s *shape) {
			s.scrape = 60 * second
			s.first.scrape, s.first.interval = 60*second, 60*second
			s.failing = failing(0.0005, incident, 0.2)
		}),
		newShape("latency", "0.04% take longer than 300 ms, by day and night", func(s *shape) {
			s.latency = true
			s.traffic = dayAndNight
			s.failing = failing(0.0004, nil, 0)
		}),
		newShape("missing bucket", "the histogram has no bucket at 300 ms", func(s *shape) {
			s.length = 2 * day
			s.latency, s.bucket = true, "0.25"
			s.unknown = true
		}),
	}
}
